"""Events: reported, read, filtered, cleared, exported."""

import csv
import io
import json
import random
from typing import Any

import pytest

import data.activity
from data.desk import Desk
from data.scope import ActivityExportScope, ActivityScope
from tests.support.api import EVENT, Api, ago, without


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def say(api: Api, *texts: str, **fields: Any) -> list[int]:
    return [api.post("/activity", {"event_type": "SYSTEM", "message": text, **fields}, 201)["event"]["id"] for text in texts]


def test_the_contracts_event_is_stored_as_it_stands(api: Api) -> None:
    made = api.post("/activity", EVENT, 201)["event"]
    assert isinstance(made["id"], int)
    assert without(made, "id") == {**EVENT, "bot": "default"}
    read = api.get("/activity")
    assert read["events"] == [made]
    assert read["count"] == 1


def test_what_need_not_be_sent_has_its_default(api: Api) -> None:
    event = api.post("/activity", {"event_type": "risk", "message": "m"}, 201)["event"]
    assert (event["severity"], event["event_type"], event["bot"], event["metadata"]) == ("INFO", "RISK", "default", {})
    assert ago(minutes=1) < event["timestamp"] < ago(minutes=-1)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_enumerations_are_taken_in_any_case(api: Api) -> None:
    for kind in ("order", "Strategy", "rIsK", "SYSTEM", "alert"):
        for severity in ("info", "Success", "WARNING", "eRRor", "critical"):
            event = api.post("/activity", {"event_type": kind, "message": "m", "severity": severity}, 201)["event"]
            assert (event["event_type"], event["severity"]) == (kind.upper(), severity.upper())
    assert api.get("/activity", event_type="rISK", severity="eRRor")["count"] == 1


def test_times_are_utc_with_microseconds_whatever_offset_they_came_with(api: Api) -> None:
    for sent, kept in (
        ("2026-01-22T20:30:15.123456Z", "2026-01-22T20:30:15.123456Z"),
        ("2026-01-22T20:30:15Z", "2026-01-22T20:30:15.000000Z"),
        ("2026-01-22T22:30:15+02:00", "2026-01-22T20:30:15.000000Z"),
        ("2026-01-22T14:00:15.5-06:30", "2026-01-22T20:30:15.500000Z"),
        ("2006-01-22T20:30:15Z", "2006-01-22T20:30:15.000000Z"),
        (ago(hours=-23.9), None),
    ):
        event = api.post("/activity", {"event_type": "SYSTEM", "message": sent, "timestamp": sent}, 201)["event"]
        assert event["timestamp"] == (kept or sent)
        assert event in api.get("/activity")["events"]


def test_times_that_cannot_be_are_refused_by_name(api: Api) -> None:
    for sent in (
        "2026-01-22T20:30:15",
        "2026-01-22",
        "yesterday",
        "",
        1769113815,
        1769113815.5,
        True,
        ["2026-01-22T20:30:15Z"],
        ago(hours=-24.1),
        "9999-12-31T23:59:59Z",
    ):
        answer = api.post("/activity", {"event_type": "SYSTEM", "message": "m", "timestamp": sent}, 422)
        assert list(answer["error"]["fields"]) == ["timestamp"], sent
    assert api.get("/activity")["count"] == 0


def test_events_come_newest_first_fifty_unless_told_otherwise(api: Api) -> None:
    api.batch(*({"kind": "event", "event_type": "SYSTEM", "message": f"{number}"} for number in range(1001)))
    assert messages(api.get("/activity")) == [f"{number}" for number in range(1000, 950, -1)]
    assert messages(api.get("/activity", limit=1)) == ["1000"]
    answer = api.get("/activity", limit=1000)
    assert answer["count"] == len(answer["events"]) == 1000


def test_parameters_outside_their_bounds_are_400_and_named(api: Api) -> None:
    for name, value in (
        ("limit", 0), ("limit", -1), ("limit", 1001), ("limit", "ten"), ("limit", "1.5"), ("limit", "true"), ("limit", 2**64), ("limit", ""),
        ("event_type", "NONE"), ("severity", "LOUD"), ("before_id", "x"), ("before_id", -1), ("after_id", 2**63), ("after_id", "1e3"),
        ("since", "yesterday"), ("since", "2026-01-22T20:30:15"), ("until", "NaN"), ("q", "x" * 201), ("q", "\0"), ("bot", ""), ("colour", "red"),
    ):  # fmt: skip  # a table
        answer = api.get("/activity", 400, **{name: value})
        assert list(answer["error"]["fields"]) == [name], (name, value)
    assert api.client.get("/api/monitoring/activity?limit=1&limit=2", headers=api.headers).status_code == 400


