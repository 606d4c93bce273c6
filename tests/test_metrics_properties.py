"""Figures of random returns against empyrical's, and sums that no order of their terms can change."""

import math

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data import metrics
from data.metrics.exact import BLOCK, sums_by_code, sums_by_run
from data.metrics.returns import DAY_US
from data.times import from_microseconds

quick = settings(max_examples=150, deadline=None)

# Steps of a hundredth of a percent: a variance is 0 or far from it, so that both libraries divide by the same number.
steps = st.integers(-2_000, 3_000).map(lambda step: step / 10_000)
several = st.lists(steps, min_size=2, max_size=60).map(np.array)
years = st.sampled_from([252, 365])


def same(ours: float | None, theirs: float) -> bool:
    """Tell whether two figures agree to 1e-9, None standing for what empyrical answers NaN or infinity to."""
    if not math.isfinite(theirs):
        return ours is None
    return ours is not None and ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@quick
@given(r=several, days=years)
def test_ratios_are_those_of_empyrical(r: NDArray[np.float64], days: int) -> None:
    found = metrics.performance(r, days)
    theirs = {
        "cumulative_return": empyrical.cum_returns_final(r),
        "annual_return": empyrical.annual_return(r, annualization=days),
        "volatility": empyrical.annual_volatility(r, annualization=days),
        "downside_volatility": empyrical.downside_risk(r, annualization=days),
        "sharpe_ratio": empyrical.sharpe_ratio(r, annualization=days),
        "sortino_ratio": empyrical.sortino_ratio(r, annualization=days),
        "calmar_ratio": empyrical.calmar_ratio(r, annualization=days),
        "omega_ratio": empyrical.omega_ratio(r),
        "max_drawdown": empyrical.max_drawdown(r),
        "var_95": empyrical.value_at_risk(r, 0.05),
        "var_99": empyrical.value_at_risk(r, 0.01),
        "cvar_95": empyrical.conditional_value_at_risk(r, 0.05),
    }
    assert [name for name, value in theirs.items() if not same(found[name], value)] == []


@quick
@given(pairs=st.lists(st.tuples(steps, steps), min_size=2, max_size=40), days=years)
@example(pairs=[(-0.2, 0.25), (0.3, 0.35)], days=252)
def test_beta_and_alpha_are_those_of_empyrical(pairs: list[tuple[float, float]], days: int) -> None:
    own, market = np.array(pairs).T
    beta, ours = empyrical.beta_aligned(own, market), metrics.alpha(own, market, days)
    assert same(metrics.beta(own, market), beta)
    with np.errstate(over="ignore"):
        theirs = empyrical.alpha_aligned(own, market, annualization=days)
    if (own - beta * market).mean() < -1:  # empyrical raises what is left, a negative number, to a power: a gain if that is even
        assert ours is None
    else:
        assert same(ours, theirs) or ours == pytest.approx(theirs, rel=1e-9 * days)  # a rounded mean to the power of `days`


@quick
@given(r=several, window=st.integers(2, 12), days=years)
def test_a_rolling_figure_is_that_of_its_window(r: NDArray[np.float64], window: int, days: int) -> None:
    for rolling, plain in ((metrics.rolling_sharpe, metrics.sharpe_ratio), (metrics.rolling_volatility, metrics.volatility)):
        found = rolling(r, window, days)
        assert found.size == r.size
        assert np.isnan(found[: window - 1]).all()
        assert all(same(plain(r[end - window : end], days), found[end - 1]) for end in range(window, r.size + 1))


@quick
@given(r=several)
def test_under_water_is_what_the_drawdowns_are_taken_from(r: NDArray[np.float64]) -> None:
    fallen = metrics.underwater(metrics.Returns(r).growth)
    assert (fallen.min(), fallen[-1]) == (metrics.max_drawdown(r), metrics.current_drawdown(r))
    lasted = metrics.longest_drawdown_days(np.arange(r.size).astype("datetime64[D]"), r)
    assert lasted is not None
    assert 0 <= lasted <= r.size


