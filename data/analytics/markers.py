"""Where trades began and ended, to be drawn on a curve."""

import numpy as np

from data import times
from data.analytics.ground import Ground
from data.curve import Curve
from data.entries import Row
from data.equity import Basis
from data.scope import Selection

MARKED = 30  # trades, two marks each: more hide the curve


def markers(ground: Ground, selection: Selection, basis: Basis, curve: Curve) -> Row:
    """Return `markers`, the entries and exits of at most 30 trades over all of the range, oldest first, each with the equity at that moment.

    `marked` and `trades` say of how many of how many trades they are.

    An entry is a `buy` or, of a short trade, a `sell`; an exit the opposite, or what its reason says (see `kind_of_exit`).
    """
    rows, trades = ground.sample(selection, basis.currency, MARKED)
    found = [marker for row in rows for marker in _of(row)]
    since, end = selection.equity().since(times.now()), selection.equity().end
    first, last = "" if since is None else times.iso(since), "9999" if end is None else times.iso(end)
    shown = sorted((marker for marker in found if first <= marker["timestamp"] <= last), key=lambda marker: (marker["timestamp"], marker["id"]))
    placed = [marker | {"equity": _value_at(curve, marker["timestamp"])} for marker in shown]
    return {"markers": placed, "marked": len(rows), "trades": trades}


def _of(trade: Row) -> list[Row]:
    shared = {name: trade[name] for name in ("id", "symbol", "strategy")}
    entered = {"timestamp": trade["entry_time"], "kind": "buy" if trade["direction"] == "long" else "sell", "net_pnl": None}
    if trade["exit_time"] is None:
        return [shared | entered]
    kind = kind_of_exit(trade["direction"], trade["exit_reason"])
    return [shared | entered, shared | {"timestamp": trade["exit_time"], "kind": kind, "net_pnl": trade["net_pnl"]}]


def _value_at(curve: Curve, moment: str) -> float | None:
    place = int(np.searchsorted(curve.times, times.microseconds(times.parse_iso(moment)), side="right")) - 1
    return None if place < 0 else float(curve.values[place])


def kind_of_exit(direction: str, reason: str | None) -> str:
    """Return `stop_loss` or `take_profit` where the reason says so, else `sell` for a long trade and `buy` for a short one.

    Reasons are the bots' own words: any with "stop" in it, and any with "take profit" or "target"; freqtrade's `roi` is a target.
    """
    told = "".join(letter for letter in (reason or "").lower() if letter.isalnum())
    if "stop" in told or told == "sl":
        return "stop_loss"
    if told in {"tp", "roi"} or "takeprofit" in told or "target" in told:
        return "take_profit"
    return "sell" if direction == "long" else "buy"
