"""Alerts: each reader is given each one once, and takes none from anybody."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import update

from data.desk import Desk
from data.schema import Journal
from data.times import now
from tests.support.api import ALERT, Api, together, without

ApiAs = Callable[..., Api]
PASSWORD = "a long enough password"


def send(api: Api, *titles: str) -> list[int]:
    return [api.post("/alerts", {**ALERT, "title": title}, 201)["alert"]["id"] for title in titles]


def given(api: Api, **query: Any) -> list[str]:
    answer = api.get("/alerts", **query)
    assert answer["count"] == len(answer["alerts"])
    return sorted(alert["title"] for alert in answer["alerts"])


def received(desk: Desk, alert_id: int, **before: float) -> None:
    """Make the store believe that it took this alert a while ago."""
    with desk.store.write() as connection:
        connection.execute(update(Journal).where(Journal.id == alert_id).values(received_at=now() - timedelta(**before)))


def test_the_contracts_alert_is_stored_as_it_stands(api: Api) -> None:
    alert = api.post("/alerts", ALERT, 201)["alert"]
    assert without(alert, "id") == {**ALERT, "timestamp": "2026-01-22T20:30:15.000000Z", "action_url": None, "bot": "default"}
    assert api.get("/alerts")["alerts"] == [alert]


def test_a_reader_is_given_each_alert_once(api: Api) -> None:
    send(api, "a", "b")
    assert given(api) == ["a", "b"]
    assert given(api) == []
    send(api, "c")
    assert given(api, clear="true") == ["c"]
    assert given(api) == []


def test_two_tokens_and_a_session_take_nothing_from_each_other(api: Api, api_as: ApiAs, client: FlaskClient, desk: Desk) -> None:
    send(api, "a")
    desk.accounts.add_user("ann", PASSWORD, "viewer")

    def signed_in() -> Api:
        cookie = desk.accounts.sign_in("ann", PASSWORD, address="127.0.0.1")
        return Api(client.application.test_client(use_cookies=False), {"Cookie": f"session={cookie}"})

    first, second, session = api_as("read"), api_as("read"), signed_in()
    for reader in (first, second, session):
        assert given(reader) == ["a"]
        assert given(reader) == []
    assert given(signed_in()) == ["a"]  # another session of the same person
    send(api, "b")
    for reader in (second, session, first):
        assert given(reader) == ["b"]


def test_without_clear_the_cursor_stays(api: Api) -> None:
    send(api, "a")
    assert given(api, clear="false") == given(api, clear="false") == ["a"]
    assert given(api) == ["a"]
    assert given(api, clear="false") == []


def test_a_page_keeps_its_own_place_with_after_id(api: Api) -> None:
    ids = send(api, "a", "b", "c")
    assert given(api) == ["a", "b", "c"]
    assert given(api, clear="false", after_id=ids[0]) == ["b", "c"]
    assert given(api, clear="false", after_id=ids[2]) == []
    assert given(api, clear="false", after_id=0) == ["a", "b", "c"]
    for name, value in (("clear", "perhaps"), ("after_id", -1), ("after_id", "x"), ("limit", 5)):
        assert api.get("/alerts", 400, **{name: value})["error"]["fields"].keys() == {name}


def test_a_new_reader_starts_with_the_last_24_hours(api: Api, api_as: ApiAs, desk: Desk) -> None:
    old, recent = send(api, "old", "recent")
    received(desk, old, hours=24.1)
    received(desk, recent, hours=23.9)
    reader = api_as("read")
    assert given(reader, clear="false") == given(reader) == ["recent"]
    assert given(reader) == []


def test_a_new_reader_that_found_nothing_is_not_given_the_old_ones_later(api: Api, api_as: ApiAs, desk: Desk) -> None:
    [old] = send(api, "old")
    received(desk, old, days=3)
    reader = api_as("read")
    assert given(reader) == []
    assert given(reader) == []
    send(api, "new")
    assert given(reader) == ["new"]


def test_a_new_reader_is_given_the_newest_hundred_and_others_every_one(api: Api, api_as: ApiAs) -> None:
    early = api_as("read")
    assert given(early) == []
    api.batch(*({"kind": "alert", **ALERT, "title": f"{number:03}"} for number in range(150)))
    assert given(api) == [f"{number:03}" for number in range(50, 150)]
    assert given(api) == []
    assert given(early) + given(early) == [f"{number:03}" for number in range(150)]
    assert given(early) == []


def test_two_reads_at_once_by_one_new_reader_give_each_alert_once(api: Api, client: FlaskClient, api_as: ApiAs) -> None:
    send(api, "a", "b", "c")
    headers = api_as("read").headers
    answers = together(*(lambda: given(Api(client.application.test_client(), headers)) for _ in range(4)))
    assert sorted(chain(*answers)) == ["a", "b", "c"]


def test_an_action_leads_to_a_path_here_or_to_https(api: Api) -> None:
    for url in ("/monitoring", "/trades?symbol=BTC%2FUSDT#x", "https://example.org/a", "HTTPS://example.org"):
        assert api.post("/alerts", {**ALERT, "action_url": url}, 201)["alert"]["action_url"] == url
    refused: list[Any] = [
        "http://example.org", "javascript:alert(1)", "//example.org", "/\\example.org", "\\\\example.org", "monitoring", "", "https://", "/a\nb",
        " /a", "data:text/html,x", "/\t/example.org", 5, "/" + "x" * 2000,
    ]  # fmt: skip  # a list
    for url in refused:
        assert api.post("/alerts", {**ALERT, "action_url": url}, 422)["error"]["fields"].keys() == {"action_url"}, url


def test_an_alert_needs_title_message_and_severity(api: Api) -> None:
    assert set(api.post("/alerts", {}, 422)["error"]["fields"]) == {"title", "message", "severity"}
    assert api.post("/alerts", {"title": "t", "message": "m", "severity": "success"}, 201)["alert"]["severity"] == "SUCCESS"
    assert set(api.post("/alerts", {"title": "t" * 201, "message": "m" * 2001, "severity": "LOUD"}, 422)["error"]["fields"]) == {
        "title",
        "message",
        "severity",
    }
    assert given(api) == ["t"]
