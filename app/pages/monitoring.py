"""The Live Monitor page."""

from dash import html

from components.ids import Id
from components.panels import TITLES
from components.parts import card


def layout() -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    right = html.Div(
        [
            card(Id.PANEL_STATISTICS, TITLES[Id.PANEL_STATISTICS], extra="statistics", lines=1),
            card(Id.PANEL_POSITIONS, TITLES[Id.PANEL_POSITIONS], extra="wide", lines=4),
            card(Id.PANEL_SIGNALS, TITLES[Id.PANEL_SIGNALS], "confidence", extra="seven tall"),
            card(Id.PANEL_ALERTS, TITLES[Id.PANEL_ALERTS], "last 24 h", extra="five tall"),
        ],
        className="columns",
    )
    return html.Div([card(Id.PANEL_ACTIVITY, TITLES[Id.PANEL_ACTIVITY], extra="feed", lines=8), right], className="page monitor")
