"""The theme switch: all in the browser, remembered there."""

from dash import ClientsideFunction, Dash, Input, Output

from components.frame import THEMES


def register(app: Dash) -> None:
    """Register the switch on `app`."""
    ids = [id for id, _, _ in THEMES]
    app.clientside_callback(ClientsideFunction("botv2", "theme"), [Output(id, "aria-pressed") for id in ids], [Input(id, "n_clicks") for id in ids])
