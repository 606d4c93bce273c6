"""Equity over time: what accounts were worth, what was paid in or out, and the growth that is left without that."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

from data import metrics
from data.metrics.checks import DayArray, FloatArray, MicrosecondArray
from data.metrics.returns import DAY_US
from data.times import microseconds

Source = Literal["snapshots", "trades", "both"]
FIRST_US = microseconds(datetime.min.replace(tzinfo=UTC))
NO_TIMES: MicrosecondArray = np.empty(0, np.int64)
NO_MONEY: FloatArray = np.empty(0)


@dataclass(frozen=True)
class Curve:
    """What one account or several were worth at moments (µs since 1970, ascending, each once), in one currency.

    `flows` is what was paid in (out, below zero) just before the points of `flow_times`; what an account began with
    is among them, and is a flow where the account joins others later. `opening` tells that the first point is a
    starting balance, which was there before the first day; `has_balance` is False where somebody's is not known,
    so that money has no return.
    """

    times: MicrosecondArray = field(default_factory=lambda: NO_TIMES)
    values: FloatArray = field(default_factory=lambda: NO_MONEY)
    flow_times: MicrosecondArray = field(default_factory=lambda: NO_TIMES)
    flows: FloatArray = field(default_factory=lambda: NO_MONEY)
    source: Source | None = None
    opening: bool = False
    has_balance: bool = True

    @cached_property
    def paid(self) -> tuple[NDArray[np.intp], FloatArray]:
        """The places of points but the first before which something was paid in, ascending and each once, and how much."""
        later = self.flow_times > self.times[0] if self.times.size else np.zeros(self.flows.size, np.bool_)
        places, which = np.unique(np.searchsorted(self.times, self.flow_times[later]), return_inverse=True)
        amounts = np.zeros(places.size)
        np.add.at(amounts, which, self.flows[later])
        return places, amounts

    def paid_after(self, place: int) -> float:
        """Return what was paid in after a point."""
        places, amounts = self.paid
        return float(amounts[places > place].sum())

    @cached_property
    def growth(self) -> FloatArray | None:
        """What 1 grew to at each point, time-weighted (`metrics.growth_index`); None where a starting balance is not known."""
        if not self.has_balance:
            return None
        places, amounts = self.paid
        if self.values.size and self.values.min() > 0:
            # The steps' product between two payments is a quotient of values, so that it need not be multiplied out.
            with np.errstate(over="ignore", invalid="ignore"):
                kept = np.cumprod(np.append(1.0, np.maximum(self.values[places] - amounts, 0.0) / self.values[places]))
                growth = _spread(kept / self.values[0], places, self.values.size)
                growth = np.multiply(self.values, growth, out=growth)
            if growth.max() < np.inf:
                return growth
        paid = np.zeros_like(self.values)
        paid[places] = amounts
        return metrics.growth_index(self.values, paid)

    @cached_property
    def underwater(self) -> FloatArray | None:
        """How far the growth is below its highest value so far at each point, a fraction of 0 or less; None as `growth` is."""
        return None if self.growth is None else metrics.underwater(self.growth)

    @cached_property
    def earned(self) -> FloatArray:
        """The values without what was paid in after the first point: a fall of it is a loss, in money."""
        places, amounts = self.paid
        if not places.size:
            return self.values
        paid = _spread(np.append(0.0, np.cumsum(amounts)), places, self.values.size)
        return np.subtract(self.values, paid, out=paid)

    def until(self, end_us: int | None) -> "Curve":
        """Return the points up to a moment, it included."""
        return self if end_us is None else self._cut(0, int(np.searchsorted(self.times, end_us, side="right")))

    def since(self, start_us: int | None) -> "Curve":
        """Return the points from a moment on.

        Between closings an equity that comes from trades stands still: it begins with its value at that moment.
        """
        if start_us is None or not self.times.size or start_us <= self.times[0]:
            return self
        first = int(np.searchsorted(self.times, start_us))
        later = self._cut(first, self.times.size)
        if self.source != "trades" or (later.times.size and later.times[0] == start_us):
            return later
        return replace(later, times=np.append(start_us, later.times), values=np.append(self.values[first - 1], later.values))

    def _cut(self, first: int, end: int) -> "Curve":
        times = self.times[first:end]
        known = self.flow_times <= times[-1] if times.size else np.zeros(self.flows.size, np.bool_)
        return replace(
            self,
            times=times,
            values=self.values[first:end],
            flow_times=self.flow_times[known],
            flows=self.flows[known],
            opening=self.opening and first == 0,
        )

    @cached_property
    def day_ends(self) -> tuple[MicrosecondArray, NDArray[np.intp]]:
        """The moments and the places of the last point of each UTC day; an opening stands for the day before its own."""
        places = metrics.ends_of_days(self.times)
        if not self.opening or not places.size:
            return self.times[places], places
        places = np.append(0, places) if places[0] else places
        moments = self.times[places]
        moments[0] = max(moments[0] - DAY_US, FIRST_US)
        return moments, places

    def daily(self) -> tuple[DayArray, DayArray, FloatArray]:
        """Return days, for each the day before that has a value, and the return from its last value to the day's last."""
        if self.growth is None or not self.times.size:
            none = np.empty(0, "datetime64[D]")
            return none, none, NO_MONEY
        moments, places = self.day_ends
        days, returns = metrics.daily_returns(moments, self.growth[places])
        first = (moments[:1] // DAY_US).astype("datetime64[D]")
        return days, np.append(first, days)[:-1], returns

    def largest_drawdown(self) -> metrics.Drawdown | None:
        """Return the largest fall of all points in money; its fraction is that of the growth, of which flows are no part."""
        fall = metrics.largest_drawdown(self.times, self.earned)
        return None if fall is None else replace(fall, fraction=self._fraction(fall.peak_at, fall.trough_at))

    def _fraction(self, peak_at: datetime, trough_at: datetime) -> float | None:
        if self.growth is None:
            return None
        places = np.searchsorted(self.times, [microseconds(peak_at), microseconds(trough_at)])
        peak, trough = self.growth[places].tolist()
        return min(trough / peak - 1.0, 0.0) if peak else None


def _spread(parts: FloatArray, places: NDArray[np.intp], size: int) -> FloatArray:
    """Return what spreads to `size` values: the first part up to the first place, the next from there on, and so on."""
    return np.repeat(parts, np.diff(places, prepend=0, append=size))


def added(curves: Sequence[Curve]) -> Curve:
    """Return the sum of accounts of one currency, at every moment that one of them has: each one's last value is carried forward.

    An account that appears later is a flow of what it began with, not a gain.
    """
    curves = [curve for curve in curves if curve.times.size]
    if len(curves) < 2:
        return curves[0] if curves else Curve()
    times = np.unique(np.concatenate([curve.times for curve in curves]))
    return Curve(
        times,
        np.sum([carried(curve.times, curve.values, times) for curve in curves], axis=0),
        np.concatenate([curve.flow_times for curve in curves]),
        np.concatenate([curve.flows for curve in curves]),
        source=curves[0].source if len({curve.source for curve in curves}) == 1 else "both",
        opening=all(curve.opening for curve in curves if curve.times[0] == times[0]),
        has_balance=all(curve.has_balance for curve in curves),
    )


def carried(times: MicrosecondArray, values: FloatArray, moments: MicrosecondArray) -> FloatArray:
    """Return the last value at or before each moment, 0 before the first."""
    places = np.searchsorted(times, moments, side="right")
    return np.append(0.0, values)[places]


def thinned(values: FloatArray, points: int, kept: Sequence[int]) -> NDArray[np.intp]:
    """Return the places of at most `points` values, 10 at least, that look like all of them.

    The first and the last are among them, the lowest and the highest of each of equal stretches, and thus of all, and
    up to two others that are `kept`. Source: MinMax of tsdownsample (Van Der Donckt et al., SoftwareX 2024).
    """
    if values.size <= points:
        return np.arange(values.size)
    places = MinMaxDownsampler().downsample(values, n_out=(points - 4) // 2 * 2)  # type: ignore[no-untyped-call]  # it says it is typed
    return np.unique(np.concatenate([[0, values.size - 1], places.astype(np.intp), kept])).astype(np.intp)


def spread(size: int, points: int) -> NDArray[np.intp]:
    """Return at most `points` places among `size`, evenly apart, the first and the last among them."""
    return np.unique(np.linspace(0, size - 1, min(size, points)).astype(np.intp))


def sampled(net: FloatArray, points: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Return at most `points` places of trades in order of exit, the first and the last among them, and the net P&L of all up to each."""
    places = spread(net.size, points)
    return places, np.cumsum(np.add.reduceat(net, np.append(0, places[:-1] + 1))) if places.size else net
