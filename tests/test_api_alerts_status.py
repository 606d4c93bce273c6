"""Alerts over REST: which are active, what becomes of them, and what outlives what."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import delete, func, select, update

from app.rest import alerts as rest
from data import retention
from data.desk import Desk
from data.schema import Alert, AuditEntry, Journal, Strategy, StrategyPerformance, Trade
from data.times import now
from tests.support.api import ALERT, CLOSE, POSITION, SNAPSHOT, TRADE, Api, ago, together, without

ALERTS, HISTORY = "/api/alerts", "/api/alerts/history"


def send(api: Api, title: str, **fields: Any) -> int:
    made: int = api.post("/alerts", {**ALERT, "title": title, **fields}, 201)["alert"]["id"]
    return made


def titles(api: Api, path: str = ALERTS, **query: Any) -> list[str]:
    page = api.get(path, **query)["data"]
    rest.AlertPage.model_validate_json(json.dumps(page))
    return [alert["title"] for alert in page["alerts"]]


def act(api: Api, alert_id: int, verb: str, status: int = 200, **headers: str) -> Any:
    answer = api.post(f"/api/alerts/{alert_id}/{verb}", status=status, **headers)
    return answer.get("data", answer.get("error"))


def test_an_alert_is_read_as_it_was_sent_and_with_what_became_of_it(api: Api) -> None:
    made = api.post("/alerts", {**ALERT, "bot": "alpha", "action_url": "/x"}, 201)["alert"]
    [alert] = api.get(ALERTS)["data"]["alerts"]
    assert {name: alert[name] for name in made} == made
    fresh = {"type": "system", "status": "active", "strategy_id": None, "trade_id": None, "data": None, "acknowledged_at": None, "resolved_at": None}
    assert without(alert, *made, "created_at", "updated_at") == fresh
    assert alert["created_at"] == alert["updated_at"] > ago(minutes=1)


def test_active_ones_alone_are_listed_until_somebody_resolves_them(api: Api) -> None:
    first, second, third = (send(api, title) for title in ("a", "b", "c"))
    seen = act(api, first, "acknowledge")
    assert (seen["status"], seen["resolved_at"]) == ("acknowledged", None)
    assert seen["created_at"] < seen["acknowledged_at"] == seen["updated_at"]
    over = act(api, second, "resolve")
    assert (over["status"], over["acknowledged_at"]) == ("resolved", None)
    assert over["resolved_at"] > seen["acknowledged_at"]
    assert titles(api) == ["c"]
    assert titles(api, status="acknowledged,Resolved") == ["b", "a"]
    assert titles(api, HISTORY) == ["c", "b", "a"]
    assert titles(api, HISTORY, status="resolved") == ["b"]
    both = act(api, first, "resolve")
    assert (both["acknowledged_at"], both["status"]) == (seen["acknowledged_at"], "resolved")
    assert api.titles() == ["a", "b", "c"]  # what a reader has not been given yet is another question
    assert act(api, third, "resolve")["id"] == third
    assert titles(api) == []


def test_a_status_that_an_alert_has_already_changes_nothing_and_none_goes_back(api: Api, desk: Desk) -> None:
    alert = send(api, "a")
    first = act(api, alert, "acknowledge")
    assert act(api, alert, "acknowledge") == first
    resolved = act(api, alert, "resolve")
    head = desk.versions()
    assert act(api, alert, "resolve") == resolved
    assert act(api, alert, "acknowledge", 409)["fields"] == {"status": "is resolved"}
    assert desk.versions() == head
    for unknown in (alert + 1000, 0, 2**63 - 1, 10**30):
        assert act(api, unknown, "resolve", 404)["code"] == "not_found"
    with desk.store.read() as connection:
        audited = connection.execute(select(AuditEntry.action, AuditEntry.target).order_by(AuditEntry.id)).all()
    assert [(action, target) for action, target in audited if "alert" in action] == [("alert.acknowledge", f"{alert}"), ("alert.resolve", f"{alert}")]


def test_of_many_who_resolve_at_once_one_does_and_all_hear_the_same(api: Api, desk: Desk) -> None:
    alert = send(api, "a")
    answers = together(*[lambda: act(api, alert, "resolve")] * 6)
    assert len({answer["resolved_at"] for answer in answers}) == 1
    with desk.store.read() as connection:
        assert connection.scalar(select(func.count()).where(Journal.kind == "alert_status")) == 1


def test_a_repeated_request_under_its_key_gets_the_first_answer(api: Api) -> None:
    alert = send(api, "a")
    first = act(api, alert, "acknowledge", Idempotency_Key="k")
    act(api, alert, "resolve")
    assert act(api, alert, "acknowledge", Idempotency_Key="k") == first
    assert act(api, alert, "resolve", 409, Idempotency_Key="k")["code"] == "conflict"


def test_filters_take_several_values_and_meet_all_of_them(api: Api) -> None:
    for number, (severity, bot) in enumerate((("INFO", "a"), ("ERROR", "a"), ("ERROR", "b"), ("CRITICAL", "c"))):
        send(api, f"{number}", severity=severity, bot=bot, timestamp=f"2025-01-0{number + 1}T00:00:00Z")
    api.post("/activity", {"event_type": "RISK", "message": "m", "metadata": {"circuit_breaker": True}})
    assert titles(api, severity="error,Info") == ["2", "1", "0"]
    assert titles(api, severity="ERROR", bot="b,c") == ["2"]
    assert titles(api, type="risk") == ["Circuit breaker tripped"]
    assert titles(api, type="SYSTEM,trade", bot="c") == ["3"]
    assert titles(api, HISTORY, start="2025-01-02T00:00:00Z", end="2025-01-03T00:00:00Z") == ["2", "1"]
    assert titles(api, HISTORY, days=1) == ["Circuit breaker tripped"]
    wrongs: list[tuple[str, str, Any]] = [
        (path, name, value)
        for path in (ALERTS, HISTORY)
        for name, value in (("severity", "LOUD"), ("status", "gone"), ("type", ""), ("bot", "a,"), ("limit", 0), ("cursor", "x"), ("since", "2025"))
    ]
    for path, name, value in [*wrongs, (ALERTS, "start", "2025-01-02T00:00:00Z"), (HISTORY, "start", "2025-01-02")]:
        assert list(api.get(path, 400, **{name: value})["error"]["fields"]) == [name]


def test_pages_follow_each_other_newest_first_whatever_was_received_when(api: Api) -> None:
    days = [5, 1, 3, 2, 4, 3]
    for number, day in enumerate(days):
        send(api, f"{day}/{number}", timestamp=f"2025-01-0{day}T00:00:00Z")
    expected = ["5/0", "4/4", "3/5", "3/2", "2/3", "1/1"]
    assert titles(api) == expected
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while len(seen) < len(days):
        page = api.get(ALERTS, limit=4, **cursor)["data"]
        seen += [alert["title"] for alert in page["alerts"]]
        assert (page["total"], page["total_is_estimate"], page["has_more"]) == (6, False, len(seen) < 6)
        cursor = {"cursor": page["next_cursor"]}
    assert seen == expected
    assert cursor == {"cursor": None}
    assert titles(api, HISTORY, limit=2, offset=3) == expected[3:5]
    assert api.get(HISTORY)["data"]["total"] == 6


def test_a_rules_alert_says_what_it_is_about(api: Api) -> None:
    api.post("/positions/update", {**POSITION, "bot": "alpha"})
    closed = api.post("/positions/close", {**CLOSE, "final_pnl_pct": 9.0, "bot": "alpha"})["position"]
    api.batch({"kind": "snapshot", **SNAPSHOT, "timestamp": ago(minutes=2)}, {"kind": "snapshot", "total_value": 850, "timestamp": ago(minutes=1)})
    drawdown, gain = sorted(api.get(ALERTS)["data"]["alerts"], key=lambda alert: alert["title"])
    [trade] = api.get("/api/trades")["data"]["trades"]
    assert (gain["type"], gain["trade_id"], gain["strategy_id"]) == ("trade", closed["id"], trade["strategy_id"])
    assert gain["data"] == {"rule": "Large gain", "condition": "closed_above", "value": 9.0, "threshold": 5.0}
    assert (drawdown["type"], drawdown["trade_id"], drawdown["strategy_id"], drawdown["bot"]) == ("risk", None, None, "default")
    assert drawdown["data"]["value"] == pytest.approx(15)


def test_who_may_not_control_may_look_and_a_bots_token_changes_its_own_alone(api: Api, api_as: Callable[..., Api]) -> None:
    foreign, own = send(api, "a", bot="beta"), send(api, "b", bot="alpha")
    reader, bound = api_as("read", "ingest"), api_as("read", "control", bot="alpha")
    assert titles(reader) == ["b", "a"]
    for verb in ("acknowledge", "resolve"):
        assert act(reader, own, verb, 403)["code"] == "forbidden"
        assert act(bound, foreign, verb, 403)["fields"] == {"bot": "this token may write for 'alpha' only"}
    assert act(bound, own, "acknowledge")["status"] == "acknowledged"


def test_every_process_shows_the_status_and_a_start_too(api: Api, desk: Desk) -> None:
    other = Desk.open(desk.settings)
    other.start()
    try:
        alert = send(api, "a")
        act(api, alert, "resolve")
        other.journal.tail.catch_up()
        assert other.versions()["alerts"] == desk.versions()["alerts"] > alert
    finally:
        other.close()


# --- what outlives what ----------------------------------------------------------------------------------------


def test_an_alert_goes_with_its_record_when_its_time_is_over(api: Api, desk: Desk) -> None:
    old, young = send(api, "old"), send(api, "young")
    act(api, old, "resolve")
    with desk.store.write() as connection:
        connection.execute(update(Journal).where(Journal.id == old).values(received_at=now() - timedelta(days=366)))
    assert retention.trim(desk.store, 365) == 1
    assert titles(api, HISTORY) == ["young"]
    assert act(api, old, "resolve", 404)["code"] == "not_found"
    assert act(api, young, "resolve")["status"] == "resolved"


def test_alerts_outlive_their_strategy_and_trade_and_figures_go_with_their_strategy(api: Api, desk: Desk) -> None:
    api.post("/positions/update", POSITION)
    api.post("/positions/close", {**CLOSE, "final_pnl_pct": 9.0})
    [trade] = api.get("/api/trades")["data"]["trades"]
    figures = {"bot": "default", "period": "daily", "start": date(2025, 1, 1), "strategy_id": trade["strategy_id"]}
    counts = dict.fromkeys(("total_trades", "winning_trades", "losing_trades", "gross_pnl", "net_pnl"), 0)
    with desk.store.write() as connection:
        connection.execute(StrategyPerformance.__table__.insert().values(**figures, **counts))  # type: ignore[attr-defined]  # a Table, see data.ledger
        connection.execute(delete(Strategy).where(Strategy.id == trade["strategy_id"]))
        assert connection.scalar(select(func.count()).select_from(StrategyPerformance.__table__)) == 0
    [kept] = api.get("/api/trades")["data"]["trades"]
    assert (kept["strategy"], kept["strategy_id"]) == (trade["strategy"], None)
    [alert] = api.get(ALERTS)["data"]["alerts"]
    assert (alert["strategy_id"], alert["trade_id"]) == (None, trade["id"])
    with desk.store.write() as connection:
        connection.execute(delete(Trade).where(Trade.id == trade["id"]))
    [alert] = api.get(ALERTS)["data"]["alerts"]
    assert (alert["title"], alert["trade_id"], alert["data"]["condition"]) == ("Large gain", None, "closed_above")
    assert act(api, alert["id"], "resolve")["status"] == "resolved"


def test_removing_the_demo_removes_its_alerts_and_leaves_those_of_others_about_its_strategy(api: Api, desk: Desk) -> None:
    api.batch({"kind": "trade", **TRADE, "bot": "demo-one", "strategy": "swing"})
    send(api, "demo", bot="demo-one")
    mine = send(api, "mine")
    with desk.store.write() as connection:
        strategy = connection.scalar(select(Strategy.id))
        connection.execute(update(Alert).where(Alert.id == mine).values(strategy_id=strategy))
    api.post("/demo/remove")
    [alert] = api.get(ALERTS)["data"]["alerts"]
    assert (alert["title"], alert["strategy_id"]) == ("mine", None)


def test_answers_have_the_shape_that_the_document_says(api: Api) -> None:
    send(api, "a")
    shapes: list[tuple[type[BaseModel], Any]] = [
        (rest.AlertPage, api.get(HISTORY)["data"]),
        (rest.Alert, act(api, 1, "resolve")),
        (rest.AlertRules, api.get("/api/alerts/rules")["data"]),
    ]
    for shape, content in shapes:
        shape.model_validate_json(json.dumps(content))