@quick
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(-50, 50)), max_size=9, unique_by=lambda cell: cell[0]), min_size=1, max_size=4))
def test_correlation_is_that_of_pandas(cells: list[list[tuple[int, int]]]) -> None:
    series = [(np.array([day for day, _ in own], dtype="datetime64[D]"), [float(value) for _, value in own]) for own in cells]
    frame = pd.DataFrame({place: pd.Series(dict(own), dtype=float) for place, own in enumerate(cells)}, index=range(10))
    theirs = frame.corr(min_periods=2).to_numpy()
    ours = metrics.correlation(series)
    assert all(same(ours[row][column], theirs[row, column]) for row in range(len(cells)) for column in range(len(cells)))


@quick
@given(st.lists(st.floats(-1e300, 1e300), max_size=50))
def test_a_sum_is_rounded_once(values: list[float]) -> None:
    assert metrics.exact_sum(np.array(values)) == math.fsum(values)


def test_a_long_sum_over_many_magnitudes_is_rounded_once() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=50_000) * 10.0 ** rng.integers(-30, 30, 50_000)
    assert metrics.exact_sum(values) == math.fsum(values) == metrics.exact_sum(values[::-1])
    with pytest.raises(OverflowError):
        metrics.exact_sum(np.array([1e308, 1e308]))


def test_sums_falls_and_days_of_many_blocks_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(5)
    size = 3 * BLOCK + 7
    values = rng.normal(size=size) * 10.0 ** rng.integers(-9, 6, size)
    for groups in (3, 40, BLOCK):
        codes = np.sort(rng.integers(0, groups, size))
        first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
        exactly = [math.fsum(part) for part in np.split(values, first[1:])]
        shuffled = rng.permutation(size)
        assert sums_by_run(values, first).tolist() == pytest.approx(exactly, rel=1e-15)
        assert sums_by_code(values[shuffled], codes[shuffled], groups)[codes[first]].tolist() == sums_by_run(values, first).tolist()
    assert metrics.exact_sum(values, np.square) == math.fsum(np.square(values))
    times, equity = np.cumsum(rng.integers(1, 2 * DAY_US // 700, size)), np.cumsum(values)
    falls = np.maximum.accumulate(equity) - equity
    deepest = metrics.largest_drawdown(times, equity)
    assert deepest is not None
    assert (deepest.amount, deepest.trough_at) == (falls.max(), from_microseconds(times[falls.argmax()]))
    for some in (times, times[::2000], times[:1]):
        days = some // DAY_US
        assert metrics.ends_of_days(some).tolist() == np.flatnonzero(np.append(days[1:] != days[:-1], True)).tolist()


@quick
@given(
    orders=st.lists(st.tuples(st.integers(0, 5), st.floats(-1e9, 1e9)), max_size=40).flatmap(
        lambda rows: st.tuples(st.just(rows), st.permutations(rows))
    )
)
@example(
    orders=([(0, 1.0), (1, 1.2e-86), (1, 2.6720323800852363e-76), (1, 1.2e-86)], [(1, 1.2e-86), (1, 1.2e-86), (1, 2.6720323800852363e-76), (0, 1.0)])
)
def test_no_figure_of_trades_depends_on_the_order_of_the_rows(orders: tuple[list[tuple[int, float]], list[tuple[int, float]]]) -> None:
    answers = []
    for rows in orders:
        times, pnl = [time * 40_000_000_000 for time, _ in rows], [value for _, value in rows]
        times_once, equity = metrics.curve_from_exits(times, pnl, 100.0)
        days, returns = metrics.daily_from_pnl(times, pnl, 1000.0)
        shares = metrics.contribution([time for time, _ in rows], pnl, list("abcdef"))
        answers.append(
            (metrics.trade_statistics(pnl, pnl, pnl, times), times_once.tolist(), equity.tolist(), days.tolist(), returns.tolist(), shares)
        )
    assert answers[0] == answers[1]
    statistics, times_once, equity, *_ = answers[0]
    assert times_once == sorted({time * 40_000_000_000 for time, _ in orders[0]})
    if orders[0]:
        assert equity[-1] == pytest.approx(100 + math.fsum(value for _, value in orders[0]), rel=1e-9, abs=1e-4)
        assert statistics["total_pnl"] == math.fsum(value for _, value in orders[0])
