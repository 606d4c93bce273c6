"""The settings page."""

from dash import html

from app.version import RELEASE
from components import audit, people, settings


def layout(may_control: bool) -> html.Div:
    """Return the page as who may change things sees it, or who may not."""
    cards = [
        settings.appearance(),
        settings.formats(),
        settings.notifications(),
        settings.about(RELEASE),
        settings.account(),
        settings.users(),
        settings.tokens(may_control),
        *audit.place(),
        settings.retention(),
        settings.demo_data(),
        *people.place(),
    ]
    return html.Div(cards, className="page settings")
