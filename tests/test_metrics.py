"""The figures of real data whose values are known, and the answers where a figure is not defined."""

import csv
import gzip
import json
import math
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from data import metrics
from tests.support.paths import real_file

DAY_US = 86_400_000_000
NONE: list[float] = []


@pytest.fixture(scope="module")
def real_returns() -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """1,511 real daily returns, 2004 to 2009, and their days."""
    with gzip.open(real_file("returns/test_returns.csv.gz"), "rt") as lines:
        days, returns = zip(*((day[:10], float(value)) for day, value in csv.reader(lines)), strict=True)
    return np.array(days, dtype="datetime64[D]"), np.array(returns)


@pytest.fixture(scope="module", params=["tradesv3.sqlite", "backtest-result.json"])
def closings(request: pytest.FixtureRequest) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Exit times in microseconds and net P&L of the 179 trades, straight from what freqtrade wrote, in the file's order."""
    path = real_file(f"freqtrade/{request.param}")
    if path.suffix == ".json":
        trades = json.loads(path.read_text())["strategy"]["StrategyTestV3"]["trades"]
        return np.array([trade["close_timestamp"] for trade in trades]).astype(np.int64) * 1000, np.array([trade["profit_abs"] for trade in trades])
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        rows = connection.execute("SELECT close_date, close_profit_abs FROM trades ORDER BY id").fetchall()
    return np.array([row[0] for row in rows], dtype="datetime64[us]").astype(np.int64), np.array([row[1] for row in rows])


def test_the_figures_of_real_returns_are_those_that_others_found(real_returns: Any) -> None:
    days, returns = real_returns
    assert len(returns) == 1511
    found = metrics.performance(returns, 252)
    exactly = {
        "cumulative_return": 0.6540425002394212,
        "annual_return": 0.08754829097608186,
        "volatility": 0.26207589023902617,
        "sharpe_ratio": 0.45112136682362247,
        "sortino_ratio": 0.6587882350931493,
        "calmar_ratio": 0.1449695573926278,
        "max_drawdown": -0.6039081069894608,
    }
    assert {name: found[name] for name in exactly} == pytest.approx(exactly, rel=1e-9, abs=0)
    assert found["omega_ratio"] == pytest.approx(1.08518583, abs=5e-9)
    assert found["var_95"] == pytest.approx(-0.0249511, abs=5e-8)
    assert found["cvar_95"] == pytest.approx(-0.0376013, abs=5e-8)
    assert (found["positive_days"], found["negative_days"]) == (782, 724)
    assert metrics.sharpe_ratio(returns, 365) == pytest.approx(0.542924649, abs=5e-10)

    deepest = metrics.largest_drawdown(days.astype("datetime64[us]").astype(np.int64), np.cumprod(1 + returns), start=1.0)
    assert deepest is not None
    assert (deepest.peak_at, deepest.trough_at) == (datetime(2007, 11, 6, tzinfo=UTC), datetime(2009, 3, 9, tzinfo=UTC))
    assert (deepest.recovered_at, deepest.recovery_seconds) == (None, None)
    assert deepest.fraction == pytest.approx(-0.6039081069894608, rel=1e-9)

    totals = {row["year"]: row["total"] for row in metrics.monthly_returns(days, returns)}
    assert totals == pytest.approx({2004: 0.404800, 2005: -0.031953, 2006: -0.016682, 2007: 0.076350, 2008: -0.410776, 2009: 0.950329}, abs=5e-7)


