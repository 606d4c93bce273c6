"""The card of a chart: its graph, hidden until there is something to draw, and the menu of what can be done with it."""

from typing import Any

from dash import dcc, html

from components.charts.tools import chart_menu
from components.ids import Id, graph_of
from components.panels import PANEL_OF
from components.parts import Content, card, facts, named
from components.words import _, speech

REMOVED = ["select2d", "lasso2d", "autoScale2d"]


def chart_card(panel: Id, extra: str = "", *, legend: Content = "", bots: str = "none") -> html.Section:
    """Return the card of a chart that stands in `PANELS`; `legend` goes beside its title, before the units."""
    row = PANEL_OF[panel]
    config: Any = graph_config()
    allowed = facts(
        filters=",".join(row.filters), timeline="true" if row.is_timeline else None, brushes="true" if row.brushes else None, title=row.heading
    )
    parts = [
        html.Div(className="chart-pills", hidden=True, role="group", **named(_("Filters of {chart}").format(chart=row.heading))),
        html.Div(dcc.Graph(id=graph_of(panel), config=config, className="graph"), className="chart", hidden=True, role="img"),
    ]
    below = html.Div(parts, className="chart-place", **allowed)
    return card(panel, row.heading, legend, f"{extra} charted".strip(), tools=[chart_menu(row)], below=below, bots=bots)


def graph_config() -> dict[str, Any]:
    """Return how plotly.js behaves: no upload to its maker's cloud, and the names of months and days in the person's language."""
    conventions = speech().conventions
    names = {
        "days": [conventions.days["format"]["wide"][day] for day in (6, 0, 1, 2, 3, 4, 5)],
        "shortDays": [conventions.days["format"]["abbreviated"][day] for day in (6, 0, 1, 2, 3, 4, 5)],
        "months": [conventions.months["format"]["wide"][month] for month in range(1, 13)],
        "shortMonths": [conventions.months["format"]["abbreviated"][month] for month in range(1, 13)],
        "date": "%Y-%m-%d",
    }
    return {
        "displayModeBar": "hover",
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": REMOVED,
        "showSendToCloud": False,
        "locale": "page",
        "locales": {"page": {"dictionary": {}, "format": names}},
    }
