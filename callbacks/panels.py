"""Each panel is redrawn when the version of its own kind of data changes, the feed also when its filters do, and by nothing else."""

from typing import TYPE_CHECKING

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.browser import in_browser
from components.ids import Id, drawing_of
from components.panels import PANELS, Panel
from components.parts import View
from data import times

if TYPE_CHECKING:
    from data.desk import Desk


def register(app: Dash, desk: "Desk") -> None:
    """Register the callbacks of all rows of `PANELS` on `app`."""
    for panel in PANELS:
        _register(app, desk, panel)


def _register(app: Dash, desk: "Desk", panel: Panel) -> None:
    query = (Input if panel.filtered else State)(Id.URL, "search")

    @app.callback(Output(drawing_of(panel.id), "data"), Input(panel.version, "data"), query)
    def answer(version: object, search: str | None) -> View:
        if version is None:  # the page is there before its first pulse: the skeleton stays
            raise PreventUpdate
        return panel.draw(panel.question(desk, search), times.now())

    in_browser(app, "draw", Input(drawing_of(panel.id), "data"), State(drawing_of(panel.id), "id"), State(panel.version, "id"))
