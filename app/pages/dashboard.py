"""The Dashboard: what all is worth, what it earns, and what happened last."""

from dash import html

from components.charts.card import chart_card
from components.ids import Id
from components.onboarding import onboarding
from components.panels import heading
from components.parts import card, tiles_card


def layout(may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        onboarding(may_control),
        tiles_card(Id.PANEL_KPIS, heading(Id.PANEL_KPIS)),
        chart_card(Id.PANEL_EQUITY, "six"),
        chart_card(Id.PANEL_WATERFALL, "three"),
        chart_card(Id.PANEL_PERFORMANCE, "three"),
        card(Id.PANEL_LATEST_TRADES, heading(Id.PANEL_LATEST_TRADES), extra="six list", bots="none"),
        chart_card(Id.PANEL_DAILY, "three"),
        chart_card(Id.PANEL_MONTHLY, "three"),
        card(Id.PANEL_LATEST_EVENTS, heading(Id.PANEL_LATEST_EVENTS), extra="wide list", bots="none"),
    ]
    return html.Div(cards, className="page board")
