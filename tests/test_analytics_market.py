"""What a chart of candles shows, and what a symbol's name says of it."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from data.analytics.market import LOOKED_AT
from data.assets import asset_class
from data.desk import Desk
from data.indicators import bollinger, rsi, sma
from data.records import CandleIn, Draft, SignalIn, SnapshotIn, TradeIn
from data.scope import Selection
from tests.support.api import SIGNAL, TRADE, near

START = datetime(2025, 1, 1, tzinfo=UTC)


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def price(hour: float) -> float:
    return 100 + 10 * math.sin(hour / 7) + hour / 50


def candles(symbol: str, timeframe: str, hours: float, number: int) -> list[Draft]:
    return [
        CandleIn(symbol=symbol, timeframe=timeframe, timestamp=at(place * hours), open=p, high=p + 1, low=p - 1, close=p, volume=1)
        for place in range(number)
        for p in [price(place * hours)]
    ]


def trade(number: int, entry: float, leave: float | None, **fields: Any) -> Draft:
    ends = {} if leave is None else {"exit_time": at(leave), "exit_price": 101, "net_pnl": number}
    return TradeIn.model_validate({**TRADE, "trade_id": f"t{number}", "entry_time": at(entry), **ends, **fields})


def signal(hours: float, **fields: Any) -> Draft:
    return SignalIn.model_validate({**SIGNAL, "symbol": "BTC/USDT", "timestamp": at(hours), **fields})


def chart(desk: Desk, **fields: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(desk.analytics.candles(Selection.lenient({"range": "all"} | fields)), allow_nan=False))
    return found


def test_a_chart_shows_a_symbol_s_candles_with_what_happened_in_their_time(desk: Desk) -> None:
    assert chart(desk)["candles"] == []
    desk.journal.append([*candles("BTC/USDT", "1h", 1, 700), *candles("BTC/USDT", "4h", 4, 175), *candles("BTC/USDT", "1d", 24, 29)])
    desk.journal.append([*candles("ETH/USDT", "1h", 1, 40), trade(1, 5, 10), trade(2, 650, 660, exit_reason="stop_loss"), trade(3, 690, None)])
    desk.journal.append([trade(4, 600, 610, symbol="ETH/USDT"), trade(5, 655, 665, direction="short", strategy="swing", bot="b")])
    desk.journal.append([signal(680, bot="a", indicators={"price": 104.5}), signal(650), signal(20), signal(660, symbol="ETH/USDT")])
    found = chart(desk)
    assert [found[name] for name in ("symbol", "symbols", "timeframe", "timeframes")] == [
        "BTC/USDT",
        ["BTC/USDT", "ETH/USDT"],
        "4h",
        ["1h", "4h", "1d"],
    ]
    assert (len(found["candles"]), found["has_more"], found["filtered_out"]) == (175, False, False)
    moments = [row["exit_time"] or row["entry_time"] for row in found["trades"]]
    assert moments == sorted(moments)
    assert len(found["trades"]) == 4
    later = chart(desk, range="custom", start=at(600))
    assert (later["timeframe"], len(later["candles"]), later["candles"][0]) == (
        "1h", 100, {"timestamp": "2025-01-26T00:00:00.000000Z", "open": price(600), "high": price(600) + 1, "low": price(600) - 1,
                    "close": price(600), "volume": 1.0},
    )  # fmt: skip  # a candle in a line
    assert [(row["side"], row["exit_reason"], row["net_pnl"], row["exit_price"]) for row in later["trades"]] == [
        ("long", "stop_loss", 2, 101), ("short", None, 5, 101), ("long", None, None, None)
    ]  # fmt: skip  # a table
    assert [(row["ref"], row["timestamp"][:19], row["price"], row["signal_type"], row["confidence"]) for row in later["signals"]] == [
        ("signal:default|MA_Crossover|BTC/USDT", "2025-01-28T02:00:00", None, "BUY", 0.85),
        ("signal:a|MA_Crossover|BTC/USDT", "2025-01-29T08:00:00", 104.5, "BUY", 0.85),
    ]
    closes = np.array([price(hour) for hour in range(700)])
    expected = {"sma_20": sma(closes, 20), "sma_50": sma(closes, 50), "bollinger_lower": bollinger(closes, 20, 2.0)[0]}
    for name, values in expected.items():
        assert later["indicators"][name] == pytest.approx(values[600:].tolist(), rel=1e-8), name
    assert later["indicators"]["rsi_14"] == pytest.approx(rsi(closes, 14)[600:].tolist(), abs=0.01), "what lies 150 candles back hardly counts"
    every_hour = chart(desk, timeframe="1h")
    assert (len(every_hour["candles"]), every_hour["has_more"], every_hour["candles"][0]["timestamp"]) == (500, True, "2025-01-09T08:00:00.000000Z")
    few = chart(desk, symbol="ETH/USDT")
    assert (few["timeframe"], len(few["candles"]), few["indicators"]["sma_50"], few["indicators"]["rsi_14"][13]) == ("1h", 40, [None] * 40, None)
    for fields, shown in (({"bot": "b"}, 1), ({"strategy": "swing"}, 1), ({"outcome": "winner"}, 2), ({"direction": "short"}, 1)):
        assert len(chart(desk, range="custom", start=at(600), **fields)["trades"]) == shown, fields
    assert [len(chart(desk, **fields)["signals"]) for fields in ({"bot": "a"}, {"strategy": "MA_Crossover"}, {"strategy": "x"})] == [1, 3, 0]
    nothing = chart(desk, range="custom", start="2026-01-01T00:00:00Z")
    assert (nothing["candles"], nothing["filtered_out"], nothing["symbol"]) == ([], True, "BTC/USDT")
    unknown = chart(desk, symbol="DOGE/USDT")
    assert (unknown["symbol"], unknown["timeframe"], unknown["candles"], unknown["filtered_out"]) == ("DOGE/USDT", None, [], False)


def test_signals_are_looked_for_among_the_newest_of_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOOKED_AT == 5000
    monkeypatch.setattr("data.analytics.market.LOOKED_AT", 3)
    desk.journal.append([*candles("BTC/USDT", "1h", 1, 60), signal(1), signal(2), signal(3, symbol="X"), signal(4)])
    assert [row["timestamp"][11:13] for row in chart(desk)["signals"]] == ["02", "04"]


def test_a_benchmark_is_drawn_from_the_equity_s_own_start(desk: Desk) -> None:
    days = [SnapshotIn.model_validate({"timestamp": at(24 * day + 12), "total_value": 1000 + day}) for day in range(10)]
    desk.journal.append([*days, *candles("BTC/USDT", "1d", 24, 10)])
    benchmark = desk.analytics.equity(Selection(range="all", benchmark="BTC/USDT"))["benchmark"]
    assert benchmark["timestamps"][:2] == ["2025-01-02T00:00:00.000000Z", "2025-01-03T00:00:00.000000Z"]
    assert benchmark["values"] == near([1000 * price(24 * day) / price(0) for day in range(10)])
    assert desk.analytics.equity(Selection(range="all", benchmark="ETH/USDT"))["benchmark"] == {"symbol": "ETH/USDT", "timestamps": [], "values": []}
    assert desk.analytics.equity(Selection(range="all"))["benchmark"] is None


def test_a_symbol_s_letters_tell_what_it_names() -> None:
    for expected, names in {
        "crypto": "BTC/USDT BTC-USDT BTC_USDT BTC:USDT BTCUSDT BTC/USDT:USDT 1000PEPEUSDT btcusd ETH/BTC BINANCE:BTCUSDT BTCUSDT.P BTC-PERP EUR/USDT",
        "forex": "EUR/USD EURUSD eur_usd USD-JPY EURUSD=X OANDA:GBPUSD",
        "commodity": "XAU/USD XAUUSD XAG XPT-USD XPD WTI BRENT BRENT_USD NG XAU/USDT",
        "equity": "AAPL F BRK.B BRK-B NASDAQ:MSFT tsla",
        "other": "S1 FOO/BAR FOOBAR EUR/USD/JPY 123 - / é",
    }.items():
        assert {name: asset_class(name) for name in names.split()} == dict.fromkeys(names.split(), expected)
