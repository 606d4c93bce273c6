"""From values and trades to growth, daily returns and equity."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.metrics.checks import DayArray, FloatArray, MicrosecondArray, ascending_times, finite_array, held, same_length
from data.metrics.exact import sums_by_code, sums_by_run
from data.metrics.sample import Returns

DAY_US = 86_400_000_000


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def growth_index(values: ArrayLike, deposits: ArrayLike) -> FloatArray:
    """Return what 1 grew to at each of n consecutive snapshots (n values, the first is 1), deposits taken out.

    Time-weighted: the step to snapshot i is (V_i - D_i) / V_{i-1}, where D_i came in (went out, if negative) between
    the two; it counts as 1 where V_{i-1} <= 0 (nothing was invested) and as 0 where less than nothing was left.
    Source: Global Investment Performance Standards, time-weighted return with external flows at the end of a period.

    Raises:
        ValueError: for NaN and infinity, and when there are not as many deposits as values.
    """
    value, deposit = finite_array(values, "values"), finite_array(deposits, "deposits")
    if value.size != deposit.size:
        raise ValueError(f"{value.size} values, but {deposit.size} deposits")
    steps = np.ones_like(value)
    np.divide(value[1:] - deposit[1:], value[:-1], out=steps[1:], where=value[:-1] > 0)
    np.maximum(steps, 0.0, out=steps)
    return held(np.multiply.accumulate(held(steps)))


def last_of_day(times_us: ArrayLike, values: ArrayLike) -> tuple[DayArray, FloatArray]:
    """Return the UTC days that have a value (datetime64[D], ascending) and the last value of each.

    Args:
        times_us: microseconds since 1970, ascending.
        values: as many values.
    """
    value = finite_array(values, "values")
    times = ascending_times(times_us, value.size)
    last = ends_of_days(times)
    return (times[last] // DAY_US).astype("datetime64[D]"), value[last]


def ends_of_days(times_us: MicrosecondArray) -> NDArray[np.intp]:
    """Return the places of the last one of each UTC day of ascending times."""
    if not times_us.size:
        return np.empty(0, np.intp)
    first, last = (int(times_us[place]) // DAY_US for place in (0, -1))
    if last - first >= times_us.size:  # fewer times than days: each is looked at
        return _last_of_runs(times_us // DAY_US)
    ends = np.searchsorted(times_us, np.arange(first + 1, last + 2) * DAY_US) - 1
    return ends[_last_of_runs(ends)]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def daily_returns(times_us: ArrayLike, index: ArrayLike) -> tuple[DayArray, FloatArray]:
    """Return the days and the returns as fractions between consecutive UTC days that have a value of a growth index.

    The first day with a value has no return, days without one make none: nothing is filled. After an index of 0
    there is nothing that could earn a return: 0.
    """
    days, values = last_of_day(times_us, index)
    returns = np.zeros(max(values.size - 1, 0))
    np.divide(values[1:], values[:-1], out=returns, where=values[:-1] > 0)
    np.subtract(returns, 1.0, out=returns, where=values[:-1] > 0)
    return days[1:], held(returns)


def daily_from_pnl(exit_times_us: ArrayLike, net_pnl: ArrayLike, starting_balance: float) -> tuple[DayArray, FloatArray]:
    """Return the days and a strategy's returns: net P&L per UTC exit day / starting balance, in any order of the trades.

    Every day from the first exit to the last has one; those without exits are zero.

    Raises:
        ValueError: for a starting balance that is not above zero, NaN and infinity.
    """
    pnl = finite_array(net_pnl, "net_pnl")
    times = same_length(exit_times_us, pnl.size)
    if not (math.isfinite(starting_balance) and starting_balance > 0):
        raise ValueError(f"the starting balance is {starting_balance}; it must be above 0")
    if not pnl.size:
        return np.empty(0, "datetime64[D]"), pnl
    first, per_day = _summed_by_day(times, pnl)
    with np.errstate(over="ignore"):
        returns = held(per_day / starting_balance)
    return np.arange(first, first + returns.size).astype("datetime64[D]"), returns


def _summed_by_day(times: MicrosecondArray, pnl: FloatArray) -> tuple[int, FloatArray]:
    """Return the first day, counted since 1970, and the sum of each day from there on to the last."""
    if (times[1:] < times[:-1]).any():
        days = times // DAY_US
        first = int(days.min())
        return first, sums_by_code(pnl, days - first, int(days.max()) - first + 1)
    ends = ends_of_days(times)
    days = times[ends] // DAY_US
    per_day = np.zeros(int(days[-1] - days[0]) + 1)
    per_day[days - days[0]] = sums_by_run(pnl, np.append(0, ends[:-1] + 1))
    return int(days[0]), per_day


def curve_from_exits(times_us: ArrayLike, net_pnl: ArrayLike, start: float) -> tuple[MicrosecondArray, FloatArray]:
    """Return the times of closings (each once, ascending) and the equity after each: start + cumulative net P&L.

    Closings of the same time are summed first; their order and that of the rows make no difference, not even in the
    last digit.
    """
    times, pnl = together(*in_order_of_time(times_us, net_pnl))
    equity = np.cumsum(pnl)
    equity += start
    return times, equity


def together(times: MicrosecondArray, pnl: FloatArray) -> tuple[MicrosecondArray, FloatArray]:
    """Return ascending times, each once, and the sum of the net P&L of each."""
    if not (times[1:] == times[:-1]).any():
        return times, pnl
    last = _last_of_runs(times)
    return times[last], sums_by_run(pnl, np.append(0, last[:-1] + 1))


def in_order_of_time(times_us: ArrayLike, net_pnl: ArrayLike) -> tuple[MicrosecondArray, FloatArray]:
    """Return times and net P&L, the earliest first; those of the same time in no particular order.

    Raises:
        ValueError: for NaN and infinity, and when there are not as many times.
    """
    pnl = finite_array(net_pnl, "net_pnl")
    times = same_length(times_us, pnl.size)
    if (times[1:] >= times[:-1]).all():
        return times, pnl
    order = np.argsort(times)
    return times[order], pnl[order]


def cumulative_return(returns: ArrayLike | Returns) -> float | None:
    """Return what all daily returns made together, as a fraction: product of (1 + r) - 1, -1 at the least. None without any."""
    sample = Returns.of(returns)
    return float(sample.growth[-1]) - 1.0 if sample.size else None


def annual_return(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return the compound growth per year as a fraction: (1 + cumulative return) ** (days / n) - 1, n daily returns.

    `days` is the number of returns in a year (BOTV2_TRADING_DAYS). None with fewer than two returns and where a few
    of them would grow beyond any number in a year. Source: empyrical's `annual_return` (CAGR).
    """
    sample = Returns.of(returns)
    if sample.size < 2:
        return None
    try:
        return math.pow(sample.growth[-1], days / sample.size) - 1.0
    except OverflowError:
        return None


def _last_of_runs(sorted_values: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the places where a run of equal values ends."""
    ends = np.ones(sorted_values.size, np.bool_)
    np.not_equal(sorted_values[1:], sorted_values[:-1], out=ends[:-1])
    return np.flatnonzero(ends)