def test_real_trades_give_the_same_figures_whatever_the_order_of_the_rows(closings: Any) -> None:
    times, pnl = closings
    rng = np.random.default_rng(4)
    orders = [np.arange(179), np.arange(179)[::-1], *(rng.permutation(179) for _ in range(20))]
    found = [metrics.trade_statistics(pnl[order], NONE, NONE, times[order]) for order in orders]
    assert all(statistics == found[0] for statistics in found)
    assert (found[0]["total_trades"], found[0]["winning_trades"], found[0]["losing_trades"]) == (179, 170, 9)
    assert (found[0]["total_pnl"], found[0]["profit_factor"]) == (0.0010419029856968845, 2.4223288739520954)
    assert found[0]["expectancy"] == pytest.approx(5.820687070932315e-06, rel=1e-12)
    assert found[0]["recovery_factor"] == pytest.approx(0.0010419029856968845 / 0.0002, rel=1e-9)

    deepest = {metrics.largest_drawdown(*metrics.curve_from_exits(times[order], pnl[order], 0.01)) for order in orders}
    (only,) = deepest
    assert only is not None
    assert only.amount == pytest.approx(0.0002, rel=1e-9)
    assert only.fraction == pytest.approx(-0.018740312808228732, rel=1e-9)
    assert (only.peak_at, only.trough_at) == (datetime(2018, 1, 16, 19, 30, tzinfo=UTC), datetime(2018, 1, 16, 22, 25, tzinfo=UTC))
    assert only.duration_seconds == 10_500
    assert only.recovered_at is not None
    assert only.recovery_seconds == (only.recovered_at - only.trough_at).total_seconds()


def test_figures_without_returns_and_with_one_are_defined() -> None:
    nothing = metrics.performance([], 365)
    assert {name for name, value in nothing.items() if value is not None} == {"positive_days", "negative_days"}
    one = {name: value for name, value in metrics.performance([-0.5], 365).items() if value is not None}
    assert one == {
        "cumulative_return": -0.5,
        "max_drawdown": -0.5,
        "current_drawdown": -0.5,
        "best_day": -0.5,
        "worst_day": -0.5,
        "positive_days": 0,
        "negative_days": 1,
    }


