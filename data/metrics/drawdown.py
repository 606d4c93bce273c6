"""How far below its peak, and for how long."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike

from data.metrics.checks import DayArray, FloatArray, ascending_times, finite_array, ratio
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
    peaks = np.maximum.accumulate(values)
    if start is not None:
        np.maximum(peaks, start, out=peaks)
    fall = peaks - values
    trough = int(fall.argmax())
    if fall[trough] <= 0:
        return None
    height = float(peaks[trough])
    stood = np.flatnonzero(values[:trough] == height)
    peak = int(stood[-1]) if stood.size else 0
    again = np.flatnonzero(values[trough:] >= height)
    recovered = trough + int(again[0]) if again.size else None
    return Drawdown(
        amount=float(fall[trough]),
        fraction=ratio(-float(fall[trough]), height) if height > 0 else None,
        peak_at=_moment(times[peak]),
        trough_at=_moment(times[trough]),
        recovered_at=None if recovered is None else _moment(times[recovered]),
        duration_seconds=int(times[trough] - times[peak]) / 1e6,
        recovery_seconds=None if recovered is None else int(times[recovered] - times[trough]) / 1e6,
    )


def _moment(time_us: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(time_us))
