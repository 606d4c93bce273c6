"""The Strategies: which of them earn, at which risk, and how they compare."""

from dash import html

from components.charts.card import chart_card
from components.grids.strategies import strategies_grid_card
from components.ids import Id
from components.panels import heading
from components.parts import card, tiles_card


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        tiles_card(Id.PANEL_STRATEGY_FIGURES, heading(Id.PANEL_STRATEGY_FIGURES)),
        chart_card(Id.PANEL_BUBBLES, "four"),
        chart_card(Id.PANEL_BOXES, "four"),
        chart_card(Id.PANEL_RADAR, "four"),
        chart_card(Id.PANEL_COMPARISON, "five"),
        card(Id.PANEL_COMPARED, heading(Id.PANEL_COMPARED), extra="seven list", bots="none"),
        strategies_grid_card(),
    ]
    return html.Div(cards, className="page board")
