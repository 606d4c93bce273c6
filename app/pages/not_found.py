"""The page for an address that is none."""

from dash import dcc, html

from components.links import at
from components.navigation import LIVE_PATH
from components.words import _


def layout(_may_control: bool) -> html.Div:
    """Return a sentence and a way on."""
    return html.Div(
        html.Section(
            [
                html.H2(_("There is no page at this address")),
                html.P(_("The link may be old or mistyped.")),
                dcc.Link(_("Go to the Live Monitor"), href=at(LIVE_PATH)),
            ],
            className="card not-found",
        ),
        className="page",
    )
