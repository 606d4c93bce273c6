"""Chart 1: the equity curve with its average, a benchmark and the trades; the drawdown in a strip below."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout, chart_view
from components.charts.keys import line_key
from components.charts.marks import (
    DASH_AVERAGE,
    DASH_BENCHMARK,
    MOMENT,
    Answer,
    amounts_format,
    caption,
    frame,
    level_line,
    name_of,
    note,
    rounded,
    short,
    sign_key,
    stamps,
    tag,
    thin,
    unbalanced,
    unbalanced_call,
    unbalanced_hint,
)
from components.charts.underwater import underwater, underwater_axis, underwater_words
from components.parts import View, empty
from components.words import N_, _, speech
from data.analytics.curves import WARNING

# The more points a curve has, the fewer are left for what goes with it: a figure is to weigh 100 kB at most.
OF_STRIP, OF_COMPANIONS = (400, 2000), (150, 1200)
TOP, STRIP = [0.36, 1], [0, 0.27]


class Mark(NamedTuple):
    """How a kind of trade marker looks: its name, symbol and colour, and where it stands.

    The symbol points to its trade from `standoff` px away, upward, or downward with an angle of 180°.
    """

    name: str
    glyph: str
    symbol: str
    colour: str
    angle: int
    standoff: int


# plotly.js cannot turn each of its symbols: "x" and "hexagram" come out torn.
MARKS = {
    "buy": Mark(N_("Buy"), "△", "triangle-up-open", "--bv-up", 0, 9),
    "sell": Mark(N_("Sell"), "▼", "triangle-up", "--bv-down", 180, 9),
    "stop_loss": Mark(N_("Stop loss"), "⊗", "circle-x-open", "--bv-down", 180, 10),
    "take_profit": Mark(N_("Take profit"), "✦", "star-diamond", "--bv-up", 180, 10),
}


def equity(answer: Answer) -> Figure | None:
    """Return the curve of `answer` (`timestamps`, `equity` in `currency`, `drawdown`, `sma`, `benchmark`, `markers`); None without points.

    The last value stands as a tag on the axis. A marker's detail is its trade, the deepest point's the drawdown.
    """
    if not answer["timestamps"]:
        return None
    moments, currency = stamps(answer["timestamps"]), answer["currency"]
    values = rounded(answer["equity"], fmt.currency_decimals(currency))
    fractions = answer["drawdown"]
    companions = _companions(answer, _left(OF_COMPANIONS, moments))
    floor, ceiling = _bounds([values, *(line["y"] for line in companions)])
    layout = base_layout(_("Equity"), _("time, {zone}").format(zone=speech().zone), _("equity, {currency}").format(currency=currency))
    layout["yaxis"] |= {"tickformatstops": AMOUNTS, "hoverformat": amounts_format(currency)}
    layout["yaxis"]["autorangeoptions"] = {"minallowed": floor, "maxallowed": ceiling}
    layout["xaxis"] |= {"autorangeoptions": frame(moments), "hoverformat": MOMENT}
    last = answer["equity"][-1]
    layout |= {"meta": {"amounts": ["yaxis"], "now": fmt.money(last, currency)}, "hoversubplots": "axis", "shapes": [level_line(last)]}
    layout["annotations"] = [tag(short(last, currency), last)]
    data = [*_area(moments, values, floor), *companions, *_markers(answer["markers"], currency)]
    if any(value is not None for value in fractions):
        layout["yaxis"]["domain"] = TOP
        layout["xaxis"]["anchor"] = "y2"
        layout["yaxis2"] = underwater_axis(WARNING) | {"domain": STRIP, "nticks": 3}
        data += underwater(moments, fractions, WARNING, _left(OF_STRIP, moments), "y2")
        layout["annotations"] += [caption(_("Drawdown, %"), "y2"), *underwater_words(moments, fractions, WARNING, "y2")]
    return {"data": data, "layout": layout}


def equity_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; in the head what the lines and signs mean, and the currency."""
    nothing = empty(_("No equity curve yet"), unbalanced_hint(answer), unbalanced_call(answer))
    figure = equity(answer)
    return chart_view(figure, note(_legend(answer), _marked(answer), unbalanced(answer), answer["currency"]) if figure else None, nothing)


def _marked(answer: Answer) -> str | None:
    """Say of how many trades the signs are, where they are not of all."""
    if answer["marked"] >= answer["trades"]:
        return None
    return _("{n} of {total} trades marked").format(n=fmt.level(answer["marked"]), total=fmt.level(answer["trades"]))


