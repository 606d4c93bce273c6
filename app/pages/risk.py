"""The Risk page: how much can be lost, and how it was lost so far."""

from dash import html

from components.charts.card import chart_card
from components.ids import Id
from components.panels import heading
from components.parts import card


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        card(Id.PANEL_RISK, heading(Id.PANEL_RISK), extra="four two-rows list", bots="none"),
        chart_card(Id.PANEL_DRAWDOWN, "eight"),
        chart_card(Id.PANEL_ROLLING, "eight"),
        chart_card(Id.PANEL_CORRELATION, "six"),
        chart_card(Id.PANEL_VAR, "six"),
    ]
    return html.Div(cards, className="page board")
