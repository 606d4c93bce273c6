"""Modal data: everything that a window about one thing needs, asked for by its id."""

import json
from typing import Any

from pydantic import BaseModel

from app.rest.alerts import Alert
from app.rest.annotations import Annotation
from app.rest.market_shapes import MarketSymbol
from app.rest.monitoring_shapes import Position, Signal
from app.rest.strategy_shapes import StrategyPerformance, StrategyRow
from app.rest.trade_shapes import TradeRow
from data.desk import Desk
from tests.groups.records import closed, one_of_everything
from tests.support.api import ALERT, CANDLE, CLOSE, EVENT, POSITION, SIGNAL, TRADE, Api, ago, near, without

UNKNOWN = 987_654_321


def held(shape: type[BaseModel], content: Any) -> Any:
    """Return the content, which has exactly the fields of the shape and each of its type."""
    shape.model_validate_json(json.dumps(content))
    return content


def test_a_trade_by_its_id_is_the_row_of_the_list_with_every_field_there_is(api: Api) -> None:
    sent = {
        **TRADE, "exit_price": 110, "exit_time": "2025-01-02T00:00:00Z", "leverage": 3, "stop_loss": 90, "take_profit": 120, "pnl": 20, "fees": 1.5,
        "slippage": 0.5, "exit_reason": "roi", "notes": "n", "tags": ["a"], "currency": "USDT", "strategy": "swing", "bot": "alpha",
    }  # fmt: skip  # a table
    made = api.post("/api/trades", sent, 201)["data"]
    one = held(TradeRow, api.get(f"/api/trades/{made['id']}")["data"])
    assert one == made == api.get("/api/trades")["data"]["trades"][0]
    assert [name for name, value in one.items() if value is None] == []
    assert (one["net_pnl"], one["pnl_pct"], one["duration_seconds"], one["status"]) == (18, 9, 86_400, "closed")


def test_from_a_trade_the_way_leads_to_its_strategy_and_to_the_candles_around_it(api: Api) -> None:
    api.batch(
        closed(1, "01-01T02:00", 5, strategy="swing"),
        *({"kind": "candle", **CANDLE, "timestamp": f"2025-01-01T0{hour}:00:00Z", "close": 1 + hour / 4} for hour in range(5)),
    )
    [trade] = api.get("/api/trades")["data"]["trades"]
    strategy = held(StrategyRow, api.get(f"/api/strategies/{trade['strategy_id']}")["data"])
    assert (strategy["name"], strategy["last_trade_at"]) == (trade["strategy"], trade["exit_time"])
    around = api.get("/api/market/BTC%2FUSDT/ohlcv", start=trade["entry_time"], end=trade["exit_time"])["data"]["candles"]
    assert [candle["close"] for candle in around] == [1, 1.25, 1.5]


def test_a_strategys_window_holds_its_settings_its_figures_and_its_own_trades(api: Api) -> None:
    settings = {
        "description": "d",
        "parameters": {"fast": 5},
        "max_drawdown": 0.1,
        "max_daily_loss": 7,
        "max_position_size": 2,
        "starting_balance": 100,
    }
    made = api.post("/api/strategies", {"name": "swing", **settings}, 201)["data"]
    nets = [5, -3, 4]
    api.batch(*(closed(number, f"02-0{number}T10:00", net, strategy="swing") for number, net in enumerate(nets, 1)), closed(9, "02-09T10:00", 50))
    row = held(StrategyRow, api.get(f"/api/strategies/{made['id']}")["data"])
    detail = held(StrategyPerformance, api.get(f"/api/strategies/{made['id']}/performance")["data"])
    own = api.get("/api/trades", strategy="swing", sort="at")["data"]["trades"]
    assert {name: row[name] for name in settings} == settings
    assert [trade["net_pnl"] for trade in own] == [period["net_pnl"] for period in detail["rows"]] == nets
    assert row["sparkline"] == [5, 2, 6]
    assert [period["equity"] for period in detail["rows"]] == [105, 102, 106]
    assert (row["net_pnl"], detail["trades"]["total_pnl"], detail["starting_balance"]) == (6, 6, 100)
    assert detail["metrics"]["cumulative_return"] == near(1.05 * 0.97 * 1.04 - 1)
    [compared] = api.get("/api/strategies/comparison", ids=made["id"])["data"]["strategies"]
    assert {name: compared[name] for name in ("metrics", "trades", "currency")} == {name: detail[name] for name in ("metrics", "trades", "currency")}


