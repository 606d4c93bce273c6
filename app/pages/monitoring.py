"""The Live Monitor page."""

from typing import Any

from dash import dcc, html

from components.feed import feed_card
from components.ids import Id, graph_of
from components.panels import heading
from components.parts import button, card, export_menu
from components.switches import switch
from components.words import N_, _

API = "/api/monitoring"
REMOVED = ["select2d", "lasso2d", "autoScale2d"]
# plotly.js 4 offers to upload a chart to its maker's cloud: not from here
GRAPH: Any = {"displayModeBar": "hover", "displaylogo": False, "responsive": True, "modeBarButtonsToRemove": REMOVED, "showSendToCloud": False}


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    right = html.Div(
        [
            card(Id.PANEL_STATISTICS, heading(Id.PANEL_STATISTICS), extra="statistics", lines=1),
            _chart(Id.PANEL_PNL, "seven", str(Id.PANEL_POSITIONS)),
            _chart(Id.PANEL_MINUTES, "five", "all", legend=True),
            card(
                Id.PANEL_POSITIONS, heading(Id.PANEL_POSITIONS), extra="wide", lines=4, tools=[_export(Id.PANEL_POSITIONS, "positions")], bots="rows"
            ),
            card(
                Id.PANEL_SIGNALS, heading(Id.PANEL_SIGNALS), _("confidence"), "seven tall", tools=[_export(Id.PANEL_SIGNALS, "signals")], bots="rows"
            ),
            card(Id.PANEL_ALERTS, heading(Id.PANEL_ALERTS), _("last 24 h"), "five tall", tools=[*_switches(), _export(Id.PANEL_ALERTS, "alerts")]),
        ],
        className="columns",
    )
    return html.Div([feed_card(heading(Id.PANEL_ACTIVITY)), right], className="page monitor")


def _chart(panel: Id, extra: str, bots: str, *, legend: bool = False) -> html.Section:
    """The graph stands hidden until there is something to draw: an empty one would show bare axes."""
    keys = [html.Span([html.I(className=f"key {key}"), _(key)], className="legend") for key in (N_("all"), N_("warnings"))] if legend else ""
    graph = html.Div(dcc.Graph(id=graph_of(panel), config=GRAPH, className="graph"), className="chart", hidden=True, role="img")
    return card(panel, heading(panel), keys, f"{extra} charted", below=graph, bots=bots)


def _export(panel: Id, name: str) -> html.Details:
    return export_menu(heading(panel), f"{API}/{name}/export")


def _switches() -> list[html.Button]:
    return [
        button(_("Browser notifications"), "bell", wordless=True, **switch("notifications")),
        button(_("Sound"), "sound", wordless=True, **switch("sound")),
    ]
