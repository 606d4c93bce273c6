"""Chart 7: how the trades' returns of each strategy are spread."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import Figure, base_layout, chart_view, series_colour
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import _, plural

MOST = 12  # boxes: one needs a line of text


def return_distribution(answer: Answer) -> Figure | None:
    """Return a box per strategy of `answer` (`strategies`: quartiles and fences in percent), with its mean and outliers; None without any.

    The twelve with the most trades are shown, in order of their places.
    """
    shown = _shown(answer)
    if not shown:
        return None
    layout = base_layout(_("Return distribution"), _("return per trade, %"), _("strategy"), "linear")
    layout |= {"margin": {"l": 92, "r": 12, "t": 4, "b": 24}, "hovermode": "closest"}
    layout["xaxis"] |= {"showgrid": True, "zeroline": True, "nticks": 6, "ticksuffix": f"{fmt.THIN}%", "showspikes": False}
    names = [name_of(one["name"]) for one in shown]
    ticks = {"tickmode": "array", "tickvals": names, "ticktext": [name_of(one["name"], 13) for one in shown]}
    layout["yaxis"] = layout["yaxis"] | {"type": "category", "side": "left", "autorange": "reversed", "showgrid": False, "showspikes": False} | ticks
    boxes = [_box(one, name) for one, name in zip(shown, names, strict=True)]
    return {"data": [*boxes, _outliers(shown, names), _means(shown, names)], "layout": layout}


def return_distribution_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says how many trades and strategies it is made of."""
    shown, total = _shown(answer), len(answer["strategies"]) + answer["not_shown"]
    trades = sum(one["count"] for one in shown)
    counted = plural("{n} trade", "{n} trades", trades).format(n=fmt.level(trades))
    some = _("{n} of {total} strategies").format(n=fmt.level(len(shown)), total=fmt.level(total)) if len(shown) < total else None
    nothing = empty(_("No trade with a return"), _("A box appears once a strategy has closed trades:"), "POST /api/trades")
    return chart_view(return_distribution(answer), note(counted, some), nothing)


def _shown(answer: Answer) -> list[Any]:
    known = [one for one in answer["strategies"] if one["median"] is not None]
    return sorted(sorted(known, key=lambda one: -one["count"])[:MOST], key=lambda one: one["place"])


def _box(one: Mapping[str, Any], name: str) -> Figure:
    colour = series_colour(one["place"])
    edges = {"lowerfence": one["low"], "q1": one["q1"], "median": one["median"], "q3": one["q3"], "upperfence": one["high"]}
    box: Figure = {"type": "box", "orientation": "h", "y": [name], "name": name, "hoverinfo": "skip"}
    box |= {edge: [round(value, 4)] for edge, value in edges.items()}
    return box | {"width": 0.56, "whiskerwidth": 0.5, "fillcolor": f"{colour}/0.25", "line": {"color": colour, "width": 1.4}}


def _outliers(shown: list[Any], names: list[str]) -> Figure:
    points = [(round(value, 4), name, f"trade:{trade}") for one, name in zip(shown, names, strict=True) for value, trade in one["outliers"]]
    across, rows, references = [list(column) for column in zip(*points, strict=True)] if points else ([], [], [])
    dots: Figure = {"type": "scatter", "mode": "markers", "x": across, "y": rows, "customdata": references}
    dots["marker"] = {"symbol": "circle-open", "size": 5, "color": "--bv-text-3", "line": {"width": 1}}
    dots["hovertemplate"] = _("one trade: {value}").format(value="<b>%{x:+.2f}</b>%") + "<extra>%{y}</extra>"
    return dots


def _means(shown: list[Any], names: list[str]) -> Figure:
    """Return a dot at each mean, which speaks for its box: what plotly.js says of boxes cannot be translated."""
    dots: Figure = {"type": "scatter", "mode": "markers", "x": [round(one["mean"], 4) for one in shown], "y": names}
    dots["marker"] = {"symbol": "diamond", "size": 7, "color": "--bv-text-1"}
    dots |= {"customdata": [[f"strategy:{one['name']}", _told(one)] for one in shown], "hovertemplate": "%{customdata[1]}<extra></extra>"}
    return dots


def _told(one: Mapping[str, Any]) -> str:
    trades = plural("{n} trade", "{n} trades", one["count"]).format(n=fmt.level(one["count"]))
    words = _("<b>{name}</b>, {trades}<br>mean {mean}, median {median}<br>half of them {q1} to {q3}<br>whiskers {low} to {high}")
    facts = {name: fmt.change_percent(one[name]) for name in ("mean", "median", "q1", "q3", "low", "high")}
    return words.format(name=name_of(one["name"]), trades=trades, **facts)
