"""Trades: lists, filters, orders, pages, and what they earned."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.rest import trade_shapes as shape
from data.desk import Desk
from data.schema import AuditEntry
from tests.support.api import TRADE, Api, ago, near, without
from tests.support.nasty import BODIES, bodies_with


def book(api: Api, *changes: dict[str, Any]) -> None:
    api.batch(*({"kind": "trade", **TRADE, "trade_id": f"t{number}", **change} for number, change in enumerate(changes)))


def listed(api: Api, **query: Any) -> list[str]:
    return [trade["trade_id"] for trade in api.get("/api/trades", **query)["data"]["trades"]]


def closed(day: int, net: float, **changes: Any) -> dict[str, Any]:
    return {"exit_price": 101, "exit_time": f"2025-02-{day:02}T00:00:00Z", "net_pnl": net, **changes}


def test_without_trades_every_figure_has_a_defined_answer(api: Api) -> None:
    page = api.get("/api/trades")["data"]
    assert (page["trades"], page["total"], page["has_more"]) == ([], 0, False)
    figures = api.get("/api/trades/stats")["data"]
    assert [figures[name] for name in ("total_trades", "winning_trades", "losing_trades", "total_pnl", "fees")] == [0] * 5
    assert [figures[name] for name in ("win_rate", "avg_win", "avg_loss", "profit_factor", "expectancy")] == [None] * 5


def test_a_trade_is_read_back_with_everything_that_was_sent_and_computed(api: Api) -> None:
    sent = {
        **TRADE, "exit_price": 110, "exit_time": "2025-01-01T01:00:00+01:00", "leverage": 3, "stop_loss": 90, "take_profit": 120, "pnl": 20,
        "fees": 1.5, "slippage": 0.5, "exit_reason": "roi", "notes": "=note", "tags": ["a", "b"], "currency": "USDT", "strategy": "swing",
        "direction": "LONG", "bot": "alpha",
    }  # fmt: skip  # a table
    api.batch({"kind": "trade", **sent})
    [trade] = api.get("/api/trades")["data"]["trades"]
    same = without(sent, "exit_time", "entry_time", "direction")
    assert {name: trade[name] for name in same} == same
    assert (trade["entry_time"], trade["exit_time"]) == ("2025-01-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z")
    assert (trade["direction"], trade["status"], trade["net_pnl"]) == ("long", "closed", 18)
    assert trade["pnl_pct"] == near(9)
    assert trade["duration_seconds"] == 0
    assert isinstance(trade["id"], int)
    assert isinstance(trade["strategy_id"], int)
    assert trade["created_at"] == trade["updated_at"] > ago(minutes=1)


def test_net_pnl_stands_when_given_and_else_is_what_fees_and_slippage_leave(api: Api) -> None:
    end = {"exit_price": 90, "exit_time": "2025-01-02T00:00:00Z"}
    book(
        api,
        {**end, "net_pnl": 5, "fees": 1},
        {**end, "pnl": 10, "fees": 1, "slippage": 0.5, "net_pnl": 7},
        {**end, "pnl": 10, "fees": 1},
        {**end},
        {**end, "direction": "SHORT", "fees": 2},
        {},
    )
    net = {trade["trade_id"]: trade["net_pnl"] for trade in api.get("/api/trades")["data"]["trades"]}
    assert net == {"t0": 5, "t1": 7, "t2": 9, "t3": -20, "t4": 18, "t5": None}


def test_a_trade_is_closed_when_it_has_an_exit(api: Api) -> None:
    book(api, {}, closed(1, 1), {"status": "Cancelled"}, closed(2, 1, status="CLOSED"), {"status": "open"})
    assert {trade["trade_id"]: trade["status"] for trade in api.get("/api/trades")["data"]["trades"]} == {
        "t0": "open", "t1": "closed", "t2": "cancelled", "t3": "closed", "t4": "open",
    }  # fmt: skip  # a table
    for wrong, field in (
        ({"status": "closed"}, "exit_time"), ({"exit_price": 1}, "exit_time"), ({"exit_time": "2024-01-01T00:00:00Z"}, "exit_time"),
        ({"direction": "up"}, "direction"), ({"size": 0}, "size"), ({"entry_time": "2025-01-01"}, "entry_time"),
        ({"tags": "a"}, "tags"), ({"leverage": 0}, "leverage"),
        ({"notes": "x" * 2001}, "notes"), ({"id": 5}, "id"), ({"strategy_id": 5}, "strategy_id"),
    ):  # fmt: skip  # a table
        assert list(api.batch({"kind": "trade", **TRADE, **wrong}, status=422)["error"]["fields"]) == [f"records[0].{field}"]


def test_an_unknown_strategy_is_made_and_a_known_one_found(api: Api) -> None:
    book(api, {"strategy": "swing"}, {"strategy": "scalp"}, {"strategy": "swing", "bot": "beta"}, {})
    ids = {trade["trade_id"]: trade["strategy_id"] for trade in api.get("/api/trades")["data"]["trades"]}
    assert ids["t0"] == ids["t2"] != ids["t1"]
    assert ids["t3"] is None


def test_each_filter_keeps_what_it_names(api: Api) -> None:
    book(
        api,
        closed(1, 10, symbol="BTC/USDT", strategy="a", notes="100% sure"),
        closed(2, -5, symbol="ETH/USDT", strategy="b", direction="short"),
        closed(3, 0, symbol="BTC/USDT", strategy="b", bot="beta", exit_reason="stop_loss"),
        {"symbol": "ETH/USDT", "entry_time": "2025-02-04T00:00:00Z"},
    )
    for query, expected in (
        ({"symbol": "BTC/USDT"}, ["t2", "t0"]), ({"strategy": "b"}, ["t2", "t1"]), ({"status": "OPEN"}, ["t3"]), ({"direction": "Short"}, ["t1"]),
        ({"bot": "beta"}, ["t2"]), ({"start": "2025-02-02T00:00:00Z"}, ["t3", "t2", "t1"]), ({"end": "2025-02-02T00:00:00Z"}, ["t1", "t0"]),
        ({"min_pnl": 0}, ["t2", "t0"]), ({"max_pnl": -0.5}, ["t1"]), ({"min_pnl": -5, "max_pnl": 0}, ["t2", "t1"]),
        ({"q": "STOP"}, ["t2"]), ({"q": "%"}, ["t0"]),
        ({"q": "eth/"}, ["t3", "t1"]), ({"symbol": "BTC/USDT", "strategy": "b"}, ["t2"]), ({}, ["t3", "t2", "t1", "t0"]),
    ):  # fmt: skip  # a table
        assert listed(api, **query) == expected, query
        statistics = api.get("/api/trades/stats", **query)["data"]
        assert statistics["total_trades"] + statistics["open_trades"] == len(expected), query


def test_pages_by_offset_and_by_cursor_hold_every_trade_once_in_every_order(api: Api) -> None:
    nets = [3, None, -1, 3, 0, None, 3]
    book(api, *({} if net is None else closed(1 + number % 3, net, symbol=f"S{number % 2}") for number, net in enumerate(nets)))
    for sort in ("at", "-at", "entry_time", "-entry_time", "net_pnl", "-net_pnl", "symbol", "-symbol", "id", "-id"):
        whole = listed(api, sort=sort)
        assert sorted(whole) == [f"t{number}" for number in range(7)]
        assert [trade for offset in (0, 3, 6) for trade in listed(api, sort=sort, limit=3, offset=offset)] == whole
        paged: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = api.get("/api/trades", sort=sort, limit=2, **cursor)["data"]
            assert page["total"] == 7
            paged += [trade["trade_id"] for trade in page["trades"]]
            assert page["has_more"] is (page["next_cursor"] is not None)
            if not page["has_more"]:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert paged == whole
    assert listed(api, sort="id")[::-1] == listed(api, sort="-id")


def test_a_forged_cursor_beyond_every_id_is_an_empty_page(api: Api) -> None:
    book(api, {})
    for place in (-1e30, "-" + "9" * 30):
        cursor = base64.urlsafe_b64encode(json.dumps(["-id", place, 5]).encode()).decode()
        assert listed(api, sort="-id", cursor=cursor) == []


def test_parameters_outside_their_bounds_are_400(api: Api) -> None:
    for name, value in (
        ("limit", 0), ("limit", 1001), ("limit", -1), ("offset", -1), ("offset", 2**63), ("sort", "size"), ("sort", "--at"),
        ("status", "gone"), ("direction", "up"),
        ("min_pnl", "NaN"), ("max_pnl", "inf"), ("min_pnl", "1e999"), ("start", "2025-01-01"), ("end", "x"),
        ("cursor", "x"), ("cursor", "W10"), ("cursor", "\0"),
        ("page", 1), ("symbol", ""), ("q", "\0"),
    ):  # fmt: skip  # a table
        assert list(api.get("/api/trades", 400, **{name: value})["error"]["fields"]) == [name], (name, value)
    assert api.get("/api/trades/stats", 400, limit=5)["error"]["fields"].keys() == {"limit"}
    assert len(listed(api, limit=1000)) == 0


def test_the_statistics_are_of_net_pnl_over_closed_trades(api: Api) -> None:
    book(api, closed(1, 10, fees=1), closed(1, 20), closed(2, -4, fees=0.25), closed(3, 0), closed(3, -6), {}, {"status": "cancelled", "net_pnl": 99})
    figures = api.get("/api/trades/stats")["data"]
    expected = {
        "total_trades": 5, "winning_trades": 2, "losing_trades": 2, "win_rate": 0.4, "avg_win": 15, "avg_loss": -5, "profit_factor": 3,
        "expectancy": 4,
        "total_pnl": 20, "fees": 1.25, "open_trades": 1,
    }  # fmt: skip  # a table
    assert {name: figures[name] for name in expected} == expected
    only_winners = api.get("/api/trades/stats", min_pnl=5)["data"]
    assert (only_winners["profit_factor"], only_winners["avg_loss"], only_winners["win_rate"]) == (None, None, 1)


def test_small_amounts_are_summed_without_losing_digits(api: Api) -> None:
    book(api, *(closed(1, net) for net in (1e16, 1e-8, -1e16)))
    assert api.get("/api/trades/stats")["data"]["total_pnl"] == 1e-8


# --- one trade ---------------------------------------------------------------------------------------------------

TRADES = "/api/trades"


def test_a_trade_is_stored_found_by_its_id_and_a_repetition_gets_the_same_answer(api: Api) -> None:
    sent = {**TRADE, "strategy": "swing", "bot": "alpha"}
    stored = api.post(TRADES, sent, 201)["data"]
    shape.TradeRow.model_validate_json(json.dumps(stored))
    assert api.post(TRADES, sent, 201)["data"] == stored == api.get(f"{TRADES}/{stored['id']}")["data"]
    replaced = api.post(TRADES, {**sent, "size": 3}, 201)["data"]
    assert (replaced["id"], replaced["size"], api.get(TRADES)["data"]["total"]) == (stored["id"], 3, 1)
    first = api.post(TRADES, {**sent, "trade_id": "t-2"}, 201, Idempotency_Key="k")
    assert api.post(TRADES, {**sent, "trade_id": "t-2"}, 201, Idempotency_Key="k") == first
    for unknown in (stored["id"] + 1000, 2**63, 0):
        assert api.get(f"{TRADES}/{unknown}", 404)["error"]["code"] == "not_found"
    api.get(f"{TRADES}/-1", 404)


def test_a_faulty_trade_is_refused_by_field_and_nasty_ones_with_4xx(api: Api) -> None:
    for wrong, field in (({"size": 0}, "size"), ({"status": "closed"}, "exit_time"), ({"more": 1}, "more"), ({"direction": "up"}, "direction")):
        assert list(api.post(TRADES, {**TRADE, **wrong}, 422)["error"]["fields"]) == [field]
    for field in TRADE:
        for name, body in bodies_with(TRADE, field):
            assert 400 <= api.send(TRADES, body).status_code < 500, (field, name)
    stored = api.post(TRADES, TRADE, 201)["data"]
    for name, body in BODIES.items():
        assert 400 <= api.send(TRADES, body).status_code < 500, name
        changed = api.client.patch(f"{TRADES}/{stored['id']}", data=body, content_type="application/json", headers=api.headers)
        assert 400 <= changed.status_code < 500, name
    assert api.get(f"{TRADES}/{stored['id']}")["data"] == stored


def test_who_may_store_and_change_trades(api_as: Callable[..., Api]) -> None:
    api_as("read").post(TRADES, TRADE, 403)
    stored = api_as("ingest", bot="alpha").post(TRADES, TRADE, 201)["data"]
    assert stored["bot"] == "alpha"
    assert api_as("ingest", bot="alpha").post(TRADES, {**TRADE, "bot": "beta"}, 403)["error"]["fields"].keys() == {"bot"}
    for caller in (api_as("read", "ingest"), api_as("control", bot="beta")):
        caller.patch(f"{TRADES}/{stored['id']}", {"notes": "n"}, 403)
    assert api_as("control", bot="alpha").patch(f"{TRADES}/{stored['id']}", {"notes": "n"})["data"]["notes"] == "n"


def test_notes_and_tags_are_kept_beside_what_the_bot_sends_later_and_stand_in_the_audit_log(api: Api, desk: Desk) -> None:
    stored = api.post(TRADES, TRADE, 201)["data"]
    changed = api.patch(f"{TRADES}/{stored['id']}", {"notes": "=look", "tags": ["a", "b"]})["data"]
    assert changed == stored | {"notes": "=look", "tags": ["a", "b"], "updated_at": changed["updated_at"]}
    assert api.post(TRADES, {**TRADE, "size": 5}, 201)["data"]["notes"] == "=look"
    assert api.patch(f"{TRADES}/{stored['id']}", {"notes": None})["data"]["notes"] is None
    with desk.store.read() as connection:
        assert len(connection.execute(select(AuditEntry.action).where(AuditEntry.action == "trade.change")).all()) == 2
    api.patch(f"{TRADES}/99999", {"notes": "n"}, 404)


def test_an_open_trade_is_closed_by_hand_once(api: Api) -> None:
    stored = api.post(TRADES, {**TRADE, "fees": 1}, 201)["data"]
    path = f"{TRADES}/{stored['id']}"
    for body, field in (({"exit_price": 110}, "exit_time"), ({"exit_time": ago(days=1)}, "exit_price"), ({}, "")):
        refused = api.patch(path, body, 422)["error"]["fields"]
        assert not field or list(refused) == [field]
    early = {"exit_price": 110, "exit_time": "2024-12-31T00:00:00Z"}
    assert list(api.patch(path, early, 422)["error"]["fields"]) == ["exit_time"]
    closed_by_hand = api.patch(path, {"exit_price": 110, "exit_time": "2025-01-01T02:00:00Z", "exit_reason": "by hand"})["data"]
    assert [closed_by_hand[name] for name in ("status", "net_pnl", "duration_seconds", "exit_reason")] == ["closed", 19, 7200, "by hand"]
    assert list(api.patch(path, {"exit_price": 111, "exit_time": "2025-01-01T03:00:00Z"}, 409)["error"]["fields"]) == ["status"]
    assert api.get(f"{TRADES}/stats")["data"]["total_pnl"] == 19


def test_recent_are_those_of_the_last_24_hours(api: Api) -> None:
    ended = {"exit_price": 1, "exit_time": ago(hours=1)}
    book(api, closed(1, 1), {"entry_time": ago(hours=23)}, {"entry_time": ago(hours=25)}, {"entry_time": ago(days=9), **ended}, ended)
    page = api.get(f"{TRADES}/recent")["data"]
    shape.TradePage.model_validate_json(json.dumps(page))
    assert ([trade["trade_id"] for trade in page["trades"]], page["total"]) == (["t4", "t3", "t1"], 3)
    assert [trade["trade_id"] for trade in api.get(f"{TRADES}/recent", status="open", sort="id", q="t")["data"]["trades"]] == ["t1"]
    for name in ("start", "end", "days"):
        assert list(api.get(f"{TRADES}/recent", 400, **{name: "2025-01-01T00:00:00Z"})["error"]["fields"]) == [name]


def test_the_statistics_are_of_one_currency_with_shares_by_strategy_and_symbol(api: Api) -> None:
    book(
        api,
        closed(1, 10, strategy="a", slippage=0.5, symbol="S"),
        closed(2, -5, strategy="b", symbol="T"),
        closed(3, 5, symbol="S"),
        closed(4, 7, currency="EUR"),
    )
    figures = api.get(f"{TRADES}/stats")["data"]
    shape.TradeStatistics.model_validate_json(json.dumps(figures))
    assert (figures["currency"], figures["left_out"]) == ("USD", [{"currency": "EUR", "rows": 1}])
    assert (figures["slippage"], figures["recovery_factor"], figures["longest_winning_streak"], figures["payoff_ratio"]) == (0.5, 2, 1, 1.5)
    assert [(row["name"], row["net_pnl"], row["share"], row["trades"]) for row in figures["by_symbol"]] == [("S", 15, 0.75, 2), ("T", -5, -0.25, 1)]
    assert {row["name"] for row in figures["by_strategy"]} == {"a", "b", None}
    assert api.get(f"{TRADES}/stats", currency="EUR")["data"]["total_pnl"] == 7


@pytest.mark.parametrize("name", ["symbol", "strategy", "bot"])
def test_several_values_stand_in_one_parameter(api: Api, name: str) -> None:
    book(api, *({name: value} for value in ("x", "y", "z")))
    assert listed(api, sort="id", **{name: "x,z"}) == ["t0", "t2"]
    assert api.get(f"{TRADES}/stats", **{name: "x,z"})["data"]["open_trades"] == 2
    assert list(api.get(TRADES, 400, **{name: "x,,z"})["error"]["fields"]) == [name]
