"""How far below its peak, and for how long."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike

from data.metrics.checks import DayArray, FloatArray, ascending_times, finite_array, ratio
from data.metrics.exact import BLOCK
from data.metrics.sample import Returns

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """A fall of a curve in money from a peak to the lowest point before the peak was seen again.

    `amount` is in the curve's money and above zero, `fraction` is below zero: -amount / value at the peak (None where
    that is not above zero). Times are aware UTC; `recovered_at` and `recovery_seconds` (from the trough) are None
    while the peak has not been seen again. `duration_seconds` runs from peak to trough.
    """

    amount: float
    fraction: float | None
    peak_at: datetime
    trough_at: datetime
    recovered_at: datetime | None
    duration_seconds: float
    recovery_seconds: float | None


def underwater(index: ArrayLike) -> FloatArray:
    """Return how far an index stands below its highest value so far at each place, as fractions <= 0: value / peak - 1.

    Raises:
        ValueError: for NaN and infinity, and when the index does not begin above 0.
    """
    values = finite_array(index, "index")
    if values.size and values[0] <= 0:
        raise ValueError(f"index[0] is {values[0]}; it must be above 0")
    below = np.maximum.accumulate(values)
    np.divide(values, below, out=below)
    below -= 1.0
    return below


def max_drawdown(returns: ArrayLike | Returns) -> float | None:
    """Return the deepest fall of the compounded growth below its peak, as a fraction <= 0; the start counts as a peak.

    None without returns. Source: empyrical, `max_drawdown`.
    """
    sample = Returns.of(returns)
    return sample.deepest if sample.size else None


def current_drawdown(returns: ArrayLike | Returns) -> float | None:
    """Return how far the compounded growth is below its peak after the last return, as a fraction <= 0. None without returns."""
    growth = Returns.of(returns).growth
    return float(growth[-1] / growth.max()) - 1.0 if growth.size > 1 else None


def longest_drawdown_days(days: DayArray, returns: ArrayLike | Returns) -> int | None:
    """Return the longest time under water in calendar days: from the day of a peak to the day that reached it again.

    One that has not recovered counts to the last day. The first day stands for the start. None without returns.
    """
    sample = Returns.of(returns)
    if not sample.size:
        return None
    at_peak = sample.growth >= np.maximum.accumulate(sample.growth)
    places = np.union1d(np.flatnonzero(at_peak), sample.size)
    under = np.diff(places) > 1
    under[-1] |= not at_peak[-1]
    day_of = np.append(days[:1], days).astype(np.int64)
    return int(np.diff(day_of[places])[under].max(initial=0))


def largest_drawdown(times_us: ArrayLike, equity: ArrayLike, start: float | None = None) -> Drawdown | None:
    """Return the largest fall, by amount, of a curve in money at every point of it; None where it never falls.

    The peak is where the curve last stood at its height before falling, the trough the first place of the depth.

    Args:
        times_us: microseconds since 1970, ascending, each once (see `curve_from_exits`).
        equity: the value at each.
        start: the value before the first point, which is a peak too; it is given the first point's time.
    """
    values = finite_array(equity, "equity")
    times = ascending_times(times_us, values.size)
    if not values.size:
        return None
    amount, trough, height = _deepest(_blocks(values), -math.inf if start is None else start)
    if amount <= 0:
        return None
    stood = values[:trough][::-1] == height
    peak = trough - 1 - int(stood.argmax()) if stood.any() else 0
    again = values[trough:] >= height
    recovered = trough + int(again.argmax()) if again.any() else None
    return Drawdown(
        amount=amount,
        fraction=ratio(-amount, height) if height > 0 else None,
        peak_at=_moment(times[peak]),
        trough_at=_moment(times[trough]),
        recovered_at=None if recovered is None else _moment(times[recovered]),
        duration_seconds=int(times[trough] - times[peak]) / 1e6,
        recovery_seconds=None if recovered is None else int(times[recovered] - times[trough]) / 1e6,
    )


def largest_fall(pnl: FloatArray) -> float:
    """Return the largest fall, by amount, of the sum of all up to each of finite `pnl`; the start, 0, is a peak, too."""
    return _deepest(_running(pnl), 0.0)[0]


def _blocks(values: FloatArray) -> Iterator[FloatArray]:
    return (values[begin : begin + BLOCK] for begin in range(0, values.size, BLOCK))


def _running(pnl: FloatArray) -> Iterator[FloatArray]:
    total = 0.0
    for block in _blocks(pnl):
        earned = block.copy()
        earned[0] += total
        np.cumsum(earned, out=earned)
        total = float(earned[-1])
        yield earned


def _deepest(blocks: Iterable[FloatArray], peak: float) -> tuple[float, int, float]:
    """Return the largest fall, its place and from which height; `peak` is the height before the values.

    Block by block: what is large comes to the processor once, and no memory is asked for that is as large as the values.
    """
    amount, trough, height = 0.0, 0, peak
    for number, block in enumerate(blocks):
        before, peak = peak, max(peak, float(block.max()))
        if peak - float(block.min()) <= amount:  # as in most blocks, once a large fall was seen
            continue
        peaks = np.maximum(np.maximum.accumulate(block), before)
        fall = peaks - block
        place = int(fall.argmax())
        if fall[place] > amount:
            amount, trough, height = float(fall[place]), number * BLOCK + place, float(peaks[place])
    return amount, trough, height


def _moment(time_us: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(time_us))
