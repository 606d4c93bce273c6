"""The one interval. What a beat does is in live.js: ask for the versions and set the stores of those that changed."""

from dash import ClientsideFunction, Dash, Input, State

from components.ids import Id


def register(app: Dash) -> None:
    """Register the pulse on `app`."""
    app.clientside_callback(ClientsideFunction("botv2", "beat"), Input(Id.PULSE, "n_intervals"), State(Id.PULSE, "interval"))
