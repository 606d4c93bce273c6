"""The drill-down dialog is filled when an address names a detail, and again when the data behind it changes; details.js says when."""

import logging
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.browser import in_browser
from components.details import drawing, missing
from components.ids import Id, graph_of
from components.parts import Record, failed
from components.preferred import in_preferred_currency
from components.words import _
from data import times
from data.errors import Code, Refused
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

log = logging.getLogger(__name__)


def register(app: Dash, desk: "Desk") -> None:
    """Register the callbacks of the dialog on `app`."""

    @app.callback(
        Output(Id.DETAIL_DRAWING, "data"),
        Input(Id.DETAIL_WANTED, "data"),
        Input(Id.VERSION_DETAIL, "data"),  # of its own, so that a redraw by itself does not prolong the session
        State(Id.URL, "search"),
        prevent_initial_call=True,
    )
    def answer(wanted: object, _version: object, search: str | None) -> Record:
        ref = wanted.get("ref") if isinstance(wanted, dict) else None
        if not isinstance(ref, str):
            raise PreventUpdate
        return detail(desk, ref, search)

    # a namespace of its own, because live.js, which makes that of the others, is loaded after details.js
    draw = ClientsideFunction("botv2Dialog", "draw")
    app.clientside_callback(draw, Input(Id.DETAIL_DRAWING, "data"), prevent_initial_call=True)  # type: ignore[no-untyped-call]  # Dash has no types for it
    graph: Any = graph_of(Id.DETAIL_CHART)
    in_browser(app, "point", Input(graph, "clickData"), State(graph, "id"))


def detail(desk: "Desk", ref: str, search: str | None) -> Record:
    """Return what the dialog shows of a reference; of one that is unknown or gone, and of a fault, it says so."""
    try:
        return drawing(desk, ref, in_preferred_currency(desk, Selection.parse(search)), times.now())
    except Refused as refusal:
        if refusal.code is Code.NOT_FOUND:
            return _said(ref, _("Not found"), html.P(missing(ref), className="sheet-gone"))
        return _said(ref, _("This could not be shown"), failed(refusal.message))
    except Exception:
        log.exception("the detail %r could not be drawn", ref[:200])
        return _said(ref, _("This could not be shown"), failed(None))


def _said(ref: str, title: str, body: Any) -> Record:
    return {"ref": ref, "title": title, "lead": body, "follows": []}