@pytest.mark.parametrize(
    ("returns", "undefined"),
    [
        ([0.0] * 5, {"sharpe_ratio", "sortino_ratio", "calmar_ratio", "omega_ratio"}),
        ([0.1] * 3, {"sharpe_ratio", "sortino_ratio", "calmar_ratio", "omega_ratio"}),  # its mean does not round to 0.1
        ([0.01, 0.02], {"sortino_ratio", "calmar_ratio", "omega_ratio"}),
        ([-0.01, -0.02], set()),
        ([-1.0, 0.5], set()),
        ([-3.0, -3.0], {"sharpe_ratio"}),
        ([1e200, -0.5], {"annual_return", "calmar_ratio", "volatility", "sharpe_ratio", "parametric_var_95"}),
        ([1e308, 1e308, -1.0], None),
    ],
    ids=["flat", "constant", "no loss", "all losing", "everything lost", "more than everything lost", "beyond a float's square", "beyond floats"],
)
def test_what_is_not_defined_is_none_and_nothing_is_ever_infinite(returns: list[float], undefined: set[str] | None) -> None:
    found = metrics.performance(returns, 365)
    assert all(value is None or math.isfinite(value) for value in found.values())
    if undefined is not None:
        assert {name for name, value in found.items() if value is None} == undefined
    assert -1.0 <= found["max_drawdown"] <= found["current_drawdown"] <= 0.0
    if min(returns) <= -1.0:
        assert (found["cumulative_return"], found["max_drawdown"]) == (-1.0, -1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused_by_the_name_of_their_place(bad: float) -> None:
    values, times = [0.1, bad], [0, 1]
    with pytest.raises(ValueError, match=r"returns\[1\]"):
        metrics.performance(values, 365)
    with pytest.raises(ValueError, match=r"benchmark\[1\]"):
        metrics.beta([0.1, 0.2], values)
    with pytest.raises(ValueError, match=r"deposits\[1\]"):
        metrics.growth_index([1.0, 2.0], values)
    with pytest.raises(ValueError, match=r"fees\[1\]"):
        metrics.trade_statistics([1.0, 2.0], values, NONE)
    for refuses in (metrics.daily_from_pnl, metrics.curve_from_exits):
        with pytest.raises(ValueError, match=r"net_pnl\[1\]"):
            refuses(times, values, 1.0)
    with pytest.raises(ValueError, match=r"equity\[1\]"):
        metrics.largest_drawdown(times, values)


def test_input_that_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 values, but 1 deposits"):
        metrics.growth_index([1.0, 2.0], [0.0])
    with pytest.raises(ValueError, match="2 returns, but 1 of the benchmark"):
        metrics.beta([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="times_us has shape"):
        metrics.curve_from_exits([1], [1.0, 2.0], 0.0)
    with pytest.raises(ValueError, match="must ascend"):
        metrics.last_of_day([2, 1], [1.0, 2.0])
    with pytest.raises(ValueError, match="one dimension"):
        metrics.performance([[0.1]], 365)
    with pytest.raises(ValueError, match="must be above 0"):
        metrics.daily_from_pnl([1], [1.0], 0.0)
    with pytest.raises(ValueError, match=r"index\[0\]"):
        metrics.underwater([0.0, 1.0])
    with pytest.raises(ValueError, match="window"):
        metrics.rolling_sharpe([0.1, 0.2], 1, 365)


def test_a_deposit_is_no_return_and_a_withdrawal_no_loss() -> None:
    assert metrics.growth_index([1000, 1550, 1050, 1155], [0, 500, -500, 0]) == pytest.approx([1, 1.05, 1.05, 1.155])
    assert metrics.growth_index([0, 1000, 1100], [0, 1000, 0]).tolist() == [1, 1, 1.1]
    assert metrics.growth_index([1000, -50, 500], [0, 0, 550]).tolist() == [1, 0, 0]
    assert metrics.growth_index([1e-308, 1e300, 0.0], [0, 0, 0])[1:].tolist() == [np.finfo(float).max, 0.0]
    assert metrics.growth_index([], []).size == 0


def test_days_without_a_snapshot_make_no_return() -> None:
    times = [0, DAY_US - 1, DAY_US, 4 * DAY_US, 5 * DAY_US, 6 * DAY_US]
    days, returns = metrics.daily_returns(times, [1.0, 2.0, 3.0, 1.5, 0.0, 0.0])
    assert days.astype(int).tolist() == [1, 4, 5, 6]
    assert returns.tolist() == [0.5, -0.5, -1.0, 0.0]
    days, last = metrics.last_of_day([-1, 0], [7.0, 8.0])
    assert (days.astype(str).tolist(), last.tolist()) == (["1969-12-31", "1970-01-01"], [7.0, 8.0])
    assert [part.size for part in metrics.daily_returns([], [])] == [0, 0]


def test_a_strategys_days_without_exits_are_zero_between_its_first_and_last_trade() -> None:
    days, returns = metrics.daily_from_pnl([5 * DAY_US, 2 * DAY_US, 5 * DAY_US + 1], [10.0, -5.0, 10.0], 1000)
    assert days.astype(int).tolist() == [2, 3, 4, 5]
    assert returns.tolist() == [-0.005, 0.0, 0.0, 0.02]
    assert [part.size for part in metrics.daily_from_pnl([], [], 1000)] == [0, 0]


def test_drawdown_knows_start_peak_trough_and_recovery() -> None:
    times = [second * 1_000_000 for second in range(6)]
    fallen = metrics.largest_drawdown(times, [100, 120, 120, 90, 110, 121])
    assert fallen is not None
    assert (fallen.amount, fallen.fraction, fallen.duration_seconds, fallen.recovery_seconds) == (30, -0.25, 1, 2)
    from_start = metrics.largest_drawdown([0, 1], [-5.0, -8.0], start=0.0)
    assert from_start is not None
    assert (from_start.amount, from_start.fraction, from_start.peak_at) == (8.0, None, datetime(1970, 1, 1, tzinfo=UTC))
    assert metrics.largest_drawdown([0, 1], [5.0, 5.0]) is None
    assert metrics.largest_drawdown([], []) is None
    assert metrics.underwater([1.0, 2.0, 1.0, 3.0]).tolist() == [0.0, 0.0, -0.5, 0.0]


@pytest.mark.parametrize(
    ("by_day", "longest"),
    [
        ({}, None),
        ({1: 0.1}, 0),
        ({1: 0.0, 2: 0.0}, 0),
        ({1: -0.1}, 0),  # the first day stands for the start
        ({1: 0.1, 2: -0.5, 3: 1.5}, 2),
        ({1: 0.1, 2: -0.5, 9: 0.1}, 8),
        ({1: -0.5, 2: 2.0, 8: -0.1}, 6),
    ],
)
def test_time_under_water_runs_from_a_peak_to_its_return_or_to_the_last_day(by_day: dict[int, float], longest: int | None) -> None:
    assert metrics.longest_drawdown_days(np.array(list(by_day), dtype="datetime64[D]"), list(by_day.values())) == longest


def test_statistics_of_no_trade_one_trade_and_trades_without_a_loss_are_defined() -> None:
    nothing = metrics.trade_statistics([], [], [], [])
    counts = {"total_trades", "winning_trades", "losing_trades", "breakeven_trades", "longest_winning_streak", "longest_losing_streak"}
    assert {name for name, value in nothing.items() if value is not None} == counts | {"gross_profit", "gross_loss", "total_pnl", "fees"}
    won = metrics.trade_statistics([5.0, 5.0, 0.0], [0.5], [10.0, 20.0], [3, 3, 3])
    assert (won["win_rate"], won["breakeven_trades"], won["fees"], won["avg_duration_seconds"]) == (2 / 3, 1, 0.5, 15.0)
    assert (won["profit_factor"], won["payoff_ratio"], won["recovery_factor"], won["avg_loss"]) == (None, None, None, None)
    assert metrics.trade_statistics([0.1] * 3, [], [])["sqn"] is None
    assert metrics.trade_statistics([1.0], [], [])["longest_winning_streak"] is None


def test_streaks_follow_the_order_of_exit_and_put_losers_first_at_the_same_time() -> None:
    found = metrics.trade_statistics([1, 1, -1, 0, 1, 1, -1, -1], [], [], [8, 7, 1, 2, 4, 3, 5, 7])
    assert (found["longest_winning_streak"], found["longest_losing_streak"]) == (2, 2)
    assert found["sqn"] == pytest.approx(math.sqrt(8) * 0.125 / np.std([1, 1, -1, 0, 1, 1, -1, -1], ddof=1))
    assert (found["payoff_ratio"], found["recovery_factor"]) == (1.0, 1.0)


def test_the_monthly_table_leaves_months_without_returns_empty() -> None:
    days = np.array(["2024-12-31", "2026-01-01", "2026-01-02", "2026-03-01"], dtype="datetime64[D]")
    first, second = metrics.monthly_returns(days, [0.5, 0.1, 0.1, -2.0])
    assert first == {"year": 2024, "months": [None] * 11 + [0.5], "total": 0.5}
    assert second["months"][:3] == [pytest.approx(0.21), None, -1.0]
    assert second["total"] == -1.0
    assert metrics.monthly_returns(days[:0], []) == []


def test_strategies_correlate_on_the_days_that_both_traded() -> None:
    days = np.arange(20, 24).astype("datetime64[D]")
    series = [(days, [1.0, 2.0, 3.0, 9.0]), (days[:3], [-1.0, -2.0, -3.0]), (days, [1.0] * 4), (days[3:], [1.0])]
    matrix = metrics.correlation(series)
    assert matrix[0][:2] == [1.0, pytest.approx(-1.0)]
    assert matrix[1][:2] == [pytest.approx(-1.0), 1.0]
    assert [matrix[row][column] for row in range(4) for column in range(4) if max(row, column) > 1] == [None] * 12
    assert metrics.correlation([]) == []


def test_contributions_keep_their_sign_and_their_sizes_add_up_to_one() -> None:
    assert metrics.contribution([0, 1, 0, 3], [5.0, -4.0, 1.0, 10.0], ["a", "b", "unused", "c"]) == [
        {"name": "c", "net_pnl": 10.0, "share": 0.5, "trades": 1},
        {"name": "a", "net_pnl": 6.0, "share": 0.3, "trades": 2},
        {"name": "b", "net_pnl": -4.0, "share": -0.2, "trades": 1},
    ]
    assert metrics.contribution([0], [0.0], ["a"]) == [{"name": "a", "net_pnl": 0.0, "share": None, "trades": 1}]
    assert metrics.contribution([], [], []) == []
