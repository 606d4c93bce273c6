"""Signals and positions: the latest state of each, what is computed, and what a close makes of a position."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from data.times import now
from tests.support.api import CLOSE, POSITION, SIGNAL, Api, ago, near, without

BARE = {"position_id": "p1", "symbol": "BTC/USDT", "side": "long", "entry_price": 100, "current_price": 110, "size": 2}


def update(api: Api, **changes: Any) -> Any:
    return api.post("/positions/update", {**BARE, **changes}, 200)["position"]


def close(api: Api, **changes: Any) -> Any:
    return api.post("/positions/close", {"position_id": "p1", "final_pnl": 1, "final_pnl_pct": 1, **changes}, 200)["position"]


def test_the_contracts_signal_is_stored_as_it_stands(api: Api) -> None:
    answer = api.post("/signals/update", SIGNAL, 200)
    assert answer["message"] == "Signal updated"
    assert without(answer["signal"], "id") == {**SIGNAL, "timestamp": "2026-01-22T20:30:15.000000Z", "bot": "default"}
    read = api.get("/signals")
    assert (read["signals"], read["count"]) == ([answer["signal"]], 1)


def test_the_latest_signal_per_bot_strategy_and_symbol_is_shown(api: Api) -> None:
    def signal(kind: str, **changes: Any) -> None:
        api.post("/signals/update", {"strategy_name": "s", "symbol": "BTC/USDT", "signal_type": kind, "confidence": 1, **changes}, 200)

    signal("buy")
    signal("sell", bot="other")
    signal("hold", strategy_name="s2")
    signal("buy", symbol="ETH/USDT")
    signal("Sell")
    signal("HOLD", timestamp=ago(hours=2))  # comes late: the one that is shown is newer
    shown = {(row["bot"], row["strategy_name"], row["symbol"]): row["signal_type"] for row in api.get("/signals")["signals"]}
    assert shown == {
        ("default", "s", "BTC/USDT"): "SELL",
        ("other", "s", "BTC/USDT"): "SELL",
        ("default", "s2", "BTC/USDT"): "HOLD",
        ("default", "s", "ETH/USDT"): "BUY",
    }
    assert api.get("/signals", strategy="s2")["count"] == 1
    assert api.get("/signals", symbol="BTC/USDT")["count"] == 3
    assert api.get("/signals", bot="other", symbol="BTC/USDT", strategy="s")["count"] == 1
    assert api.get("/signals", 400, side="x")["error"]["fields"].keys() == {"side"}


def test_cleared_signals_are_gone_until_the_next(api: Api) -> None:
    api.post("/signals/update", SIGNAL)
    assert api.post("/signals/clear")["message"]
    assert api.get("/signals")["signals"] == []
    api.post("/signals/update", SIGNAL | {"timestamp": ago(seconds=1)})
    assert api.get("/signals")["count"] == 1


def test_a_signal_outside_its_bounds_is_refused_with_every_fault_named(api: Api) -> None:
    wrong = {
        "strategy_name": "",
        "symbol": "x" * 201,
        "signal_type": "MAYBE",
        "confidence": 1.01,
        "indicators": {"a": "1"},
        "ensemble_vote": "NO",
        "x": 1,
    }
    faults = api.post("/signals/update", wrong, 422)["error"]["fields"]
    assert {name.split(".")[0] for name in faults} == set(wrong)
    for confidence in (-0.01, 1.0001, "0.5", True, None, [0.5]):
        assert list(api.post("/signals/update", SIGNAL | {"confidence": confidence}, 422)["error"]["fields"]) == ["confidence"]
    for confidence in (0, 1, 0.5):
        assert api.post("/signals/update", SIGNAL | {"confidence": confidence}, 200)["signal"]["confidence"] == confidence


def test_the_contracts_position_is_stored_as_it_stands(api: Api) -> None:
    answer = api.post("/positions/update", POSITION, 200)
    assert answer["message"] == "Position updated"
    assert POSITION.items() <= answer["position"].items()
    read = api.get("/positions")
    assert (read["positions"], read["count"]) == ([answer["position"]], 1)
    assert read["summary"] == {"total_unrealized_pnl": 100, "avg_pnl_pct": 2.0}


@pytest.mark.parametrize(("side", "price", "pnl"), [("LONG", 110, 20), ("LONG", 90, -20), ("Short", 90, 20), ("short", 110, -20)])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_profit_and_stop_distance_are_computed_for_both_sides(api: Api, side: str, price: float, pnl: float) -> None:
    stop = 95 if side == "LONG" else 105
    position = update(api, side=side, current_price=price, stop_loss=stop)
    assert position["side"] == side.upper()
    assert position["unrealized_pnl"] == near(pnl)
    assert position["unrealized_pnl_pct"] == near(pnl / 2)
    assert position["stop_loss_pct"] == near(5)


def test_every_field_of_a_position_is_filled_in_or_null(api: Api) -> None:
    assert update(api).keys() == {
        "id", "timestamp", "position_id", "symbol", "side", "entry_price", "current_price", "size", "unrealized_pnl", "unrealized_pnl_pct",
        "time_in_position", "opened_at", "stop_loss", "stop_loss_pct", "take_profit", "strategy", "bot",
    }  # fmt: skip  # a list
    position = api.get("/positions")["positions"][0]
    assert [position[name] for name in ("stop_loss", "stop_loss_pct", "take_profit", "strategy")] == [None] * 4


def test_the_bots_own_figures_stand(api: Api) -> None:
    own = {"unrealized_pnl": -7, "unrealized_pnl_pct": 0, "stop_loss": 95, "stop_loss_pct": 1.5, "time_in_position": "100:00:01"}
    position = update(api, **own)
    assert own.items() <= position.items()


def test_time_in_position_runs_from_opened_at_else_from_the_first_update(api: Api) -> None:
    assert update(api, opened_at="2026-01-01T00:00:00Z", timestamp="2026-01-03T01:02:03Z")["time_in_position"] == "49:02:03"
    second = update(api, position_id="p2", timestamp="2026-01-01T00:00:00Z")
    assert (second["time_in_position"], second["opened_at"]) == ("00:00:00", "2026-01-01T00:00:00.000000Z")
    second = update(api, position_id="p2", timestamp="2026-01-01T10:00:09Z")
    assert (second["time_in_position"], second["opened_at"]) == ("10:00:09", "2026-01-01T00:00:00.000000Z")
    for clock in ("1:00:00", "01:60:00", "01:00", "-01:00:00", 3600, "01:30:00 ", "01:30:00\n", "٠١:٣٠:٠٠"):
        assert list(api.post("/positions/update", {**BARE, "time_in_position": clock}, 422)["error"]["fields"]) == ["time_in_position"]


def test_positions_are_filtered_and_summed(api: Api) -> None:
    assert api.get("/positions")["summary"] == {"total_unrealized_pnl": 0, "avg_pnl_pct": None}
    update(api, strategy="a")
    update(api, position_id="p2", symbol="ETH/USDT", current_price=90, strategy="b")
    update(api, bot="other", current_price=130)
    assert api.get("/positions")["summary"] == {"total_unrealized_pnl": near(60), "avg_pnl_pct": near(10)}
    assert api.get("/positions", symbol="ETH/USDT")["summary"] == {"total_unrealized_pnl": near(-20), "avg_pnl_pct": near(-10)}
    assert [row["position_id"] for row in api.get("/positions", strategy="b")["positions"]] == ["p2"]
    assert [row["bot"] for row in api.get("/positions", bot="other")["positions"]] == ["other"]
    assert api.get("/positions", 400, status="open")["error"]["fields"].keys() == {"status"}


def test_extreme_prices_never_break_a_later_read(api: Api) -> None:
    for side in ("LONG", "SHORT"):
        update(api, position_id=side, side=side, entry_price=1e-300, current_price=1e18, size=1e18)
    for position in api.get("/positions")["positions"]:
        assert position["unrealized_pnl_pct"] is None
    close(api, position_id="LONG")
    assert api.get("/positions")["count"] == 1


def test_a_late_update_changes_nothing_that_is_shown(api: Api) -> None:
    newest = update(api, timestamp="2026-01-01T02:00:00Z")
    update(api, timestamp="2026-01-01T01:00:00Z", current_price=50)
    assert api.get("/positions")["positions"] == [newest]
    close(api, timestamp="2026-01-01T03:00:00Z")
    update(api, timestamp="2026-01-01T02:30:00Z", current_price=60)
    update(api, timestamp="2026-01-01T02:00:00Z")
    assert api.get("/positions")["positions"] == []
    statistics = api.get("/stats")["statistics"]
    assert (statistics["total_positions"], statistics["active_positions"]) == (1, 0)


def test_the_same_state_again_is_the_same_record(api: Api) -> None:
    first = update(api)
    assert update(api) == first
    moved = update(api, current_price=111)
    assert moved["id"] > first["id"]
    timed = update(api, current_price=112, timestamp=ago(seconds=-60))
    update(api, current_price=113, timestamp=ago(seconds=-120))
    assert update(api, current_price=112, timestamp=timed["timestamp"]) == timed
    assert api.get("/positions")["positions"][0]["current_price"] == 113
    assert api.get("/stats")["statistics"]["total_positions"] == 1


def test_closing_ends_the_position_and_makes_the_trade_as_written(api: Api) -> None:
    first = update(api, timestamp="2026-01-01T00:00:00Z", strategy="swing", stop_loss=90, take_profit=130, bot="alpha")
    update(api, timestamp="2026-01-01T00:30:00Z", strategy="swing", stop_loss=95, take_profit=130, bot="alpha", current_price=120)
    answer = api.post(
        "/positions/close",
        {
            "position_id": "p1",
            "final_pnl": 38,
            "final_pnl_pct": 19,
            "exit_price": 119.5,
            "reason": "roi",
            "timestamp": "2026-01-01T01:00:00Z",
            "bot": "alpha",
        },
        200,
    )
    assert answer["message"] == "Position closed"
    closed = answer["position"]
    assert (closed["position_id"], closed["final_pnl"], closed["final_pnl_pct"]) == ("p1", 38, 19)
    assert api.get("/positions")["positions"] == []
    [trade] = api.get("/api/trades")["data"]["trades"]
    expected = {
        "trade_id": f"p1#{closed['id']}", "symbol": "BTC/USDT", "direction": "long", "size": 2, "entry_price": 100, "exit_price": 119.5,
        "entry_time": first["timestamp"], "exit_time": "2026-01-01T01:00:00.000000Z", "net_pnl": 38, "pnl_pct": 19, "status": "closed",
        "exit_reason": "roi", "strategy": "swing", "stop_loss": 95, "take_profit": 130, "bot": "alpha", "duration_seconds": 3600,
    }  # fmt: skip  # a table
    assert {name: trade[name] for name in expected} == expected
    assert trade["strategy_id"] is not None


def test_a_trades_entry_time_is_opened_at_when_the_bot_knows_it(api: Api) -> None:
    update(api, opened_at="2025-12-31T00:00:00Z", timestamp="2026-01-01T00:00:00Z", side="short")
    close(api, timestamp="2026-01-01T00:00:00Z")
    [trade] = api.get("/api/trades")["data"]["trades"]
    assert (trade["entry_time"], trade["direction"]) == ("2025-12-31T00:00:00.000000Z", "short")


def test_closing_what_is_not_open_is_404_and_a_repeated_close_gives_the_same_answer(api: Api) -> None:
    assert api.post("/positions/close", CLOSE, 404)["error"]["fields"].keys() == {"position_id"}
    update(api)
    closed = close(api)
    assert close(api) == closed
    assert api.post("/positions/close", {"position_id": "p1", "final_pnl": 2, "final_pnl_pct": 1}, 404)["error"]["code"] == "not_found"
    assert api.post("/positions/close", {"position_id": "p1", "final_pnl": 1, "final_pnl_pct": 1, "bot": "other"}, 404)
    assert api.get("/api/trades")["data"]["total"] == 1
    update(api, current_price=99)  # a position under the same name may open again
    assert close(api)["id"] > closed["id"]
    assert api.get("/api/trades")["data"]["total"] == 2
    assert api.get("/stats")["statistics"]["total_positions"] == 2


def test_a_state_that_comes_again_after_its_position_was_closed_and_updated_is_the_same_record(api: Api) -> None:
    update(api, timestamp=ago(minutes=40))
    latest = update(api, timestamp=ago(minutes=10), current_price=120)
    close(api, timestamp=ago(minutes=30))
    update(api, timestamp=ago(minutes=20), current_price=90)
    assert api.get("/positions")["count"] == 0, "older than what was known when it was closed"
    assert update(api, timestamp=latest["timestamp"], current_price=120) == latest


def test_without_a_time_of_its_own_a_record_is_the_latest_even_when_the_servers_clock_is_set_back(api: Api) -> None:
    signal = {"strategy_name": "s", "symbol": "BTC/USDT", "confidence": 1}
    update(api)
    api.post("/signals/update", {**signal, "signal_type": "BUY"}, 200)
    with time_machine.travel(now() - timedelta(hours=1)):
        update(api, current_price=120)
        api.post("/signals/update", {**signal, "signal_type": "SELL"}, 200)
        assert api.get("/positions")["positions"][0]["current_price"] == 120
        assert api.get("/signals")["signals"][0]["signal_type"] == "SELL"
        close(api)
        assert update(api, current_price=130)["time_in_position"] == "00:00:00"
        assert api.get("/positions")["count"] == 1


def test_a_position_closed_and_opened_again_in_one_batch_is_open(api: Api) -> None:
    update(api)
    api.batch({"kind": "close", "position_id": "p1", "final_pnl": 1, "final_pnl_pct": 1}, {"kind": "position", **BARE, "current_price": 120})
    assert [position["current_price"] for position in api.get("/positions")["positions"]] == [120]