def test_a_positions_window_shows_its_risk_and_becomes_the_trade_that_it_made(api: Api) -> None:
    opened = api.post("/positions/update", {**POSITION, "opened_at": "2026-01-22T19:00:00Z"})["position"]
    [position] = api.get("/positions", symbol=POSITION["symbol"], strategy=POSITION["strategy"])["positions"]
    assert held(Position, position) == opened
    assert (position["stop_loss"], position["take_profit"], position["stop_loss_pct"]) == (49_000, 52_000, 2)
    done = api.post("/positions/close", {**CLOSE, "exit_price": 51_000, "reason": "take_profit"})["position"]
    trade = api.get(f"/api/trades/{done['id']}")["data"]
    same = ("symbol", "strategy", "size", "entry_price", "stop_loss", "take_profit", "bot")
    assert {name: trade[name] for name in same} == {name: position[name] for name in same}
    assert (trade["entry_time"], trade["exit_price"], trade["exit_reason"]) == (position["opened_at"], 51_000, "take_profit")
    assert (trade["net_pnl"], trade["pnl_pct"]) == (CLOSE["final_pnl"], CLOSE["final_pnl_pct"])


def test_a_signals_window_shows_what_the_strategy_saw(api: Api) -> None:
    api.post("/signals/update", {**SIGNAL, "symbol": "ETH/USDT", "indicators": {"rsi": 20.5}, "signal_type": "SELL"})
    sent = api.post("/signals/update", SIGNAL)["signal"]
    [signal] = api.get("/signals", symbol=SIGNAL["symbol"], strategy=SIGNAL["strategy_name"])["signals"]
    assert held(Signal, signal) == sent
    assert (signal["indicators"], signal["confidence"], signal["ensemble_vote"]) == (SIGNAL["indicators"], 0.85, "BUY")


def test_an_alert_leads_to_the_trade_and_the_strategy_that_it_is_about(api: Api) -> None:
    fresh = without(POSITION, "stop_loss", "stop_loss_pct")
    api.post("/positions/update", fresh)
    done = api.post("/positions/close", {**CLOSE, "final_pnl": -600, "final_pnl_pct": -12})["position"]
    [alert] = api.get("/api/alerts", type="trade")["data"]["alerts"]
    held(Alert, alert)
    trade = api.get(f"/api/trades/{alert['trade_id']}")["data"]
    strategy = api.get(f"/api/strategies/{alert['strategy_id']}")["data"]
    assert (trade["id"], trade["net_pnl"], strategy["name"], strategy["net_pnl"]) == (done["id"], -600, POSITION["strategy"], -600)
    assert (alert["data"]["condition"], alert["data"]["value"]) == ("closed_below", 12)
    rules = {rule["name"]: rule for rule in api.get("/api/alerts/rules")["data"]["rules"]}
    assert rules[alert["data"]["rule"]]["threshold"] == alert["data"]["threshold"]
    seen = held(Alert, api.post(f"/api/alerts/{alert['id']}/acknowledge")["data"])
    assert (seen["status"], seen["trade_id"]) == ("acknowledged", alert["trade_id"])


