"""The Portfolio: what the accounts hold, and where their P&L comes from."""

from dash import html

from components.charts.card import chart_card
from components.grids.holdings import holdings_grid_card
from components.ids import Id
from components.panels import heading
from components.parts import tiles_card


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        tiles_card(Id.PANEL_ACCOUNT, heading(Id.PANEL_ACCOUNT)),
        chart_card(Id.PANEL_TREEMAP, "six"),
        chart_card(Id.PANEL_PIE, "six"),
        holdings_grid_card(),
        chart_card(Id.PANEL_FLOW, "wide tall-chart"),
    ]
    return html.Div(cards, className="page board")
