"""The Trades: every one of them, sorted, filtered and exported, with their key figures and their hours."""

from dash import html

from components.charts.card import chart_card
from components.grids.trades import trades_grid_card
from components.ids import Id
from components.panels import heading
from components.parts import tiles_card


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks and the table's own fill it."""
    cards = [
        tiles_card(Id.PANEL_TRADE_FIGURES, heading(Id.PANEL_TRADE_FIGURES)),
        trades_grid_card(),
        chart_card(Id.PANEL_HOURS, "wide"),
    ]
    return html.Div(cards, className="page board")
