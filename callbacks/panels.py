"""Each panel is redrawn when the version of its own kind of data changes, or the page selects something else, and by nothing else."""

import logging
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.browser import in_browser
from components.frame import OF_THE_FRAME
from components.ids import Id, drawing_of, graph_of
from components.links import at
from components.panels import PANELS, Panel
from components.parts import View, failed
from components.words import speech
from data import times
from data.errors import Refused

if TYPE_CHECKING:
    from data.desk import Desk

log = logging.getLogger(__name__)


def register(app: Dash, desk: "Desk") -> None:
    """Register the callbacks of all rows of `PANELS` on `app`."""
    for panel in PANELS:
        _register(app, desk, panel)
        if panel.is_chart:
            _register_graph(app, panel)


def _register(app: Dash, desk: "Desk", panel: Panel) -> None:
    query = (Input if panel.follows else State)(Id.URL, "search")

    # What stands in the frame is there once, before the first pulse; what stands in a page may come when its version is long known.
    of_a_page = panel.id not in OF_THE_FRAME

    @app.callback(Output(drawing_of(panel.id), "data"), Input(panel.version, "data"), query, prevent_initial_call=not of_a_page)
    def answer(version: object, search: str | None) -> str:
        if version is None:  # the page is there before its first pulse: the skeleton stays
            raise PreventUpdate
        return drawing(panel, desk, search)

    in_browser(app, "draw", Input(drawing_of(panel.id), "data"), State(drawing_of(panel.id), "id"), State(panel.version, "id"))


def drawing(panel: Panel, desk: "Desk", search: str | None) -> str:
    """Return what a panel shows, a `View` as JSON; a fault is told in its own place, and its neighbours keep working.

    What it shows follows from the answer, the minute, and how and under which address the person is spoken to: for all of whom these are the
    same, it is drawn once.
    """
    try:
        answer, minute = panel.ask(desk, search), times.now().replace(second=0, microsecond=0)
        known = (panel.id, answer, minute, speech(), at(""))
        return desk.answers.text(known, lambda: panel.shown(answer, minute).as_json())
    except Refused as refusal:
        return View(None, failed(refusal.message)).as_json()
    except Exception:
        log.exception("the panel %s could not be drawn", panel.id)
        return View(None, failed(None)).as_json()


def _register_graph(app: Dash, panel: Panel) -> None:
    """What a person does in a chart: a click on a point, a range that is dragged."""
    graph: Any = graph_of(panel.id)
    in_browser(app, "point", Input(graph, "clickData"), State(graph, "id"))
    in_browser(app, "moved", Input(graph, "relayoutData"), State(graph, "id"))
