"""The settings page."""

from dash import html

from app.version import RELEASE
from components import settings


def layout(may_control: bool) -> html.Div:
    """Return the page as who may change things sees it, or who may not."""
    cards = [
        settings.appearance(),
        settings.formats(),
        settings.notifications(),
        settings.users(may_control),
        settings.tokens(may_control),
        settings.retention(),
        settings.about(RELEASE),
        settings.demo_data(),
    ]
    return html.Div(cards, className="page settings")