def test_each_filter_keeps_what_it_names_and_they_combine(api: Api) -> None:
    for kind, severity, bot, text in (
        ("ORDER", "INFO", "alpha", "bought 100% of it"),
        ("ORDER", "ERROR", "beta", "Could not BUY"),
        ("RISK", "ERROR", "alpha", "limit_reached"),
    ):
        api.post("/activity", {"event_type": kind, "severity": severity, "bot": bot, "message": text}, 201)
    assert messages(api.get("/activity", event_type="ORDER")) == ["Could not BUY", "bought 100% of it"]
    assert messages(api.get("/activity", severity="error")) == ["limit_reached", "Could not BUY"]
    assert messages(api.get("/activity", bot="alpha")) == ["limit_reached", "bought 100% of it"]
    assert messages(api.get("/activity", bot="alpha", severity="ERROR", event_type="risk")) == ["limit_reached"]
    assert messages(api.get("/activity", q="buy")) == ["Could not BUY"]
    assert messages(api.get("/activity", q="%")) == ["bought 100% of it"]
    assert messages(api.get("/activity", q="_")) == ["limit_reached"]
    assert api.get("/activity", bot="nobody")["events"] == []


def test_since_and_until_hold_the_records_own_time(api: Api) -> None:
    for day in (1, 2, 3):
        say(api, f"day {day}", timestamp=f"2026-01-0{day}T12:00:00Z")
    assert messages(api.get("/activity", since="2026-01-02T00:00:00Z")) == ["day 3", "day 2"]
    assert messages(api.get("/activity", until="2026-01-02T14:00:00+02:00")) == ["day 2", "day 1"]
    assert messages(api.get("/activity", since="2026-01-02T00:00:00Z", until="2026-01-02T23:59:59Z")) == ["day 2"]


def test_a_reader_pages_to_older_and_asks_for_what_it_missed(api: Api) -> None:
    ids = say(api, *"abcde")
    assert messages(api.get("/activity", before_id=ids[2])) == ["b", "a"]
    assert messages(api.get("/activity", before_id=ids[2], limit=1)) == ["b"]
    assert messages(api.get("/activity", after_id=ids[2])) == ["e", "d"]
    assert messages(api.get("/activity", after_id=ids[0], limit=2)) == ["c", "b"]  # the next ones, so that no record is jumped over
    assert messages(api.get("/activity", after_id=ids[0], before_id=ids[4])) == ["d", "c", "b"]
    assert api.get("/activity", after_id=ids[4])["events"] == []


def test_a_plain_read_starts_empty_after_a_clear_and_the_past_can_still_be_reached(api: Api) -> None:
    ids = say(api, "before")
    answer = api.post("/activity/clear")
    assert answer["message"] == "Activity log cleared"
    for plain in ({}, {"limit": 1000}, {"event_type": "SYSTEM"}, {"q": "before"}, {"bot": "default"}):
        assert api.get("/activity", **plain)["events"] == []
    say(api, "after")
    assert messages(api.get("/activity")) == messages(api.get("/activity", event_type="SYSTEM")) == ["after"]
    assert messages(api.get("/activity", since=ago(hours=1))) == ["after", "before"]
    assert messages(api.get("/activity", before_id=ids[0] + 1)) == ["before"]
    assert [event["message"] for event in json.loads(export(api, format="json"))] == ["after", "before"]
    assert api.get("/stats")["statistics"]["total_events"] == 2


def export(api: Api, **query: Any) -> bytes:
    response = api.client.get("/api/monitoring/activity/export", query_string=query, headers=api.headers)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.is_streamed
    return response.get_data()


