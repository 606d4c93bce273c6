"""The strategies that a replay can follow. Each decides on the close of a candle and is filled at that close.

Every strategy is written twice: `stream` follows the candles one by one, as a bot does; `signals` works on whole
columns. `Strategy.trades` goes from the columns straight to the trades, so that the replay can be held against it.

| strategy | enters | leaves |
| --- | --- | --- |
| `ma_crossover` | long when the SMA of 10 closes crosses above that of 30, short when it crosses below | at the opposite crossing |
| `rsi_reversion` | long when RSI(14) comes back above 30, short when it comes back below 70 | when RSI has passed 50 |
| `bollinger_breakout` | long when the close breaks through the upper band (20, 2), short through the lower | when the close is back at the middle |

All of them: one position at a time per symbol, of a fixed stake; a stop loss and a take profit as fractions of the
entry price; a fee of 0.1 % of the value at entry and again at exit. `app.replay.account` says how a stop is filled.

To add a strategy: a stream, a function of columns, and a row in `STRATEGIES`; the tests hold the two against each other.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from app.replay.parameters import BAND_LENGTH, BAND_WIDTHS, FAST, MARGIN, NEUTRAL, OVERBOUGHT, OVERSOLD, RSI_LENGTH, SLOW
from app.replay.streaming import Rsi, Window
from app.replay.trade import Terms, Trade
from data.importers.candle_file import Candle


@dataclass(frozen=True, slots=True)
class Decision:
    """What a strategy makes of a candle's close.

    Attributes:
        enter: 1 to go long, -1 to go short, 0 for neither.
        leave_long: whether a long position should end.
        leave_short: whether a short position should end.
        leaning: which way the strategy leans, whether or not it acts now: 1 up, -1 down.
        confidence: 0 to 1, how far the figure that decides lies from where it would decide nothing; see each stream.
        indicators: the figures that it was decided by.
    """

    enter: int
    leave_long: bool
    leave_short: bool
    leaning: int
    confidence: float
    indicators: dict[str, float]

    def leaves(self, side: int) -> bool:
        """Say whether a position of this side should end: 1 for long, -1 for short."""
        return self.leave_long if side == 1 else self.leave_short


class Stream(Protocol):
    """A strategy that follows candles."""

    def decide(self, close: float) -> Decision | None:
        """Take the next close; return the decision, or None while there have been too few."""


class MaCrossover:
    """Follows the trend.

    Confidence: the part of a normal distribution that lies nearer to its mean than the distance of the two averages,
    in standard deviations of the slow window. 0: they are one; 0.68: they are one standard deviation apart.
    """

    def __init__(self, fast: int = FAST, slow: int = SLOW) -> None:
        """Compare the averages of `fast` and `slow` closes."""
        self._names = (f"sma_{fast}", f"sma_{slow}")
        self._fast, self._slow = Window(fast), Window(slow)
        self._was_above: bool | None = None

    def decide(self, close: float) -> Decision | None:
        """See `Stream`."""
        self._fast.add(close)
        self._slow.add(close)
        if not self._slow.is_full:
            return None
        fast, slow = self._fast.mean, self._slow.mean
        above, was_above = is_above(fast, slow), self._was_above
        self._was_above = above
        turned = was_above is not None and above != was_above
        up, down = turned and above, turned and not above
        confidence = normal_share(fast - slow, self._slow.deviation)
        return Decision(int(up) - int(down), down, up, 1 if above else -1, confidence, dict(zip(self._names, (fast, slow), strict=True)))


class RsiReversion:
    """Expects what has gone too far to come back.

    Confidence: the distance of RSI from 50, as a part of the largest possible one.
    """

    def __init__(self, length: int = RSI_LENGTH, oversold: float = OVERSOLD, overbought: float = OVERBOUGHT) -> None:
        """Take RSI over `length` changes; below `oversold` and above `overbought` is too far."""
        self._name = f"rsi_{length}"
        self._rsi, self._oversold, self._overbought = Rsi(length), oversold, overbought
        self._before: float | None = None

    def decide(self, close: float) -> Decision | None:
        """See `Stream`."""
        rsi = self._rsi.add(close)
        if rsi is None:
            return None
        before, self._before = self._before, rsi
        up = before is not None and is_above(self._oversold, before) and not is_above(self._oversold, rsi)
        down = before is not None and is_above(before, self._overbought) and not is_above(rsi, self._overbought)
        leaning = 1 if rsi < NEUTRAL else -1
        confidence = abs(rsi - NEUTRAL) / NEUTRAL
        return Decision(int(up) - int(down), is_above(rsi, NEUTRAL), is_above(NEUTRAL, rsi), leaning, confidence, {self._name: rsi})


class BollingerBreakout:
    """Goes with what breaks out.

    Confidence: the part of a normal distribution that lies nearer to its mean than the close, in the bands' standard
    deviations. 0: the close is in the middle; 0.95: it is at a band.
    """

    def __init__(self, length: int = BAND_LENGTH, widths: float = BAND_WIDTHS) -> None:
        """Draw the bands `widths` standard deviations around the mean of `length` closes."""
        self._window, self._widths = Window(length), widths
        self._outside: int | None = None

    def decide(self, close: float) -> Decision | None:
        """See `Stream`."""
        self._window.add(close)
        if not self._window.is_full:
            return None
        middle, deviation = self._window.mean, self._window.deviation
        lower, upper = middle - self._widths * deviation, middle + self._widths * deviation
        outside, before = int(is_above(close, upper)) - int(is_above(lower, close)), self._outside
        self._outside = outside
        enter = outside if before is not None and outside != before else 0
        bands = {"bb_lower": lower, "bb_middle": middle, "bb_upper": upper}
        leaning = 1 if close >= middle else -1
        return Decision(enter, is_above(middle, close), is_above(close, middle), leaning, normal_share(close - middle, deviation), bands)


def is_above(value: float, limit: float) -> bool:
    """Say whether `value` is above `limit` by more than rounding."""
    return value > limit + abs(limit) * MARGIN


def normal_share(distance: float, deviation: float) -> float:
    """Return the part of a normal distribution within `distance` of its mean; 0 when nothing varies."""
    return min(1.0, math.erf(abs(distance) / deviation / math.sqrt(2))) if deviation > abs(distance) * 1e-9 else 0.0


@dataclass(frozen=True)
class Strategy:
    """A row of `STRATEGIES`.

    Attributes:
        name: as on the command line and in every record.
        stream: makes a fresh stream.
        signals: the same decisions over whole columns (name of a function in `app.replay.columns`, which loads pandas).
        terms: stake, fees, stop loss and take profit.
    """

    name: str
    stream: Callable[[], Stream]
    signals: str
    terms: Terms

    def trades(self, candles: Iterable[Candle]) -> list[Trade]:
        """Return the completed trades of this strategy on these candles, oldest first; what is open at the end is closed there."""
        from app.replay import columns  # here, because pandas would slow the start of what only follows candles

        return columns.trades(getattr(columns, self.signals), self.terms, candles)


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy("ma_crossover", MaCrossover, "ma_crossover", Terms(stop_loss=0.08, take_profit=0.30)),
        Strategy("rsi_reversion", RsiReversion, "rsi_reversion", Terms(stop_loss=0.06, take_profit=0.10)),
        Strategy("bollinger_breakout", BollingerBreakout, "bollinger_breakout", Terms(stop_loss=0.06, take_profit=0.20)),
    )
}
