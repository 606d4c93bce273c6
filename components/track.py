"""Where a price stands between its stop and its target: stop always left, target always right."""

from typing import Any

from dash import html

from components import format as fmt
from components.parts import DECORATION, Record, hidden
from components.words import _

NEAR_STOP_PCT = 1.0


def track(position: Record) -> html.Div:
    """Return the way from stop to target of an open position, with both distances in percent of the current price."""
    side = -1 if position["side"] == "SHORT" else 1
    entry, current, stop, target = position["entry_price"], position["current_price"], position["stop_loss"], position["take_profit"]
    to_stop = None if stop is None else side * (stop - current) / current * 100
    to_target = None if target is None else side * (target - current) / current * 100
    hot = to_stop is not None and to_stop > -NEAR_STOP_PCT
    return html.Div(
        [
            html.Span(
                [hidden(_("to the stop") + " "), _("none") if stop is None else fmt.change_percent(to_stop)], className="num hot" if hot else "num"
            ),
            _line(entry, current, stop, target, hot),
            html.Span([hidden(_("to the target") + " "), _("open") if target is None else fmt.change_percent(to_target)], className="num left"),
        ],
        className="track",
        title=_("stop {stop}, target {target}").format(stop=_price(stop, entry), target=_price(target, entry)),
    )


def _line(entry: float, current: float, stop: float | None, target: float | None, hot: bool) -> html.Span:
    left, right = _ends(entry, stop, target)
    at_entry, at_now = _share(entry, left, right), _share(current, left, right)
    marks: list[Any] = [
        html.S(className="gain" if at_now >= at_entry else "loss", style={"left": _pc(min(at_entry, at_now)), "width": _pc(abs(at_now - at_entry))})
    ]
    marks += [html.U(className="stop")] if stop is not None else []
    marks += [html.U(style={"left": _pc(at_entry)})]
    marks += [html.U(className="target")] if target is not None else []
    marks += [html.I(className="hot" if hot else "", style={"left": _pc(at_now)})]
    return html.Span(marks, className="line" if stop is not None and target is not None else "line dashed", **DECORATION)


def _ends(entry: float, stop: float | None, target: float | None) -> tuple[float, float]:
    """A missing end is drawn at a distance that leaves the entry a third (no target) or half (no stop) of the way; with neither there is no scale."""
    if stop is not None and target is not None:
        return stop, target
    if stop is not None:
        return stop, entry + 2 * (entry - stop)
    if target is not None:
        return 2 * entry - target, target
    return entry, entry


def _share(price: float, left: float, right: float) -> float:
    return 0.5 if left == right else min(max((price - left) / (right - left), 0), 1)


def _pc(share: float) -> str:
    return f"{share * 100:.1f}%"


def _price(price: float | None, entry: float) -> str:
    return _("none") if price is None else fmt.level(price, fmt.price_decimals(price, entry))