def _legend(answer: Answer) -> html.Span:
    """What the lines and signs mean that are there."""
    keys = [line_key(_("Portfolio"), "--bv-accent", "solid")]
    if answer["sma"]["timestamps"]:
        keys.append(line_key(_("SMA-20"), "--bv-text-2", "dash"))
    if answer["benchmark"] and answer["benchmark"]["timestamps"]:
        keys.append(line_key(answer["benchmark"]["symbol"], "--bv-chart-benchmark", "dot"))
    seen = {marker["kind"] for marker in answer["markers"]}
    keys += [sign_key(_(mark.name), mark.glyph, mark.colour) for kind, mark in MARKS.items() if kind in seen]
    return html.Span(keys, className="legends")


def _bounds(lines: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    """What the value axis shows: all lines and some room, which a line that stands still needs, too."""
    known = [value for line in lines for value in line if value is not None]
    low, high = min(known), max(known)
    room = 0.1 * (high - low) or 0.01 * abs(high) or 1.0
    return low - room, high + room


def _area(moments: Sequence[str], values: Sequence[float | None], floor: float) -> list[Figure]:
    """The curve over ground that fades to the axis; filled down to zero, it would be a flat line at the top."""
    ground: Figure = {"type": "scatter", "mode": "lines", "x": [moments[0], moments[-1]], "y": [floor, floor], "line": {"width": 0}}
    line: Figure = {"type": "scatter", "mode": "lines", "x": list(moments), "y": list(values), "name": _("Portfolio")}
    line |= {"line": {"color": "--bv-accent", "width": 1.6}, "fill": "tonexty"}
    line |= {"fillgradient": {"type": "vertical", "colorscale": [[0, "--bv-accent/0"], [1, "--bv-accent/0.2"]]}}
    line["hovertemplate"] = _("Portfolio {value}").format(value="%{y}") + "<extra></extra>"
    dot: Figure = {"type": "scatter", "mode": "markers", "x": moments[-1:], "y": values[-1:], "hoverinfo": "skip", "cliponaxis": False}
    return [ground | {"hoverinfo": "skip"}, line, dot | {"marker": {"color": "--bv-accent", "size": 6}}]


def _left(points: tuple[int, int], moments: Sequence[str]) -> int:
    """How many points may be drawn beside those of the curve: the second number with them, the first at least."""
    return max(points[0], points[1] - len(moments))


def _companions(answer: Answer, points: int) -> list[Figure]:
    """The average and the benchmark, where there are some."""
    lines, benchmark = [], answer["benchmark"]
    if answer["sma"]["timestamps"]:
        pen = {"color": "--bv-text-2", "width": 1.1, "dash": DASH_AVERAGE}
        lines.append(_companion(_("SMA-20"), answer["sma"], points, answer["currency"]) | {"line": pen})
    if benchmark and benchmark["timestamps"]:
        pen = {"color": "--bv-chart-benchmark", "width": 1.2, "dash": DASH_BENCHMARK}
        lines.append(_companion(name_of(benchmark["symbol"], 12), benchmark, points, answer["currency"]) | {"line": pen})
    return lines


def _companion(name: str, course: Answer, points: int, currency: str) -> Figure:
    places = thin(course["values"], points)
    line: Figure = {"type": "scatter", "mode": "lines", "name": name, "x": stamps([course["timestamps"][place] for place in places])}
    line["y"] = rounded((course["values"][place] for place in places), fmt.currency_decimals(currency))
    return line | {"hovertemplate": "%{fullData.name} %{y}<extra></extra>"}


def _markers(markers: Sequence[Answer], currency: str) -> list[Figure]:
    """A trace for each kind of trade marker: buys hang under the line, what ends a trade stands over it."""
    traces = []
    for kind, mark in MARKS.items():
        found = [marker for marker in markers if marker["kind"] == kind and marker["equity"] is not None]
        if not found:
            continue
        trace: Figure = {"type": "scatter", "mode": "markers", "name": _(mark.name), "x": stamps([marker["timestamp"] for marker in found])}
        trace["y"] = [round(marker["equity"], 8) for marker in found]
        trace["marker"] = {"symbol": mark.symbol, "size": 9, "color": mark.colour, "angle": mark.angle, "standoff": mark.standoff}
        trace["cliponaxis"] = False
        trace["customdata"] = [[f"trade:{marker['id']}", _whose(marker), _earned(marker, currency)] for marker in found]
        words = _(mark.name) + " %{customdata[1]}"
        trace["meta"] = {"masked": {"hovertemplate": f"{words}<extra></extra>"}}
        traces.append(trace | {"hovertemplate": f"{words}%{{customdata[2]}}<extra></extra>"})
    return traces


def _whose(marker: Answer) -> str:
    return ", ".join(name_of(marker[name], 24) for name in ("symbol", "strategy") if marker[name])


def _earned(marker: Answer, currency: str) -> str:
    return "" if marker["net_pnl"] is None else f", {fmt.change_money(marker['net_pnl'], currency)}"
