"""Sending the same thing again: under an Idempotency-Key, and under a natural key without one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from data.desk import Desk
from data.schema import Idempotency, Journal, MarketData, Portfolio, Trade
from data.times import now
from tests.support.api import ALERT, CANDLE, CLOSE, CONTROLS, EVENT, POSITION, RECORDING, SNAPSHOT, TRADE, Api, together

ApiAs = Callable[..., Api]


def count(desk: Desk, table: Any = Journal, *conditions: Any) -> int:
    with desk.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(table.__table__).where(*conditions)) or 0


def test_the_same_key_and_body_get_the_first_answer_and_are_recorded_once(api: Api, desk: Desk) -> None:
    for path, body in RECORDING.items():
        first = api.post(path, body, Idempotency_Key=f"key {path}")
        recorded = count(desk)
        for _ in range(2):
            assert api.post(path, body, Idempotency_Key=f"key {path}") == first
        assert count(desk) == recorded
    batch = {"records": [{"kind": "event", **EVENT}, {"kind": "alert", **ALERT}]}
    first = api.post("/batch", batch, 201, Idempotency_Key="b")
    assert api.post("/batch", batch, 201, Idempotency_Key="b") == first
    assert api.get("/stats")["statistics"]["total_events"] == 2


def test_without_a_key_two_equal_events_are_two(api: Api) -> None:
    first, second = (api.post("/activity", EVENT, 201)["event"]["id"] for _ in range(2))
    assert first != second
    assert api.get("/activity")["count"] == 2


def test_another_body_under_the_key_is_409_and_changes_nothing(api: Api, desk: Desk) -> None:
    first = api.post("/activity", EVENT, 201, Idempotency_Key="k")
    recorded = count(desk)
    assert api.post("/activity", {**EVENT, "message": "another"}, 409, Idempotency_Key="k")["error"]["code"] == "conflict"
    assert api.post("/alerts", ALERT, 409, Idempotency_Key="k")
    assert api.post("/batch", {"records": [{"kind": "event", **EVENT}]}, 409, Idempotency_Key="k")
    assert count(desk) == recorded
    assert api.post("/activity", EVENT, 201, Idempotency_Key="k") == first


def test_a_key_belongs_to_its_principal_and_bot(api: Api, api_as: ApiAs) -> None:
    other = api_as("ingest")
    ids = [
        api.post("/activity", EVENT, 201, Idempotency_Key="k")["event"]["id"],
        other.post("/activity", {**EVENT, "message": "other"}, 201, Idempotency_Key="k")["event"]["id"],
        api.post("/activity", {**EVENT, "bot": "beta"}, 201, Idempotency_Key="k")["event"]["id"],
    ]
    assert len(set(ids)) == 3
    assert api.post("/activity", {**EVENT, "bot": "beta"}, 201, Idempotency_Key="k")["event"]["id"] == ids[2]


def test_a_pair_at_the_same_moment_is_recorded_once(client: FlaskClient, api: Api) -> None:
    def call() -> Any:
        return Api(client.application.test_client(), api.headers).post("/activity", EVENT, 201, Idempotency_Key="pair")

    answers = together(*[call] * 6)
    assert all(answer == answers[0] for answer in answers)
    assert api.get("/activity")["count"] == 1


def test_a_refused_record_leaves_its_key_free(api: Api) -> None:
    api.post("/activity", {"message": "no type"}, 422, Idempotency_Key="k")
    api.post("/positions/close", CLOSE, 404, Idempotency_Key="k")
    assert api.post("/activity", EVENT, 201, Idempotency_Key="k")


def test_a_key_is_kept_for_24_hours(api: Api, desk: Desk) -> None:
    def aged(**age: float) -> None:
        with desk.store.write() as connection:
            connection.execute(update(Idempotency).values(created_at=now() - timedelta(**age)))

    first = api.post("/activity", EVENT, 201, Idempotency_Key="k")
    aged(hours=23.9)
    assert api.post("/activity", EVENT, 201, Idempotency_Key="k") == first
    aged(hours=24.1)
    second = api.post("/activity", EVENT, 201, Idempotency_Key="k")
    assert second["event"]["id"] > first["event"]["id"]
    assert api.post("/activity", EVENT, 201, Idempotency_Key="k") == second


def test_a_key_that_is_none_is_400(api: Api) -> None:
    for key in ("", "x" * 201, "schlüssel".encode().decode("latin-1")):
        assert api.post("/activity", EVENT, 400, Idempotency_Key=key)["error"]["fields"].keys() == {"Idempotency-Key"}
    assert api.post("/activity", EVENT, 201, Idempotency_Key="x" * 200)


def test_a_repeated_clear_does_not_clear_again(api: Api) -> None:
    for path in CONTROLS:
        first = api.post(path, None, 200, Idempotency_Key=path)
        api.post("/activity", EVENT)
        api.post("/signals/update", RECORDING["/signals/update"])
        assert api.post(path, None, 200, Idempotency_Key=path) == first
        assert api.get("/activity")["count"] > 0
        assert api.get("/signals")["count"] == 1
        assert api.get("/stats")["statistics"]["total_events"] > 0


@pytest.mark.parametrize(
    ("kind", "record", "table", "field", "other"),
    [
        ("trade", TRADE, Trade, "notes", "changed"),
        ("snapshot", SNAPSHOT, Portfolio, "total_value", 2000.0),
        ("candle", CANDLE, MarketData, "close", 2.5),
    ],
)
def test_the_same_content_changes_nothing_and_other_content_replaces_and_stands_in_the_journal(
    api: Api, desk: Desk, kind: str, record: dict[str, Any], table: Any, field: str, other: Any
) -> None:
    first = api.batch({"kind": kind, **record})
    assert api.batch({"kind": kind, **record})["last_id"] == first["last_id"]
    assert (count(desk, table), count(desk, Journal, Journal.kind == kind)) == (1, 1)
    api.batch({"kind": kind, **record, field: other})
    assert (count(desk, table), count(desk, Journal, Journal.kind == kind)) == (1, 2)
    with desk.store.read() as connection:
        assert connection.scalar(select(getattr(table, field))) == other
        assert connection.scalars(select(Journal.body).where(Journal.kind == kind).order_by(Journal.id.desc())).all()[0][field] == other
    api.batch({"kind": kind, **record, field: other})
    assert count(desk, Journal, Journal.kind == kind) == 2


def test_one_trade_id_of_two_bots_is_two_trades(api: Api) -> None:
    api.batch({"kind": "trade", **TRADE}, {"kind": "trade", **TRADE, "bot": "beta"})
    assert api.get("/api/trades")["data"]["total"] == 2


def test_a_position_state_sent_by_many_at_once_is_recorded_once(client: FlaskClient, api: Api, desk: Desk) -> None:
    def call() -> Any:
        return Api(client.application.test_client(), api.headers).post("/positions/update", POSITION, 200)["position"]

    answers = together(*[call] * 6)
    assert all(answer == answers[0] for answer in answers)
    assert count(desk) == 1
