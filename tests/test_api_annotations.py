"""Annotations: notes at dates of charts, made by whoever may ingest, changed by whoever may control."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.rest import annotations as rest
from data import retention
from data.desk import Desk
from data.schema import AuditEntry, Journal
from tests.support.api import Api, ago, without
from tests.support.nasty import BODIES, NOT_TEXT, bodies_with

ANNOTATIONS = "/api/annotations"
NOTE: dict[str, Any] = {"chart_id": "equity", "date": "2025-01-02T00:00:00Z", "text": "<b>=1+1</b> & more"}


def make(api: Api, **changes: Any) -> Any:
    return api.post(ANNOTATIONS, {**NOTE, **changes}, 201)["data"]


def on(api: Api, chart: str = "equity", **query: Any) -> list[Any]:
    content = api.get(f"{ANNOTATIONS}/{chart}", **query)["data"]
    rest.Annotations.model_validate_json(json.dumps(content))
    assert content["count"] == len(content["annotations"])
    found: list[Any] = content["annotations"]
    return found


def texts(api: Api, chart: str = "equity", **query: Any) -> list[str]:
    return [note["text"] for note in on(api, chart, **query)]


def test_an_annotation_is_read_back_as_it_was_sent(api: Api) -> None:
    made = make(api, type="NEWS", color="#ff8800", icon="bolt", bot="alpha")
    sent = {**NOTE, "date": "2025-01-02T00:00:00.000000Z", "type": "news", "color": "#ff8800", "icon": "bolt", "bot": "alpha"}
    assert without(made, "id", "user", "created_at", "updated_at") == sent
    assert made["created_at"] == made["updated_at"] > ago(minutes=1)
    assert "tests" in made["user"]
    assert on(api) == [made]
    plain = make(api)
    assert [plain[name] for name in ("type", "color", "icon", "bot")] == ["custom", None, None, "default"]


def test_each_chart_has_its_own_whatever_its_name(api: Api) -> None:
    charts = ("equity", "price/BTC%2FUSDT", "price/BTC/USDT 1h", "12", "ünï", "rules")
    for chart in charts:
        make(api, chart_id=chart.replace("%2F", "/"), text=chart)
    assert [texts(api, chart) for chart in charts] == [[chart] for chart in charts]
    assert on(api, "nobody/marked/this") == []
    assert on(api, "x" * 900) == []
    assert api.get(f"{ANNOTATIONS}/a%00b", 400)["error"]["fields"] == {"chart_id": "must not contain NUL"}


def test_they_come_newest_first_in_a_range_and_in_pages(api: Api) -> None:
    for day in (3, 1, 2, 2):
        make(api, date=f"2025-01-0{day}T00:00:00+00:00", text=f"{day}")
    assert texts(api) == ["3", "2", "2", "1"]
    assert texts(api, start="2025-01-02T00:00:00Z") == ["3", "2", "2"]
    assert texts(api, start="2025-01-02T01:00:00+01:00", end="2025-01-02T00:00:00Z") == ["2", "2"]
    assert texts(api, days=1) == []
    first = api.get(f"{ANNOTATIONS}/equity", limit=2)["data"]
    assert (first["count"], first["has_more"]) == (2, True)
    second = api.get(f"{ANNOTATIONS}/equity", limit=2, cursor=first["next_cursor"])["data"]
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert [note["id"] for page in (first, second) for note in page["annotations"]] == [1, 4, 3, 2]
    for name, value in (("limit", 1001), ("start", "yesterday"), ("bot", "alpha"), ("cursor", "eyJ")):
        assert list(api.get(f"{ANNOTATIONS}/equity", 400, **{name: value})["error"]["fields"]) == [name]


def test_a_change_changes_what_is_sent_and_null_empties(api: Api, desk: Desk) -> None:
    made = make(api, color="red", icon="bolt")
    path = f"{ANNOTATIONS}/{made['id']}"
    changed = api.patch(path, {"text": "other", "color": None, "date": "2025-01-05T00:00:00+01:00"})["data"]
    assert without(changed, "updated_at") == without(made, "updated_at") | {"text": "other", "color": None, "date": "2025-01-04T23:00:00.000000Z"}
    assert changed["updated_at"] > made["updated_at"]
    assert on(api) == [changed]
    head = desk.versions()
    assert api.patch(path, {"text": "other", "type": "Custom"})["data"] == changed
    assert desk.versions() == head
    nulls: list[dict[str, Any]] = [{name: None} for name in ("text", "date", "type")]
    for wrong in ({}, *nulls, {"chart_id": "other"}, {"bot": "alpha"}, {"type": "party"}, {"color": "url(x)"}):
        assert api.patch(path, wrong, 422)["error"]["code"] == "invalid_fields"
    assert on(api) == [changed]


def test_what_is_deleted_is_gone_and_given_back_once(api: Api, desk: Desk) -> None:
    made, kept = make(api), make(api, text="kept")
    path = f"{ANNOTATIONS}/{made['id']}"
    assert api.delete(path, Idempotency_Key="k")["data"] == made
    assert api.delete(path, Idempotency_Key="k")["data"] == made
    assert on(api) == [kept]
    for status in (api.delete(path, 404), api.patch(path, {"text": "x"}, 404), api.delete(f"{ANNOTATIONS}/{2**63 - 1}", 404)):
        assert status["error"]["code"] == "not_found"
    assert make(api)["id"] > made["id"] + 1  # its id is never given again
    with desk.store.read() as connection:
        entries = connection.execute(select(Journal.effect, Journal.body).where(Journal.kind == "annotation").order_by(Journal.id)).all()
        audited = connection.execute(select(AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "annotation.delete")).all()
    assert [effect for effect, _ in entries] == ["added", "added", "removed", "added"]
    assert entries[2].body == made
    assert [tuple(row) for row in audited] == [(made, None)]


def test_a_repeated_request_under_its_key_marks_once(api: Api) -> None:
    first = api.post(ANNOTATIONS, NOTE, 201, Idempotency_Key="k")
    assert api.post(ANNOTATIONS, NOTE, 201, Idempotency_Key="k") == first
    assert api.post(ANNOTATIONS, {**NOTE, "text": "x"}, 409, Idempotency_Key="k")["error"]["code"] == "conflict"
    assert len(on(api)) == 1


def test_who_may_ingest_marks_and_who_may_control_changes(api: Api, api_as: Callable[..., Api]) -> None:
    reader, bot, operator = api_as("read"), api_as("read", "ingest"), api_as("read", "ingest", "control", bot="alpha")
    assert reader.post(ANNOTATIONS, NOTE, 403)["error"]["code"] == "forbidden"
    foreign, own = make(bot), make(operator)
    assert (foreign["bot"], own["bot"]) == ("default", "alpha")
    assert len(on(reader)) == 2
    for caller, note in ((bot, own), (operator, foreign)):
        for refused in (caller.patch(f"{ANNOTATIONS}/{note['id']}", {"text": "x"}, 403), caller.delete(f"{ANNOTATIONS}/{note['id']}", 403)):
            assert refused["error"]["code"] == "forbidden"
    assert operator.post(ANNOTATIONS, {**NOTE, "bot": "beta"}, 403)["error"]["fields"] == {"bot": "this token may write for 'alpha' only"}
    assert operator.delete(f"{ANNOTATIONS}/{own['id']}")["data"] == own
    assert on(api) == [foreign]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_nasty_values_are_refused_each(api: Api) -> None:
    made = make(api)
    bodies = list(BODIES.values())
    bodies += [body for field in ("chart_id", "date", "text") for _, body in bodies_with(NOTE, field)]
    bodies += [
        json.dumps({**NOTE, field: value}).encode() for field in ("chart_id", "date", "text", "icon") for value in NOT_TEXT if value is not None
    ]
    bodies += [json.dumps({**NOTE, "text": "x" * 2001}).encode(), json.dumps({**NOTE, "date": ago(days=-2)}).encode(), json.dumps([NOTE]).encode()]
    for body in bodies:
        assert 400 <= api.send(ANNOTATIONS, body).status_code < 500, body[:100]
    assert on(api) == [made]


def test_retention_keeps_annotations_and_removing_the_demo_does_not(api: Api, desk: Desk) -> None:
    make(api, bot="demo-one")
    kept = make(api)
    retention.trim(desk.store, 1)
    assert len(on(api)) == 2
    api.post("/demo/remove")
    assert on(api) == [kept]
