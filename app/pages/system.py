"""System health: how far each bot is behind, how the store and the server do, and what went wrong."""

from dash import html

from app.version import API_VERSION, RELEASE
from components.ids import Id
from components.panels import heading
from components.parts import card
from components.system import versions


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    cards = [
        card(Id.PANEL_LAG, heading(Id.PANEL_LAG), extra="six list", bots="none"),
        card(Id.PANEL_VITALS, heading(Id.PANEL_VITALS), extra="six list", bots="none"),
        card(Id.PANEL_ERRORS, heading(Id.PANEL_ERRORS), extra="eight list", bots="none"),
        versions(RELEASE, API_VERSION),
    ]
    return html.Div(cards, className="page board")
