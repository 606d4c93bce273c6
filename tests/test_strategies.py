"""Indicators against figures from paper and from pandas; strategies written twice, held against each other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.replay.account import Account
from app.replay.strategies import STRATEGIES, Decision, MaCrossover, Strategy
from app.replay.streaming import Rsi, Window
from app.replay.trade import Terms, Trade
from data import indicators
from data.errors import Refused
from data.importers.candle_file import Candle, CandleFile
from tests.support.paths import real_file

# Closes and RSI(14) of a worked example that is widely printed (StockCharts' ChartSchool, after Wilder).
WILDER_CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140, 46.2820, 46.2820,
    46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
]  # fmt: skip  # one price a line would be a page
WILDER_RSI = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = Terms(stop_loss=0.1, take_profit=0.2)
FILES = ["BTC-USD-1d.csv", "WLD-USDT-1h.csv"]


def candle(number: int, opened: float, high: float, low: float, close: float) -> Candle:
    return Candle(BEGIN + number * HOUR, BEGIN + (number + 1) * HOUR, opened, high, low, close)


def flat(prices: list[float]) -> list[Candle]:
    return [candle(number, price, price, price, price) for number, price in enumerate(prices)]


def followed(strategy: Strategy, candles: list[Candle]) -> list[Trade]:
    """Return the trades of an account that follows the candles one by one."""
    account, stream, trades = Account(strategy.name, "X", strategy.terms), strategy.stream(), []
    for each in candles:
        step = account.follow(each, stream.decide(each.close))
        trades += [step.closed[1]] if step.closed else []
    if candles and (step := account.finish(candles[-1])).closed:
        trades.append(step.closed[1])
    assert sum(trade.net_pnl for trade in trades) == pytest.approx(account.realised)
    return trades


def plain(trade: Trade) -> tuple[Any, ...]:
    return trade.side, trade.entry_time, trade.exit_time, trade.reason


def test_the_moving_average_is_the_mean_of_the_last_closes() -> None:
    assert indicators.sma(np.array([1.0, 2, 3, 4, 10]), 3)[2:].tolist() == pytest.approx([2, 3, 17 / 3])


def test_the_strength_index_is_that_of_wilders_worked_example() -> None:
    rsi = indicators.rsi(np.array(WILDER_CLOSES), 14)
    assert np.isnan(rsi[:14]).all()
    assert rsi[14:] == pytest.approx(WILDER_RSI, abs=0.05)  # printed with two digits


def test_the_bands_lie_population_deviations_around_the_mean() -> None:
    lower, middle, upper = indicators.bollinger(np.array([2.0, 4, 4, 4, 5, 5, 7, 9]), 8, 2.0)  # their deviation is 2
    assert (lower[-1], middle[-1], upper[-1]) == pytest.approx((1, 5, 9))


@pytest.mark.parametrize("prices", [[], [5.0], [5.0] * 3, [5.0] * 50, list(range(1, 50)), list(range(50, 1, -1))])
def test_indicators_of_few_equal_and_rising_prices_are_undefined_or_at_their_bounds(prices: list[float]) -> None:
    closes = np.array(prices, dtype=np.float64)
    rsi, sma = indicators.rsi(closes, 14), indicators.sma(closes, 20)
    assert rsi.size == sma.size == closes.size
    assert np.isnan(rsi[:14]).all()
    assert np.isnan(sma[:19]).all()
    if len(prices) > 20:
        assert set(rsi[14:]) == {50.0 if prices[0] == prices[1] else 100.0 if prices[0] < prices[1] else 0.0}


@pytest.mark.parametrize("name", FILES)
def test_indicators_of_real_prices_are_those_of_pandas(name: str) -> None:
    closes = pd.Series([each.close for each in CandleFile(real_file(f"candles/{name}"))])
    rolling = closes.rolling(20)
    lower, middle, upper = indicators.bollinger(closes.to_numpy(), 20, 2.0)
    assert indicators.sma(closes.to_numpy(), 10) == pytest.approx(closes.rolling(10).mean().to_numpy(), nan_ok=True)
    assert middle == pytest.approx(rolling.mean().to_numpy(), nan_ok=True)
    assert upper - lower == pytest.approx(4 * rolling.std(ddof=0).to_numpy(), nan_ok=True, rel=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_indicators_fed_close_by_close_are_those_of_whole_columns(name: str) -> None:
    closes = np.array([each.close for each in CandleFile(real_file(f"candles/{name}"))])
    window, rsi, means, deviations, strengths = Window(20), Rsi(14), [], [], []
    for close in closes.tolist():
        window.add(close)
        means.append(window.mean if window.is_full else np.nan)
        deviations.append(window.deviation if window.is_full else np.nan)
        strengths.append(np.nan if (strength := rsi.add(close)) is None else strength)
    lower, middle, _ = indicators.bollinger(closes, 20, 2.0)
    assert means == pytest.approx(middle.tolist(), nan_ok=True)
    assert deviations == pytest.approx(((middle - lower) / 2).tolist(), nan_ok=True)
    assert strengths == pytest.approx(indicators.rsi(closes, 14).tolist(), nan_ok=True)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_a_strategys_own_function_and_an_account_that_follows_it_make_the_same_trades(strategy: Strategy, name: str) -> None:
    candles = list(CandleFile(real_file(f"candles/{name}")))
    expected, made = strategy.trades(candles), followed(strategy, candles)
    assert len(expected) > 30
    assert len({trade.reason for trade in expected}) >= 3
    assert {trade.side for trade in expected} == {1, -1}
    assert list(map(plain, made)) == list(map(plain, expected))
    for name_of_field in ("size", "entry_price", "exit_price", "fees", "net_pnl"):
        assert [getattr(trade, name_of_field) for trade in made] == pytest.approx([getattr(trade, name_of_field) for trade in expected])


moves = st.lists(st.tuples(*[st.integers(-9, 9)] * 4), min_size=0, max_size=150)


@given(moves)
@settings(max_examples=60, deadline=None)
def test_the_two_agree_on_any_candles_gaps_and_stretches_without_a_move_included(changes: list[tuple[int, int, int, int]]) -> None:
    candles, price = [], 100.0
    for number, (gap, move, up, down) in enumerate(changes):
        opened = max(1.0, price + gap)
        price = max(1.0, opened + move)
        candles.append(candle(number, opened, max(opened, price) + abs(up), max(0.5, min(opened, price) - abs(down)), price))
    for strategy in STRATEGIES.values():
        assert list(map(plain, followed(strategy, candles))) == list(map(plain, strategy.trades(candles)))


def decision(enter: int = 0, leave: bool = False) -> Decision:
    return Decision(enter, leave, leave, 1, 0.5, {})


@pytest.mark.parametrize(
    ("side", "after", "reason", "price"),
    [
        (1, (100, 105, 89, 104), "stop_loss", 90.0),
        (1, (85, 95, 80, 95), "stop_loss", 85.0),  # it opens beyond the stop
        (1, (100, 121, 99, 110), "take_profit", 120.0),
        (1, (125, 130, 124, 126), "take_profit", 125.0),
        (1, (100, 130, 80, 100), "stop_loss", 90.0),  # both within one candle: the worse counts
        (-1, (100, 111, 99, 104), "stop_loss", 110.0),
        (-1, (100, 101, 79, 90), "take_profit", 80.0),
        (1, (100, 105, 95, 103), "signal", 103.0),
    ],
)
def test_a_position_ends_at_its_stop_its_target_or_the_close_less_the_fees(side: int, after: tuple[float, ...], reason: str, price: float) -> None:
    account = Account("s", "X", TERMS)
    opened = account.follow(candle(0, 100, 100, 100, 100), decision(enter=side)).opened
    assert opened is not None
    assert account.follow(candle(1, 100, 100, 100, 100), None).closed is None
    closed = account.follow(candle(2, *after), decision(leave=True)).closed
    assert closed is not None
    trade = closed[1]
    assert trade.reason == reason
    assert trade.exit_price == pytest.approx(price)
    assert trade.fees == pytest.approx(0.001 * (1000 + 10 * price))
    assert trade.net_pnl == pytest.approx(side * (price - 100) * 10 - trade.fees)


def test_the_position_id_is_made_of_strategy_symbol_and_time() -> None:
    opened = Account("s", "X", TERMS).enter(1, 100.0, BEGIN)
    assert opened.position_id == "s:X:20240101T000000Z"


def test_crossing_averages_enter_once_and_the_confidence_grows_with_their_distance() -> None:
    stream = MaCrossover(2, 4)
    decisions = [stream.decide(close) for close in [10.0, 9, 8, 7, 6, 9, 12, 15, 15.1, 15.1]]
    assert [None if each is None else each.enter for each in decisions] == [None, None, None, 0, 0, 0, 1, 0, 0, 0]
    assert all(each is None or 0 <= each.confidence <= 1 for each in decisions)


@pytest.mark.parametrize("make", [strategy.stream for strategy in STRATEGIES.values()], ids=STRATEGIES)
def test_prices_that_never_move_make_no_signal_and_no_confidence(make: Callable[[], Any]) -> None:
    stream = make()
    decisions = [each for each in (stream.decide(0.1) for _ in range(60)) if each is not None]
    assert decisions
    assert {(each.enter, each.leave_long, each.leave_short, each.confidence) for each in decisions} == {(0, False, False, 0.0)}


# --- files ---------------------------------------------------------------------------------------------------------

GOOD = "time;Open;High;Low;Close\n1700000000;1;2;0.5;1.5\n1700003600;1.5;2;1;1\n"


def written(folder: Path, text: str, name: str = "X-Y.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_columns_are_known_by_name_and_symbol_and_timeframe_by_the_files_name() -> None:
    daily, hourly = (CandleFile(real_file(f"candles/{name}")) for name in FILES)
    assert (daily.symbol, daily.timeframe, hourly.symbol, hourly.timeframe) == ("BTC-USD", "1d", "WLD-USDT", "1h")
    first = next(iter(hourly))
    assert (first.timestamp, first.close, first.trades_count) == (datetime(2023, 9, 12, 22, tzinfo=UTC), 1.0195, 19643)
    assert len(list(daily)) == 1318
    assert len(list(hourly)) == 2160


@pytest.mark.parametrize(
    "moment",
    [
        "2023-11-14T22:13:20Z",
        "2023-11-14 22:13:20",
        "2023-11-15T00:13:20+02:00",
        "1700000000",
        "1700000000.0",
        "1700000000000",
        "1.7e12",
        "1700000000000000",
    ],
)
def test_a_time_may_be_iso_or_a_number_in_any_usual_unit(tmp_path: Path, moment: str) -> None:
    path = written(tmp_path, f"date,open,high,low,close\n{moment},1,1,1,1\n", "X-1h.csv")
    assert next(iter(CandleFile(path))).timestamp == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_file_that_names_nothing_is_told_by_its_stem_and_the_spacing_of_its_rows(tmp_path: Path) -> None:
    file = CandleFile(written(tmp_path, "\ufeff" + GOOD))
    assert (file.symbol, file.timeframe) == ("X-Y", "1h")
    file = CandleFile(written(tmp_path, GOOD), symbol="Z", timeframe="15m")
    assert (file.symbol, file.timeframe, next(iter(file)).closes_at) == ("Z", "15m", datetime(2023, 11, 14, 22, 28, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("", "line 1", "names no column timestamp, open, high, low, close"),
        ("time;open;high;close\n1;1;1;1\n", "line 1", "names no column low"),
        ("time;open;high;low;close\n", "line 3", "timeframe cannot be told"),
        (GOOD.replace("0.5", "half"), "line 2, column low", "must be a number"),
        (GOOD.replace("0.5", ""), "line 2, column low", "must be a number"),
        (GOOD.replace("0.5", "nan"), "line 2, column low", "finite"),
        (GOOD.replace("0.5", "-1"), "line 2, column low", "more than 0"),
        (GOOD.replace("0.5", "1.7"), "line 2, column open", "lies outside of low and high"),
        (GOOD.replace("1700000000", "yesterday"), "line 2, column timestamp", "ISO 8601"),
        (GOOD + "1700003600;1;1;1;1\n", "line 3, column timestamp", "cannot be told"),
        (GOOD + "1700007200;1;1\n", "line 4", "has 3 columns, the header 5"),
    ],
    ids=range(11),
)
def test_a_broken_file_is_refused_with_the_line_and_the_column(tmp_path: Path, text: str, place: str, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        list(CandleFile(written(tmp_path, text)))
    ((where, what),) = refused.value.fields.items()
    assert place in where
    assert fault in what


@pytest.mark.parametrize("raw", [b"time,open\xff\xfe", b'time,open,high,low,close\n"1700000000,1,1,1,1\n', b"\x00\x01\x02"])
def test_what_is_no_csv_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "X-1h.csv"
    path.write_bytes(raw)
    with pytest.raises(Refused):
        list(CandleFile(path))


def test_rows_that_go_back_in_time_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not come after"):
        list(CandleFile(written(tmp_path, GOOD + "1700000000;1;1;1;1\n", "X-1h.csv")))
    with pytest.raises(Refused, match="No such file"):
        CandleFile(tmp_path / "missing-1h.csv")


def test_a_candle_that_is_not_over_yet_is_left_out(tmp_path: Path) -> None:
    soon = (datetime.now(UTC) - timedelta(minutes=5)).timestamp()
    assert len(list(CandleFile(written(tmp_path, GOOD + f"{soon:.0f};1;1;1;1\n", "X-1h.csv")))) == 2
