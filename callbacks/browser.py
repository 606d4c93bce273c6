"""Callbacks that run in the browser alone: functions of `botv2` in app/assets/live.js."""

from typing import Any

from dash import ClientsideFunction, Dash


def in_browser(app: Dash, function: str, *ends: Any, at_first: bool = False) -> None:
    """Register on `app` the browser's `function` with these outputs, inputs and states, in the order of its arguments.

    It is called when an input changes, with `at_first` also as soon as its inputs stand in the page: each such call is a part of a page's load.
    """
    name = ClientsideFunction("botv2", function)
    app.clientside_callback(name, *ends, prevent_initial_call=not at_first)  # type: ignore[no-untyped-call]  # Dash has no types for it