def test_the_csv_export_opens_in_a_spreadsheet_without_running_anything(api: Api) -> None:
    nasty = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'say "hi", twice\nand again', "ünï ✓", "plain"]
    say(api, *nasty, metadata={"price": 1.5})
    raw = export(api, format="csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.count("\r\n") == len(nasty) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["message"] for row in reversed(rows)] == [f"'{text}" if text[0] in "=+-@\t\r" else text for text in nasty]
    assert [int(row["id"]) for row in rows] == sorted((int(row["id"]) for row in rows), reverse=True)
    assert json.loads(rows[0]["metadata"]) == {"price": 1.5}
    assert rows[0]["timestamp"].endswith("Z")


def test_the_json_export_is_one_array_of_what_the_filters_keep(api: Api) -> None:
    assert export(api, format="json") == b"[]"
    assert len(export(api, format="csv").decode("utf-8-sig").splitlines()) == 1
    api.batch(*({"kind": "event", "event_type": "RISK", "message": f"{number}", "bot": f"bot{number % 2}"} for number in range(2500)))
    rows = json.loads(export(api, format="json", bot="bot1"))
    assert [row["message"] for row in rows] == [f"{number}" for number in range(2499, 0, -2)]
    assert rows[0] == api.get("/activity", bot="bot1", limit=1)["events"][0]
    assert len(json.loads(export(api, format="json", limit=7))) == 7
    assert api.get("/activity/export", 400, format="xml")["error"]["fields"].keys() == {"format"}


def all_found(desk: Desk, given: dict[str, Any], limit: int) -> tuple[list[int], int]:
    """Return the ids of all that a reader finds who goes on where each read ended, and how many reads ended early."""
    up = given.get("after_id") is not None and given.get("before_id") is None
    ids: list[int] = []
    early = 0
    while True:
        found = desk.live.search(ActivityScope(**given, limit=limit))
        part = [event["id"] for event in found.events]
        assert part == sorted(part, reverse=True)
        ids = part + ids if up else ids + part
        early += found.searched_to_id is not None
        end = found.searched_to_id or (part[0 if up else -1] if len(part) == limit else None)
        if end is None:
            return ids, early
        given = given | {"after_id" if up else "before_id": end}


def test_every_filter_finds_what_it_names_however_it_is_searched(desk: Desk, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(4)
    records = [
        {
            "kind": "event",
            "event_type": chosen.choice(["ORDER", "RISK", "SYSTEM"]),
            "severity": chosen.choice(["INFO", "ERROR", "CRITICAL"]),
            "bot": chosen.choice(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]),
            "message": chosen.choice(["bought", "sold"]),
            "timestamp": ago(minutes=80 - number if number % 7 else chosen.randrange(80)),  # some come late
        }
        for number in range(80)
    ]
    api.batch(*records)
    every = list(desk.live.every_event(ActivityExportScope()))
    given: list[dict[str, Any]] = [
        {"event_type": "ORDER"}, {"event_type": "ORDER,RISK", "severity": "ERROR"}, {"severity": "ERROR,CRITICAL"}, {"bot": "alpha,nobody"},
        {"bot": "alpha,beta", "severity": "INFO"}, {"bot": "alpha,beta,gamma,delta,epsilon,zeta"}, {"q": "SOLD"}, {"q": "sold", "bot": "beta"},
        {"since": ago(minutes=20)}, {"since": ago(minutes=60), "until": ago(minutes=40)}, {"until": ago(minutes=30), "severity": "ERROR"},
        {"until": ago(minutes=70), "q": "bought"}, {"since": ago(minutes=1)}, {"q": "nothing"},
    ]  # fmt: skip  # a table
    bounds: list[dict[str, Any]] = [{}, {"before_id": every[20]["id"]}, {"after_id": every[60]["id"]}]
    early = 0
    for few, looked_at in ((1000, 1000), (3, 11), (1, 11)):  # as it is, and so that no read comes far
        for name, value in {"FEW": few, "FIRST_LOOK": 5, "LOOKED_AT": looked_at}.items():
            monkeypatch.setattr(data.activity, name, value)
        for scope in ({**one, **bounds[(place + few) % 3]} for place, one in enumerate(given)):
            wanted = [event["id"] for event in every if is_wanted(event, scope)]
            ids, ended = all_found(desk, scope, limit=6)
            early += ended
            assert ids == wanted, scope
            assert [event["id"] for event in desk.live.every_event(ActivityExportScope(**scope))] == wanted, scope
    assert early > 0


def is_wanted(event: dict[str, Any], scope: dict[str, Any]) -> bool:
    return (
        all(event[name] in scope[name].split(",") for name in ("event_type", "severity", "bot") if name in scope)
        and scope.get("since", "") <= event["timestamp"] <= scope.get("until", "9999")
        and scope.get("after_id", 0) < event["id"] < scope.get("before_id", 10**9)
        and scope.get("q", "").lower() in event["message"]
    )
