"""Chart 10, first part: the net P&L of each strategy, the best on top."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import Figure, base_layout, chart_view, signed_bars
from components.charts.marks import Answer, name_of, note, short, words
from components.parts import View, empty
from components.words import _, plural

MOST = 12  # strategies; the others are summed
ROOMY = 6  # so many have two lines each, a name over its bar; more have one, on a phone too
FEWEST = 5  # rows: with less, bars would be as thick as a chart
HIDDEN = {"showticklabels": False, "showgrid": False, "showspikes": False, "showline": False, "zeroline": False}


def strategy_performance(answer: Answer) -> Figure | None:
    """Return a bar per strategy of `answer` (`strategies`: `name`, `net_pnl` in `currency`, `trades`), sorted by net P&L; None without any.

    Beyond twelve, those with the smallest amounts are summed. A bar's detail is its strategy.
    """
    rows = _rows(answer["strategies"])
    if not rows:
        return None
    title = _("net P&L, {currency}").format(currency=answer["currency"])
    layout = base_layout(_("Strategies"), title, _("strategy"), "linear")
    roomy = len(rows) <= ROOMY
    layout["margin"] = {"l": 8, "r": 8, "t": 4, "b": 4}
    layout |= {"hovermode": "closest", "meta": {"amounts": ["xaxis", "xaxis2"]}}
    layout["xaxis"] |= HIDDEN | {"domain": [0, 0.78] if roomy else [0.36, 0.8], "rangemode": "tozero"}
    layout["xaxis2"] = {**HIDDEN, "domain": [0, 1], "autorangeoptions": {"minallowed": 0, "maxallowed": 1}}
    layout["yaxis"] |= HIDDEN | {"type": "category", "autorange": "reversed"}
    layout["yaxis"]["autorangeoptions"] = {"minallowed": -0.5, "maxallowed": max(len(rows), FEWEST) - 0.5}
    top, thick = (0.08, 0.26) if roomy else (-0.28, 0.56)
    layout["shapes"] = [_zero(place + top - 0.04, thick + 0.08) for place in range(len(rows))]
    return {"data": [_bars(rows, answer["currency"], top, thick), *_texts(rows, answer["currency"], roomy=roomy)], "layout": layout}


def strategy_performance_view(answer: Answer, _now: datetime) -> View:
    """Return the chart, its unit in the head."""
    nothing = empty(_("No strategy has closed a trade yet"), _("A bar appears with the first:"), "POST /api/trades")
    said = _("net P&L, {currency}").format(currency=answer["currency"])
    return chart_view(strategy_performance(answer), note(said), nothing)


def _rows(strategies: Sequence[Answer]) -> list[dict[str, Any]]:
    """The strategies with a result, the best first; the smallest amounts of many in one row."""
    rows = [row | {"label": None, "detail": f"strategy:{row['name']}"} for row in map(dict, strategies) if row["net_pnl"] is not None]
    rows.sort(key=lambda row: -abs(row["net_pnl"]))
    kept, rest = (rows, []) if len(rows) <= MOST else (rows[:MOST], rows[MOST:])
    kept.sort(key=lambda row: -row["net_pnl"])
    if rest:
        others = _("{n} others").format(n=fmt.level(len(rest)))
        summed = {"net_pnl": sum(row["net_pnl"] for row in rest), "trades": sum(row["trades"] for row in rest)}
        kept.append({"label": others, "detail": None} | summed)
    return kept


def _label(row: Answer, longest: int = 200) -> str:
    return row["label"] or name_of(row["name"], longest)


def _trades(row: Answer) -> str:
    return plural("{n} trade", "{n} trades", row["trades"]).format(n=fmt.level(row["trades"]))


def _zero(top: float, height: float) -> dict[str, Any]:
    """The line from which the bar of a row goes; it leaves out the names."""
    return {"type": "line", "x0": 0, "x1": 0, "y0": top, "y1": top + height, "line": {"color": "--bv-chart-zero", "width": 1}}


def _bars(rows: Sequence[Answer], currency: str, top: float, thick: float) -> Figure:
    values = [row["net_pnl"] for row in rows]
    bars: Figure = {"type": "bar", "orientation": "h", "x": values, "y": [_label(row) for row in rows], "name": _("net P&L")}
    bars |= {"offset": top, "width": thick, "marker": signed_bars(values), "customdata": [row["detail"] for row in rows]}
    told = [f"{_label(row, 60)}<br>{fmt.change_money(row['net_pnl'], currency)}, {_trades(row)}" for row in rows]
    return bars | {"hovertext": told, "hovertemplate": "%{hovertext}<extra></extra>"}


def _texts(rows: Sequence[Answer], currency: str, *, roomy: bool) -> list[Figure]:
    """What stands beside the bars: names, amounts, and where there is room the numbers of trades.

    Names are given as templates, as they stay when amounts are hidden.
    """
    count, places = len(rows), [_label(row) for row in rows]
    values = [row["net_pnl"] for row in rows]
    largest = max(map(abs, values))
    colours = ["--bv-down" if value < 0 else "--bv-up" if value else "--bv-text-2" for value in values]
    amounts = [short(value, currency, signed=True, largest=largest) for value in values]
    over, under = ("top", "bottom") if roomy else ("middle", "middle")
    names = [_label(row, 22 if roomy else 14).replace("%{", "&#37;{") for row in rows]
    traces = [
        words([0] * count, places, [], f"{over} right", "--bv-text-1", xaxis="x2") | {"texttemplate": names},
        words([1] * count, places, amounts, f"{under} left", colours, xaxis="x2"),
    ]
    if roomy:
        told = [_trades(row) for row in rows]
        traces.append(words([1] * count, places, [], "top left", "--bv-chart-text", xaxis="x2") | {"texttemplate": told})
    apart = {"mode": "markers+text", "marker": {"size": 4, "opacity": 0}}  # a sign that is not seen keeps the two lines off each other
    return [trace | apart for trace in traces] if roomy else traces
