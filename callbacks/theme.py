"""The theme switch: all in the browser, remembered there."""

from dash import Dash, Input, Output

from callbacks.browser import in_browser
from components.frame import THEMES


def register(app: Dash) -> None:
    """Register the switch on `app`."""
    ids = [id for id, _, _ in THEMES]
    in_browser(app, "theme", [Output(id, "aria-pressed") for id in ids], [Input(id, "n_clicks") for id in ids])
