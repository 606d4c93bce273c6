"""Chart 2: how what was there at the start became what is there at the end."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from components import format as fmt
from components.charts.base import TEXT, Figure, base_layout, chart_view, signed_bars
from components.charts.marks import Answer, name_of, note, short, words
from components.parts import View, empty
from components.words import _, plural

WHOLE = 1e4  # amounts from here on are shortened: six bars stand side by side on a phone
WIDTH = 0.64
FULL, LONGEST = 6, 8  # bars beside each other, and the characters of a name for which there is room then


class Bar(NamedTuple):
    """A bar: its name, from where to where it goes, and whether it is a total and no step."""

    name: str
    before: float
    after: float
    total: bool = False

    @property
    def amount(self) -> float:
        """Return what it adds; of a total its level."""
        return round(self.after - self.before, 8)


def waterfall(answer: Answer) -> Figure | None:
    """Return the bars of `answer` (`start` or None, `gross`, `fees`, `slippage`, `other`, `final`, `net`, in `currency`); None without trades.

    Without a known start they begin at zero and end with the net P&L. Where the totals are far from zero, the axis
    begins below the steps, the bars of the totals are cut, and the picture says so.
    """
    if not answer["trades"]:
        return None
    bars, currency = _bars(answer), answer["currency"]
    floor = _floor(bars)
    top = max(max(bar.before, bar.after) for bar in bars)
    bottom = floor or min(min(bar.before, bar.after) for bar in bars)
    layout = base_layout(_("P&L waterfall"), _("from start to end"), _("amount, {currency}").format(currency=currency), "category")
    layout["margin"] = {"l": 8, "r": 8, "t": 8, "b": 40}
    layout |= {"hovermode": "closest", "meta": {"amounts": ["yaxis"]}, "shapes": [*_links(bars), *(_cuts(bars, floor) if floor else [])]}
    layout["xaxis"] |= {"tickangle": 0, "showspikes": False, "tickfont": TEXT | {"size": _size_of_names(bars)}}
    layout["xaxis"] |= {"tickvals": [bar.name for bar in bars], "ticktext": [name_of(bar.name, LONGEST) for bar in bars]}
    layout["yaxis"] |= {"showticklabels": False, "showgrid": False, "showspikes": False, "zeroline": not floor}
    layout["yaxis"]["autorangeoptions"] = {"minallowed": bottom, "maxallowed": top + 0.16 * (top - bottom)}
    layout["annotations"] = [_unit(currency, floor)]
    return {"data": [_drawn(bars, currency), _amounts(bars, currency)], "layout": layout}


def waterfall_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; in the head of how many trades it is made."""
    trades = plural("{n} trade", "{n} trades", answer["trades"]).format(n=fmt.level(answer["trades"]))
    return chart_view(waterfall(answer), note(trades), empty(_("No closed trades yet"), _("It begins with the first:"), "POST /api/trades"))


def _bars(answer: Answer) -> list[Bar]:
    """Start, steps and end, each step from where the one before it ended."""
    steps = [(_("P&L"), answer["gross"]), (_("Fees"), -answer["fees"]), (_("Slippage"), -answer["slippage"])]
    if answer["other"]:
        steps.append((_("Other"), answer["other"]))
    at = answer["start"] or 0.0
    bars = [] if answer["start"] is None else [Bar(_("Start"), 0.0, at, total=True)]
    for name, amount in steps:
        bars.append(Bar(name, at, at + amount))
        at += amount
    if answer["start"] is None:
        return [*bars, Bar(_("Net"), 0.0, answer["net"], total=True)]
    return [*bars, Bar(_("Final"), 0.0, answer["final"], total=True)]


def _size_of_names(bars: Sequence[Bar]) -> int:
    """Return in how many px the names stand side by side: other languages have longer ones."""
    if len(bars) < FULL:
        return 11
    return 10 if max(len(bar.name) for bar in bars) <= LONGEST else 9


def _floor(bars: Sequence[Bar]) -> float:
    """Return where the axis begins: at zero, or below all levels where zero is so far away that the steps could not be seen."""
    levels = [level for bar in bars for level in (bar.before, bar.after) if level or not bar.total]
    low, span = min(levels), max(levels) - min(levels)
    span = span or abs(low) * 0.01
    if low <= 2 * span:
        return 0.0
    step = 5 * 10.0 ** (math.floor(math.log10(span)) - 1)
    return math.floor((low - 0.35 * span) / step) * step


def _drawn(bars: Sequence[Bar], currency: str) -> Figure:
    """The bars themselves: steps from where they begin, totals from zero."""
    amounts = [bar.amount for bar in bars]
    marker = signed_bars([None if bar.total else bar.amount for bar in bars])
    marker["color"] = ["--bv-chart-axis" if bar.total else colour for bar, colour in zip(bars, marker["color"], strict=True)]
    told = [fmt.money(bar.amount, currency) if bar.total else fmt.change_money(bar.amount, currency) for bar in bars]
    trace: Figure = {"type": "bar", "name": _("amount"), "x": [bar.name for bar in bars], "y": amounts, "base": [bar.before for bar in bars]}
    return trace | {"width": WIDTH, "marker": marker, "hovertext": told, "hovertemplate": "%{x} %{hovertext}<extra></extra>"}


def _amounts(bars: Sequence[Bar], currency: str) -> Figure:
    """The amounts over the bars, those of the steps signed."""
    largest = max((abs(bar.amount) for bar in bars if not bar.total), default=0.0)
    said = [short(bar.amount, currency, signed=not bar.total, whole=WHOLE, largest=0.0 if bar.total else largest) for bar in bars]
    colours = ["--bv-text-1" if bar.total else "--bv-down" if bar.amount < 0 else "--bv-up" for bar in bars]
    texts = words([bar.name for bar in bars], [max(bar.before, bar.after) for bar in bars], said, "top center", colours)
    return texts | {"mode": "markers+text", "marker": {"size": 6, "opacity": 0}}  # a sign that is not seen keeps the text off the bar


def _unit(currency: str, floor: float) -> dict[str, Any]:
    """The unit below the names, and where the axis begins if not at zero."""
    said = _("{currency}, scale broken below {level}").format(currency=currency, level=short(floor, currency, whole=WHOLE)) if floor else currency
    place = {"xref": "paper", "x": 0.5, "yref": "paper", "y": 0, "yanchor": "top", "yshift": -20, "showarrow": False}
    return place | {"text": said, "font": TEXT}


def _links(bars: Sequence[Bar]) -> list[dict[str, Any]]:
    """The thin lines from where one bar ends to where the next begins."""
    pen = {"type": "line", "line": {"color": "--bv-chart-axis", "width": 1}}
    return [pen | {"x0": place + WIDTH / 2, "x1": place + 1 - WIDTH / 2, "y0": bar.after, "y1": bar.after} for place, bar in enumerate(bars[:-1])]


def _cuts(bars: Sequence[Bar], floor: float) -> list[dict[str, Any]]:
    """The zigzag through each total of a broken axis, in the colour of the card."""
    pen = {"type": "path", "ysizemode": "pixel", "yanchor": floor, "line": {"color": "--bv-bg-2", "width": 3}}
    across = [-0.38, -0.19, 0, 0.19, 0.38]
    return [
        pen | {"path": "M" + "L".join(f"{place + step:.2f},{8 + 8 * (turn % 2)}" for turn, step in enumerate(across))}
        for place, bar in enumerate(bars)
        if bar.total
    ]
