"""Callbacks that run in the browser alone: functions of `botv2` in app/assets/live.js."""

from typing import Any

from dash import ClientsideFunction, Dash


def in_browser(app: Dash, function: str, *ends: Any) -> None:
    """Register on `app` the browser's `function` with these outputs, inputs and states, in the order of its arguments."""
    app.clientside_callback(ClientsideFunction("botv2", function), *ends)  # type: ignore[no-untyped-call]  # Dash has no types for it
