"""Trades and signals drawn on a price: where a strategy went in and out, and what it had seen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from components import format as fmt
from components.charts.base import Figure
from components.charts.equity import MARKS, Mark
from components.charts.marks import name_of, stamps
from components.words import _
from data.analytics.markers import kind_of_exit

MOST_TRADES, MOST_SIGNALS = 60, 40  # the newest
SIGNALS = {"BUY": "arrow-up", "SELL": "arrow-down"}


class End(NamedTuple):
    """An end of a trade."""

    moment: str
    price: float
    trade: Mapping[str, Any]


def trade_marks(trades: Sequence[Mapping[str, Any]], span: tuple[str, str], decimals: int) -> list[Figure]:
    """Return the marks of the newest trades within a span (from when to before when, as `stamps` has them), a trade's two joined by a dotted line."""
    marks: dict[str, list[End]] = {kind: [] for kind in MARKS}
    line: dict[str, list[Any]] = {"x": [], "y": []}
    for trade in sorted(trades, key=lambda trade: trade["entry_time"])[-MOST_TRADES:]:
        ends = []
        for kind, when, price in (
            ("buy" if trade["side"].lower() == "long" else "sell", trade["entry_time"], trade["entry_price"]),
            (kind_of_exit(trade["side"].lower(), trade["exit_reason"]), trade["exit_time"], trade["exit_price"]),
        ):
            moment = None if when is None or price is None else stamps([when])[0]
            if moment is not None and span[0] <= moment < span[1]:
                ends.append((moment, price))
                marks[kind].append(End(moment, price, trade))
        if len(ends) == 2:
            line["x"] += [*(moment for moment, _price in ends), None]
            line["y"] += [*(price for _moment, price in ends), None]
    drawn = [_marks(MARKS[kind], own, decimals) for kind, own in marks.items() if own]
    joined: Figure = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"color": "--bv-text-2", "width": 1, "dash": "dot"}, **line}
    return [joined, *drawn] if line["x"] else drawn


def signal_marks(signals: Sequence[Mapping[str, Any]], span: tuple[str, str], price_at: Callable[[str], float], decimals: int) -> list[Figure]:
    """Return the newest signals within a span, at their price or else at that of `price_at`; smaller than trades, arrows or diamonds."""
    newest = sorted(signals, key=lambda signal: signal["timestamp"])[-MOST_SIGNALS:]
    found = zip(stamps([signal["timestamp"] for signal in newest]), newest, strict=True)
    shown = [(moment, signal) for moment, signal in found if span[0] <= moment < span[1]]
    if not shown:
        return []
    marks: Figure = {"type": "scatter", "mode": "markers", "name": _("signals"), "x": [moment for moment, _signal in shown]}
    marks["y"] = [price_at(moment) if signal["price"] is None else signal["price"] for moment, signal in shown]
    marks["customdata"] = [[f"{signal['ref']}@{signal['timestamp']}", _signal_told(signal, decimals)] for _moment, signal in shown]
    symbols = [SIGNALS.get(str(signal["signal_type"]).upper(), "diamond-tall-open") for _moment, signal in shown]
    marks["marker"] = {"symbol": symbols, "size": 7, "color": "--bv-text-2", "line": {"width": 1, "color": "--bv-bg-2"}}
    return [marks | {"hovertemplate": "%{customdata[1]}<extra></extra>"}]


def _marks(kind: Mark, marks: Sequence[End], decimals: int) -> Figure:
    shown: Figure = {"type": "scatter", "mode": "markers", "name": _(kind.name)}
    shown |= {"x": [end.moment for end in marks], "y": [end.price for end in marks]}
    shown["customdata"] = [[f"trade:{end.trade['id']}", _trade_told(kind, end, decimals)] for end in marks]
    shown["marker"] = {"symbol": kind.symbol, "size": 8, "color": kind.colour, "angle": kind.angle, "standoff": kind.standoff}
    return shown | {"hovertemplate": "%{customdata[1]}<extra></extra>"}


def _trade_told(kind: Mark, end: End, decimals: int) -> str:
    """Return what a mark says: no amount of money, as the picture may be shown to others."""
    earned = end.trade["net_pnl"]
    outcome = _("open") if earned is None else _("won") if earned > 0 else _("lost") if earned < 0 else _("neither won nor lost")
    words = _("<b>{kind}</b> at {price}, {strategy}, trade {outcome}")
    strategy = name_of(end.trade["strategy"]) if end.trade["strategy"] else _("no strategy")
    return words.format(kind=_(kind.name), price=fmt.level(end.price, decimals), strategy=strategy, outcome=outcome)


def _signal_told(signal: Mapping[str, Any], decimals: int) -> str:
    confidence = signal["confidence"]
    words = _("signal <b>{kind}</b> of {strategy}, confidence {confidence}, price {price}")
    facts = {"confidence": fmt.percent(None if confidence is None else 100 * confidence), "price": fmt.level(signal["price"], decimals)}
    return words.format(kind=name_of(str(signal["signal_type"])), strategy=name_of(str(signal["strategy"])), **facts)
