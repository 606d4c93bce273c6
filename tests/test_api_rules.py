"""Alert rules over REST: what a person changes holds from the next record on, in every process."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.rest import alerts as rest
from data.desk import Desk
from data.records import EventIn, PositionIn, validated
from data.schema import AlertFiring, AuditEntry, BotState
from data.times import now
from tests.support.api import CLOSE, POSITION, Api, ago, together, without
from tests.support.nasty import BODIES, NOT_NUMBERS, NOT_TEXT

RULES = "/api/alerts/rules"
RULE: dict[str, Any] = {"name": "Huge gain", "condition": "closed_above", "threshold": 50, "severity": "CRITICAL"}
SHIPPED = ["Circuit breaker", "Critical event", "Drawdown", "Deep drawdown", "Stop loss hit", "Large gain", "Large loss", "Stale feed"]


def rules(api: Api) -> dict[str, Any]:
    content = api.get(RULES)["data"]
    rest.AlertRules.model_validate_json(json.dumps(content))
    assert content["count"] == len(content["rules"])
    return {rule["name"]: rule for rule in content["rules"]}


def make(api: Api, **changes: Any) -> Any:
    return api.post(RULES, {**RULE, **changes}, 201)["data"]


def change(api: Api, name: str, status: int = 200, /, **changes: Any) -> Any:
    answer = api.patch(f"{RULES}/{rules(api)[name]['id']}", changes, status)
    return answer.get("data", answer.get("error"))


def close(api: Api, percent: float) -> None:
    api.post("/positions/update", {**POSITION, "position_id": f"{percent}"})
    api.post("/positions/close", {**CLOSE, "position_id": f"{percent}", "final_pnl_pct": percent})


def raised(api: Api) -> list[tuple[str, str]]:
    alerts = api.get("/api/alerts/history")["data"]["alerts"]
    return [(alert["data"]["rule"], alert["severity"]) for alert in reversed(alerts)]


@pytest.fixture
def other(desk: Desk) -> Iterator[Desk]:
    """Another process on the same store."""
    other = Desk.open(desk.settings)
    yield other
    other.close()


def test_the_rules_that_ship_are_listed_switched_on(api: Api) -> None:
    shipped = rules(api)
    assert list(shipped) == SHIPPED
    assert all(rule["enabled"] for rule in shipped.values())
    drawdown = {"name": "Drawdown", "condition": "drawdown", "threshold": 10, "severity": "WARNING", "cooldown_seconds": 3600, "enabled": True}
    assert without(shipped["Drawdown"], "id") == drawdown


def test_a_new_rule_fires_from_the_next_record_on_the_strictest_of_its_condition_alone(api: Api) -> None:
    close(api, 60)
    made = make(api)
    assert without(made, "id") == {**RULE, "cooldown_seconds": 60, "enabled": True}
    assert made["id"] > max(rule["id"] for name, rule in rules(api).items() if name in SHIPPED)
    assert rules(api)["Huge gain"] == made
    for percent in (61, 49, 50, 50.01):
        close(api, percent)
    assert raised(api) == [
        ("Large gain", "SUCCESS"),
        ("Huge gain", "CRITICAL"),
        ("Large gain", "SUCCESS"),
        ("Large gain", "SUCCESS"),
        ("Huge gain", "CRITICAL"),
    ]


def test_a_change_holds_for_what_another_process_records_next(api: Api, other: Desk) -> None:
    def trip(message: str) -> None:
        draft = validated(EventIn, {"event_type": "SYSTEM", "severity": "CRITICAL", "message": message})
        other.journal.append([draft])

    trip("1")
    assert change(api, "Critical event", severity="info")["severity"] == "INFO"
    trip("2")
    change(api, "Critical event", enabled=False)
    trip("3")
    change(api, "Critical event", enabled=True, name="Emergency")
    trip("4")
    assert raised(api) == [("Critical event", "CRITICAL"), ("Critical event", "INFO"), ("Emergency", "INFO")]
    api.delete(f"{RULES}/{rules(api)['Emergency']['id']}")
    trip("5")
    make(api, name="Anew", condition="Critical_Event", threshold=None, severity="ERROR")
    trip("6")
    assert raised(api)[3:] == [("Anew", "ERROR")]


def test_a_cool_down_that_is_changed_counts_at_once(api: Api) -> None:
    def trip() -> None:
        api.post("/activity", {"event_type": "SYSTEM", "severity": "CRITICAL", "message": "again"})

    trip()
    trip()
    change(api, "Critical event", cooldown_seconds=0)
    trip()
    trip()
    change(api, "Critical event", cooldown_seconds=3600)
    trip()
    assert len(raised(api)) == 3


def test_a_stale_feeds_threshold_is_in_heartbeats(api: Api, desk: Desk) -> None:
    def silent(seconds: float) -> None:
        with desk.store.write() as connection:
            connection.execute(update(BotState).values(last_seen=now() - timedelta(seconds=seconds)))
        desk.journal.raise_silence_alerts()

    api.post("/activity", {"event_type": "SYSTEM", "message": "m", "metadata": {"heartbeat_seconds": 100}})
    change(api, "Stale feed", threshold=5)
    silent(450)
    assert raised(api) == []
    change(api, "Stale feed", threshold=4)
    silent(450)
    assert raised(api) == [("Stale feed", "WARNING")]
    api.delete(f"{RULES}/{rules(api)['Stale feed']['id']}")
    silent(900)
    assert len(raised(api)) == 1


def test_a_threshold_stands_where_it_counts_and_nowhere_else(api: Api) -> None:
    before = rules(api)
    for condition in ("drawdown", "closed_above", "closed_below", "stale_feed"):
        for body in ({**without(RULE, "threshold"), "condition": condition}, {**RULE, "condition": condition, "threshold": None}):
            assert api.post(RULES, body, 422)["error"]["fields"] == {"threshold": "is required for this condition"}
    for condition in ("circuit_breaker", "critical_event", "stop_loss_hit"):
        assert list(api.post(RULES, {**RULE, "condition": condition}, 422)["error"]["fields"]) == ["threshold"]
    assert list(change(api, "Drawdown", 422, threshold=None)["fields"]) == ["threshold"]
    assert list(change(api, "Stop loss hit", 422, threshold=5)["fields"]) == ["threshold"]
    assert change(api, "Stop loss hit", threshold=None, enabled=False)["enabled"] is False
    assert without(rules(api), "Stop loss hit") == without(before, "Stop loss hit")


def test_names_are_unique_and_what_changes_nothing_leaves_no_record(api: Api, desk: Desk) -> None:
    assert api.post(RULES, {**RULE, "name": "Drawdown"}, 409)["error"]["fields"] == {"name": "is taken; names are unique"}
    assert change(api, "Drawdown", 409, name="Large gain")["code"] == "conflict"
    head = desk.versions()
    same = rules(api)["Drawdown"]
    assert change(api, "Drawdown", **without(same, "id", "condition")) == same
    assert desk.versions() == head
    answers = together(*[lambda: api.client.post(RULES, json=RULE, headers=api.headers).status_code] * 5)
    assert sorted(answers) == [201, 409, 409, 409, 409]
    assert desk.versions()["rules"] > head["rules"]


def test_a_deleted_rule_is_gone_with_its_cool_downs_and_may_be_made_again(api: Api, desk: Desk) -> None:
    made = make(api)
    close(api, 99)
    assert api.delete(f"{RULES}/{made['id']}")["data"] == made
    for gone in (api.delete(f"{RULES}/{made['id']}", 404), api.patch(f"{RULES}/{made['id']}", {"enabled": True}, 404)):
        assert gone["error"]["code"] == "not_found"
    with desk.store.read() as connection:
        assert connection.scalar(select(func.count()).where(AlertFiring.rule_id == made["id"])) == 0
        audited = connection.execute(select(AuditEntry.action, AuditEntry.before, AuditEntry.after).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in audited if row.action.startswith("rule.")] == [("rule.create", None, made), ("rule.delete", made, None)]
    assert make(api)["id"] == made["id"] + 1  # an id is never given twice


def test_records_and_deletions_that_share_a_commit_are_all_kept(api: Api, other: Desk) -> None:
    """A rule fires and is deleted in one transaction: neither may take the other with it."""
    made = make(api, condition="critical_event", threshold=None)
    change(api, "Critical event", enabled=False)
    trips: list[Callable[[], Any]] = [
        lambda number=number: api.post("/activity", {"event_type": "SYSTEM", "severity": "CRITICAL", "message": f"{number}"}, 201)  # type: ignore[misc]
        for number in range(8)
    ]
    together(*trips[:4], lambda: api.delete(f"{RULES}/{made['id']}"), *trips[4:])
    other.journal.tail.catch_up()
    assert api.get("/activity")["count"] == 8
    assert "Huge gain" not in rules(api)


def test_who_may_not_control_reads_the_rules_alone(api: Api, api_as: Callable[..., Api]) -> None:
    reader = api_as("read", "ingest")
    assert list(rules(reader)) == SHIPPED
    path = f"{RULES}/{rules(api)['Drawdown']['id']}"
    for refused in (reader.post(RULES, RULE, 403), reader.patch(path, {"enabled": False}, 403), reader.delete(path, 403)):
        assert refused["error"]["code"] == "forbidden"
    assert list(rules(api)) == SHIPPED


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_nasty_values_are_refused_each(api: Api, desk: Desk) -> None:
    before = rules(api)
    path = f"{RULES}/{before['Drawdown']['id']}"
    bodies: list[bytes] = list(BODIES.values())
    for field, values in (
        ("name", [*NOT_TEXT, "", "x" * 201, "a\0b"]),
        ("condition", [*NOT_TEXT, "", "full_moon"]),
        ("severity", [*NOT_TEXT, "LOUD"]),
        ("threshold", [*NOT_NUMBERS, -1, 1e19]),
        ("cooldown_seconds", [*NOT_NUMBERS, -1, 1e9]),
        ("enabled", [0, 1, "true", None, [], {}]),
    ):
        bodies += [json.dumps({**RULE, field: value}).encode() for value in values]
        for value in values:
            if (field, value) != ("condition", None):
                assert api.patch(path, {field: value}, 422)["error"]["fields"]
    bodies += [json.dumps({**RULE, "id": 1}).encode()]
    for body in bodies:
        assert 400 <= api.send(RULES, body).status_code < 500, body[:100]
    assert api.patch(path, {}, 422)["error"]["code"] == "invalid_fields"
    assert rules(api) == before


def test_the_rules_hold_for_old_positions_too(api: Api, desk: Desk) -> None:
    """A rule that is made later finds what is reported from then on, whenever its position was opened."""
    make(api, name="Small loss", condition="closed_below", threshold=0.5, severity="INFO")
    desk.journal.append([validated(PositionIn, {**without(POSITION, "time_in_position"), "opened_at": ago(days=400)})])
    api.post("/positions/close", {**CLOSE, "final_pnl_pct": -1})
    assert raised(api) == [("Small loss", "INFO")]