def test_an_alert_that_a_bot_sent_by_itself_leads_nowhere_but_where_the_bot_said(api: Api) -> None:
    made = api.post("/alerts", {**ALERT, "action_url": "/trades?id=7", "timestamp": ago(minutes=5)})["alert"]
    [alert] = api.get("/api/alerts/history")["data"]["alerts"]
    assert (alert["id"], alert["action_url"], alert["type"]) == (made["id"], "/trades?id=7", "system")
    assert [alert[name] for name in ("trade_id", "strategy_id", "data", "acknowledged_at", "resolved_at")] == [None] * 5


def test_an_annotations_window_says_who_wrote_what_about_which_moment(api: Api) -> None:
    text = "<script>alert(1)</script> & 50 % — später"
    sent = {"chart_id": "trade/7", "date": "2025-02-01T10:00:00Z", "text": text, "type": "news", "color": "#ff8800", "icon": "flag"}
    made = held(Annotation, api.post("/api/annotations", sent, 201)["data"])
    [one] = api.get("/api/annotations/trade%2F7")["data"]["annotations"]
    assert one == made
    assert {name: one[name] for name in without(sent, "date")} == without(sent, "date")
    assert (one["user"], one["bot"]) == ("tests", "default")


def test_a_symbols_window_shows_its_price_and_its_day(api: Api) -> None:
    bars = [{"timestamp": f"2025-02-0{1 + hour // 24}T{hour % 24:02}:00:00Z", "close": 100 + hour} for hour in range(26)]
    body = {"timeframe": "1h", "candles": [{**bar, "open": 100, "high": 200, "low": 50, "volume": 2} for bar in bars]}
    api.post("/api/market/ETH%2FUSDT/ohlcv", body, 201)
    symbol = held(MarketSymbol, api.get("/api/market/ETH%2FUSDT")["data"])
    assert (symbol["price"], symbol["previous_close"], symbol["change_24h"], symbol["volume_24h"]) == (125, 124, 24, 48)


def test_what_is_not_there_is_404_and_leaves_no_trace(api: Api, desk: Desk) -> None:
    one_of_everything(api)
    before = desk.versions()
    for path in (f"trades/{UNKNOWN}", f"strategies/{UNKNOWN}", f"strategies/{UNKNOWN}/performance", "market/NOTHING", "market/NOTHING/ohlcv"):
        assert api.get(f"/api/{path}", 404)["error"]["code"] == "not_found", path
    assert str(UNKNOWN) in api.get("/api/strategies/comparison", 404, ids=UNKNOWN)["error"]["message"]
    changes: dict[str, dict[str, Any]] = {"trades": {"notes": "x"}, "annotations": {"text": "x"}}
    for noun in ("trades", "strategies", "annotations", "alerts/rules"):
        assert api.patch(f"/api/{noun}/{UNKNOWN}", changes.get(noun, {"enabled": False}), 404)["error"]["code"] == "not_found", noun
    for noun in ("annotations", "alerts/rules"):
        assert api.delete(f"/api/{noun}/{UNKNOWN}", 404)["error"]["code"] == "not_found", noun
    for status in ("acknowledge", "resolve"):
        assert api.post(f"/api/alerts/{UNKNOWN}/{status}", None, 404)["error"]["code"] == "not_found", status
    assert api.post("/positions/close", {**CLOSE, "position_id": "unknown"}, 404)["error"]["code"] == "not_found"
    assert desk.versions() == before


def test_a_window_that_is_open_while_its_thing_is_removed_finds_nothing_and_breaks_nothing(api: Api) -> None:
    for record in ({"kind": "trade", **TRADE, "strategy": "demo one"}, {"kind": "event", **EVENT}):
        api.batch({**record, "bot": "demo-a"})
    [trade] = api.get("/api/trades")["data"]["trades"]
    api.post("/demo/remove")
    api.get(f"/api/trades/{trade['id']}", 404)
    api.get(f"/api/strategies/{trade['strategy_id']}", 404)
    assert api.patch(f"/api/trades/{trade['id']}", {"notes": "late"}, 404)["error"]["code"] == "not_found"
