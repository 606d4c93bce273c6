"""The one interval. What a beat does is in live.js: ask for the versions and set the stores of those that changed."""

from dash import Dash, Input, State

from callbacks.browser import in_browser
from components.ids import Id


def register(app: Dash) -> None:
    """Register the pulse on `app`, and tell the scripts when another page is shown."""
    in_browser(app, "beat", Input(Id.PULSE, "n_intervals"), State(Id.PULSE, "interval"), at_first=True)
    in_browser(app, "page", Input(Id.PAGE, "children"), at_first=True)
