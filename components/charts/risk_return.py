"""Chart 6: what strategies return against how much they swing; the bubble's size is their trades, its colour their Sharpe ratio."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import TEXT, Figure, base_layout, chart_view
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import _, plural

MOST = 40
LARGEST = 26.0  # px
SMALLEST_PICTURE = (205, 134)  # px between the axes where labels have to find their place: a phone's
LETTER, LINE = 6.8, 13  # px
# How a label lies to the middle of its bubble: shares of its own width and height, and of the bubble's radius.
SIDES = {
    "middle right": (0, -0.5, 1, 0),
    "middle left": (-1, -0.5, -1, 0),
    "top center": (-0.5, 0, 0, 1),
    "bottom center": (-0.5, -1, 0, -1),
    "top right": (0, 0, 0.7, 0.7),
    "bottom right": (0, -1, 0.7, -0.7),
    "top left": (-1, 0, -0.7, 0.7),
    "bottom left": (-1, -1, -0.7, -0.7),
}


def risk_return(answer: Answer) -> Figure | None:
    """Return a bubble per strategy of `answer` (`strategies`) whose return and volatility are known; None without one."""
    found = _placed(answer)
    if not found:
        return None
    layout = base_layout(_("Risk and return"), _("volatility, % a year"), _("return, %"), "linear")
    layout |= {"margin": {"l": 20, "r": 48, "t": 34, "b": 24}, "hovermode": "closest"}
    across, up = [100 * one["volatility"] for one in found], [100 * one["total_return"] for one in found]
    most = max(one["trades"] for one in found) or 1
    sizes = [max(7.0, LARGEST * (one["trades"] / most) ** 0.5) for one in found]
    for name, values in (("xaxis", across), ("yaxis", up)):
        layout[name] |= {"autorangeoptions": {"include": list(_bounds(values))}, "showspikes": False, "ticksuffix": f"{fmt.THIN}%"}
    layout["xaxis"] |= {"nticks": 5, "showgrid": True}
    sides = _sides(across, up, sizes, [name_of(one["name"], 12) for one in found])
    traces = []
    for known in (True, False):
        chosen = [place for place, one in enumerate(found) if (one["sharpe_ratio"] is not None) is known]
        if chosen:
            traces.append(_bubbles([(found[place], across[place], up[place], sizes[place], sides[place]) for place in chosen], known=known))
    return {"data": traces, "layout": layout}


def risk_return_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says how many strategies it shows, the empty state what they lack."""
    total, shown = len(answer["strategies"]) + answer["not_shown"], len(_placed(answer))
    counted = plural("{n} strategy", "{n} strategies", total).format(n=fmt.level(total))
    words = counted if shown == total else _("{n} of {total} strategies").format(n=fmt.level(shown), total=fmt.level(total))
    if total:
        nothing = empty(_("No return without a balance"), _("Say what the bots began with:"), "POST /api/portfolio/starting-balance")
    else:
        nothing = empty(_("No closed trades"), _("A bubble appears with a strategy's trades:"), "POST /api/trades")
    return chart_view(risk_return(answer), note(words), nothing)


def _placed(answer: Answer) -> list[Any]:
    known = [one for one in answer["strategies"] if one["volatility"] is not None and one["total_return"] is not None]
    return sorted(known, key=lambda one: -one["trades"])[:MOST]


def _bubbles(points: Sequence[tuple[Any, float, float, float, str]], *, known: bool) -> Figure:
    """Return the bubbles of those whose Sharpe ratio is known, on the scale; or of the others, hollow with a dot."""
    ratios = [one["sharpe_ratio"] for one, *_rest in points]
    marker: Figure = {"size": [round(size, 1) for *_rest, size, _side in points], "line": {"width": 1, "color": "--bv-text-3"}}
    if known:
        marker |= {"color": ratios, "colorscale": [[0, "--bv-bg-3"], [1, "--bv-accent"]], "showscale": True, "colorbar": _bar()}
        marker |= {"cmin": min(ratios), "cmax": max(ratios)} if min(ratios) < max(ratios) else {"cmin": ratios[0] - 1, "cmax": ratios[0] + 1}
    else:
        marker |= {"symbol": "circle-open-dot", "color": "--bv-text-3"}
    return {
        "type": "scatter",
        "mode": "markers+text",
        "cliponaxis": False,
        "x": [round(value, 3) for _one, value, *_rest in points],
        "y": [round(value, 3) for _one, _across, value, *_rest in points],
        "text": [name_of(one["name"], 12) if side else "" for one, *_rest, side in points],
        "textposition": [side or "middle right" for *_rest, side in points],
        "textfont": {"size": 11, "color": "--bv-text-2"},
        "customdata": [[f"strategy:{one['name']}", _told(one)] for one, *_rest in points],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "marker": marker,
    }


def _told(one: Mapping[str, Any]) -> str:
    facts = {"volatility": fmt.percent(100 * one["volatility"], 2), "total_return": fmt.change_percent(100 * one["total_return"])}
    trades = plural("{n} trade", "{n} trades", one["trades"]).format(n=fmt.level(one["trades"]))
    words = _("<b>{name}</b><br>return {total_return}<br>volatility {volatility} a year<br>Sharpe {sharpe}<br>{trades}")
    return words.format(name=name_of(one["name"]), sharpe=fmt.level(one["sharpe_ratio"], 2), trades=trades, **facts)


def _bar() -> dict[str, Any]:
    place = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "ypad": 4, "xpad": 0, "len": 130, "lenmode": "pixels"}
    words = {"title": {"text": _("Sharpe"), "side": "right", "font": TEXT}, "tickfont": TEXT, "nticks": 3, "tickangle": 0}
    return place | words | {"thickness": 6, "outlinewidth": 0}


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.15 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _sides(across: Sequence[float], up: Sequence[float], sizes: Sequence[float], names: Sequence[str]) -> list[str]:
    """Return where each name goes beside its bubble, largest bubbles first; "" where it would lie on another or outside."""
    width, height = SMALLEST_PICTURE
    (left, right), (low, high) = _bounds(across), _bounds(up)
    middles = [((x - left) / (right - left) * width, (y - low) / (high - low) * height) for x, y in zip(across, up, strict=True)]
    taken = [(x - size / 2, y - size / 2, x + size / 2, y + size / 2) for (x, y), size in zip(middles, sizes, strict=True)]
    sides = []
    for (x, y), size, name in zip(middles, sizes, names, strict=True):
        long = LETTER * len(name)
        for side, (own_x, own_y, radius_x, radius_y) in SIDES.items():
            x0, y0 = x + own_x * long + radius_x * (size / 2 + 2), y + own_y * LINE + radius_y * (size / 2 + 2)
            box = (x0, y0, x0 + long, y0 + LINE)
            inside = x0 >= 0 and y0 >= 0 and box[2] <= width and box[3] <= height
            if inside and not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                taken.append(box)
                sides.append(side)
                break
        else:
            sides.append("")
    return sides
