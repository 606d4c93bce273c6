"""The strategies over whole columns: from closes to signals to trades, without following an account.

Written apart from `app.replay.account` on purpose: what the two agree on is what both think of the same rules.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.replay import parameters
from app.replay.trade import END_OF_DATA, SIGNAL, STOP_LOSS, TAKE_PROFIT, Terms, Trade
from data import indicators
from data.importers.candle_file import Candle
from data.metrics.checks import FloatArray as Column

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Signals:
    """Per candle: enter long, enter short, leave long, leave short; False where the indicators are not there yet."""

    long: Flags
    short: Flags
    leave_long: Flags
    leave_short: Flags


def ma_crossover(closes: Column) -> Signals:
    """Return the signals of the crossing averages."""
    fast, slow = indicators.sma(closes, parameters.FAST), indicators.sma(closes, parameters.SLOW)
    above, known = _above(fast, slow), ~np.isnan(slow)
    up, down = _begins(above, known), _begins(~above, known)
    return Signals(up, down, leave_long=down, leave_short=up)


def rsi_reversion(closes: Column) -> Signals:
    """Return the signals of RSI that comes back."""
    rsi = indicators.rsi(closes, parameters.RSI_LENGTH)
    known, neutral = ~np.isnan(rsi), np.full(closes.size, parameters.NEUTRAL)
    low, high = _above(np.full(closes.size, parameters.OVERSOLD), rsi), _above(rsi, np.full(closes.size, parameters.OVERBOUGHT))
    return Signals(_begins(~low, known), _begins(~high, known), leave_long=_above(rsi, neutral), leave_short=_above(neutral, rsi))


def bollinger_breakout(closes: Column) -> Signals:
    """Return the signals of closes that leave the bands."""
    lower, middle, upper = indicators.bollinger(closes, parameters.BAND_LENGTH, parameters.BAND_WIDTHS)
    known = ~np.isnan(middle)
    return Signals(
        _begins(_above(closes, upper), known),
        _begins(_above(lower, closes), known),
        leave_long=_above(middle, closes),
        leave_short=_above(closes, middle),
    )


def _above(values: Column, limits: Column) -> Flags:
    with np.errstate(invalid="ignore"):  # NaN is above nothing
        return values > limits + np.abs(limits) * parameters.MARGIN


def _begins(flags: Flags, known: Flags) -> Flags:
    """Return where a condition holds that did not hold a candle before, both being known."""
    begins = np.zeros_like(flags)
    begins[1:] = flags[1:] & ~flags[:-1] & known[1:] & known[:-1]
    return begins


def trades(signals: Callable[[Column], Signals], terms: Terms, candles: Iterable[Candle]) -> list[Trade]:
    """Return the trades that the signals make on these terms, jumping from each entry to the first of its exits."""
    rows = list(candles)
    opens, highs, lows, closes = (np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in ("open", "high", "low", "close"))
    found = signals(closes)
    entries = np.flatnonzero(found.long | found.short)
    made: list[Trade] = []
    free_from = 0
    for entry in entries:
        if entry < free_from:
            continue
        side = 1 if found.long[entry] else -1
        price = closes[entry]
        stop, target = price * (1 - side * terms.stop_loss), price * (1 + side * terms.take_profit)
        worst, best = (lows, highs) if side == 1 else (highs, lows)
        after = slice(entry + 1, None)
        exits = {
            STOP_LOSS: _first(side * worst[after] <= side * stop),
            TAKE_PROFIT: _first(side * best[after] >= side * target),
            SIGNAL: _first((found.leave_long if side == 1 else found.leave_short)[after]),
        }
        reason = min(exits, key=lambda name: exits[name])  # of those in one candle the first named comes first
        if exits[reason] == NEVER:
            reason, leave = END_OF_DATA, closes.size - 1
        else:
            leave = int(entry) + 1 + exits[reason]
        fill = {STOP_LOSS: side * min(side * opens[leave], side * stop), TAKE_PROFIT: side * max(side * opens[leave], side * target)}
        made.append(_trade(side, rows[entry], rows[leave], fill.get(reason, closes[leave]), reason, terms))
        free_from = leave if leave > entry else leave + 1
    return made


NEVER = 1 << 60


def _first(flags: Flags) -> int:
    return int(np.argmax(flags)) if flags.any() else NEVER


def _trade(side: int, entered: Candle, left: Candle, exit_price: float, reason: str, terms: Terms) -> Trade:
    size = terms.stake / entered.close
    fees = terms.fee * (terms.stake + size * exit_price)
    net = side * (exit_price - entered.close) * size - fees
    return Trade(side, size, entered.closes_at, entered.close, left.closes_at, float(exit_price), float(fees), float(net), reason)
