"""Chart 3: how the daily returns of strategies move together, from −1 to 1."""

from datetime import datetime

from components import format as fmt
from components.charts.base import Figure, chart_view
from components.charts.heat import heat_layout, heatmap
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import _, plural

MOST = 20  # a matrix of more is not read


def correlation(answer: Answer) -> Figure | None:
    """Return the matrix of `answer` (`strategies`, `matrix`), the value in each cell; None for fewer than two strategies.

    Rows carry number and name, columns the number alone: names would not fit above them.
    """
    names = answer["strategies"][:MOST]
    if len(names) < 2:
        return None
    matrix = [row[:MOST] for row in answer["matrix"][:MOST]]
    layout = heat_layout(_("Correlation of strategies"), _("strategy, by number"), _("strategy"), 98)
    rows = [f"{name_of(name, 11)} {place}" for place, name in enumerate(names, 1)]
    columns = [str(place) for place in range(1, len(names) + 1)]
    traces = heatmap(
        columns,
        rows,
        matrix,
        1.0,
        text=[[fmt.level(value, 2) for value in row] for row in matrix],
        texttemplate="%{text}",
        customdata=[[[f"strategy:{one}", name_of(one), name_of(other)] for other in names] for one in names],
        hovertemplate=_("{one} and {other}: {value}").format(one="%{customdata[1]}", other="%{customdata[2]}", value="<b>%{text}</b>")
        + "<extra></extra>",
    )
    return {"data": traces, "layout": layout}


def correlation_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says how many strategies it holds."""
    names = answer["strategies"]
    shown, total = min(len(names), MOST), len(names) + len(answer["not_compared"])
    counted = plural("{n} strategy", "{n} strategies", total).format(n=fmt.level(total))
    words = counted if shown == total else _("{n} of {total} strategies").format(n=fmt.level(shown), total=fmt.level(total))
    nothing = empty(_("No two strategies to compare"), _("Two are compared once each has closed trades on three days:"), "POST /api/trades")
    return chart_view(correlation(answer), note(words), nothing)
