"""An account that follows candles one by one, holding at most one position.

Of what happens within a candle only four prices are known. So a stop loss and a take profit are filled at their price,
or at the open when the candle begins beyond them; when both lie within one candle, the stop counts, which is the worse.
What happens in a candle is known, and is timed, at its close.
"""

from dataclasses import dataclass
from datetime import datetime

from app.replay.strategies import Decision
from app.replay.trade import END_OF_DATA, SIGNAL, STOP_LOSS, TAKE_PROFIT, Terms, Trade
from data.importers.candle_file import Candle

SIDES = {1: "LONG", -1: "SHORT"}


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position."""

    position_id: str
    side: int
    size: float
    entry_time: datetime
    entry_price: float
    stop: float
    target: float

    def gain(self, price: float) -> float:
        """Return the P&L at a price, before fees."""
        return self.side * (price - self.entry_price) * self.size


@dataclass(frozen=True, slots=True)
class Step:
    """What a candle has brought: the position that ended, as a trade, and the one that began."""

    closed: tuple[Holding, Trade] | None = None
    opened: Holding | None = None


class Account:
    """The money, the position and the results of one strategy on one symbol."""

    def __init__(self, strategy: str, symbol: str, terms: Terms) -> None:
        """Begin with no position and no result."""
        self._prefix = f"{strategy}:{symbol}"
        self._terms = terms
        self.holding: Holding | None = None
        self.realised = 0.0

    def follow(self, candle: Candle, decision: Decision | None) -> Step:
        """Take a candle and what the strategy makes of its close."""
        closed = self.stopped(candle.open, candle.high, candle.low, candle.closes_at)
        if self.holding is not None and decision is not None and decision.leaves(self.holding.side):
            closed = self.leave(candle.close, candle.closes_at, SIGNAL)
        opened = None
        if self.holding is None and decision is not None and decision.enter:
            opened = self.enter(decision.enter, candle.close, candle.closes_at)
        return Step(closed, opened)

    def finish(self, candle: Candle) -> Step:
        """Close what is open at the last candle's close."""
        return Step() if self.holding is None else Step(self.leave(candle.close, candle.closes_at, END_OF_DATA))

    def enter(self, side: int, price: float, moment: datetime) -> Holding:
        """Open a position for the stake; its id is made of strategy, symbol and time, so that a repetition is the same one."""
        stop, target = price * (1 - side * self._terms.stop_loss), price * (1 + side * self._terms.take_profit)
        self.holding = Holding(f"{self._prefix}:{moment:%Y%m%dT%H%M%SZ}", side, self._terms.stake / price, moment, price, stop, target)
        return self.holding

    def stopped(self, first: float, high: float, low: float, moment: datetime) -> tuple[Holding, Trade] | None:
        """End the position when prices from `low` to `high`, beginning with `first`, reached its stop or its target."""
        held = self.holding
        if held is None:
            return None
        worst, best = (low, high) if held.side == 1 else (high, low)
        if held.side * (worst - held.stop) <= 0:
            beyond = held.side * (first - held.stop) <= 0
            return self.leave(first if beyond else held.stop, moment, STOP_LOSS)
        if held.side * (best - held.target) >= 0:
            beyond = held.side * (first - held.target) >= 0
            return self.leave(first if beyond else held.target, moment, TAKE_PROFIT)
        return None

    def leave(self, price: float, moment: datetime, reason: str) -> tuple[Holding, Trade]:
        """End the open position at a price."""
        held = self.holding
        assert held is not None, "only what is open can be closed"  # noqa: S101  # narrows the type; callers look first
        self.holding = None
        fees = self._terms.fee * (held.size * held.entry_price + held.size * price)
        net = held.gain(price) - fees
        self.realised += net
        return held, Trade(held.side, held.size, held.entry_time, held.entry_price, moment, price, fees, net, reason)

    def unrealised(self, price: float) -> float:
        """Return the P&L of the open position at a price, before fees; 0 without one."""
        return 0.0 if self.holding is None else self.holding.gain(price)
