"""The settings page."""

from dash import html

from components import settings


def layout(may_control: bool) -> html.Div:
    """Return the page as who may change things sees it, or who may not."""
    cards = [settings.appearance(), settings.notifications(), settings.tokens(may_control), settings.demo_data()]
    return html.Div(cards, className="page settings")
