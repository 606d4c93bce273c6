"""The Market: prices with the trades and signals on them."""

from dash import html

from components.charts.card import chart_card
from components.ids import Id
from components.panels import heading
from components.parts import card


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        chart_card(Id.PANEL_CANDLES, "nine tall-chart"),
        card(Id.PANEL_PRICES, heading(Id.PANEL_PRICES), extra="three list", bots="none"),
    ]
    return html.Div(cards, className="page board")
