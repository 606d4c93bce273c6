"""Chart 16: how often daily returns of a size were, with the value at risk and the loss beyond it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from components import format as fmt
from components.charts.base import Figure, base_layout, chart_view, signed_bars
from components.charts.marks import Answer, note, signed_percents, words
from components.parts import View, empty
from components.words import N_, _, plural

ROOM = 1.5  # of the highest bar: over it stand the names of the lines, one row each
LINES = (
    ("var_99", N_("VaR 99 {value}"), "1.5px,3px"),
    ("cvar_95", N_("CVaR 95 {value}"), "2px,2px"),
    ("var_95", N_("VaR 95 {value}"), "6px,4px"),
)


def var_histogram(answer: Answer) -> Figure | None:
    """Return the bars of `answer` (`edges` of daily returns, one more than `counts`; `var_95`, `var_99`, `cvar_95` fractions); None without days.

    Each line carries its name; its detail is its figure.
    """
    counts = list(answer["counts"])
    if not sum(counts):
        return None
    edges = [100 * edge for edge in answer["edges"]]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    layout = base_layout(_("Distribution of daily returns"), _("daily return, %"), _("days"), "linear")
    layout |= {"hovermode": "closest", "bargap": 0.1}
    layout["margin"] |= {"r": 36}
    layout["xaxis"] |= signed_percents() | {"nticks": 6, "showspikes": False}
    layout["yaxis"] |= {"showspikes": False, "autorangeoptions": {"minallowed": 0, "maxallowed": ROOM * max(counts)}, "tickformat": ",~d"}
    bars: Figure = {"type": "bar", "x": [round(middle, 4) for middle in middles], "y": counts, "marker": signed_bars(middles)}
    bars |= {"width": [round(high - low, 4) * 0.9 or 0.01 for low, high in pairwise(edges)], "name": _("days")}
    bars["text"] = [_told(low, high, count) for low, high, count in zip(edges, edges[1:], counts, strict=False)]
    bars |= {"textposition": "none", "hovertemplate": "%{text}<extra></extra>"}
    return {"data": [bars, *_lines(answer, edges, max(counts))], "layout": layout}


def var_histogram_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; in the head over how many days and their mean."""
    days = plural("{n} day", "{n} days", answer["days"]).format(n=fmt.level(answer["days"]))
    said = _("{days}, mean {mean}").format(days=days, mean=fmt.change_percent(_percent(answer["mean"])))
    nothing = empty(_("No daily returns yet"), _("A bar needs a day with a return, and that a starting balance:"), "POST /api/trades")
    return chart_view(var_histogram(answer), note(said), nothing)


def _told(low: float, high: float, count: int) -> str:
    days = plural("{n} day", "{n} days", count).format(n=fmt.level(count))
    return _("{low} to {high}: {days}").format(low=fmt.change_percent(low), high=fmt.change_percent(high), days=days)


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _lines(answer: Answer, edges: Sequence[float], highest: float) -> list[Figure]:
    """The lines in the order in which their names may run over the others: the outermost is the highest."""
    known = [(100 * answer[figure], figure, name, dash) for figure, name, dash in LINES if answer[figure] is not None]
    across = sum(value for value, *_rest in known) / max(1, len(known))
    leftward = across > edges[0] + 0.55 * (edges[-1] - edges[0])
    traces: list[Figure] = []
    for row, (value, figure, name, dash) in enumerate(sorted(known, reverse=leftward)):
        top = highest * (1.4 - 0.16 * row)
        said = _(name).format(value=fmt.change_percent(value))
        heights = [top * part / 8 for part in range(9)]  # a line can be clicked at its points alone
        line: Figure = {"type": "scatter", "mode": "lines", "x": [value] * 9, "y": heights, "name": said, "hoverinfo": "none"}
        traces.append(line | {"line": {"color": "--bv-warn-fill", "width": 1.4, "dash": dash}, "customdata": [f"risk:{figure}"] * 9})
        side = "middle left" if leftward else "middle right"
        traces.append(words([value], [top], [f"&nbsp;{said}&nbsp;"], side, "--bv-warn"))
    return traces
