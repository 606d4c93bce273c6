"""The rows of the tables. A long one asks for the stretch that is looked at; the others get all their rows when these change."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from dash import Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate
from pydantic import Field, ValidationError

from callbacks.browser import in_browser
from components.grids.alerts import alert_rows
from components.grids.holdings import held, holding_rows
from components.grids.strategies import strategy_rows
from components.grids.trades import trade_rows
from components.ids import Id, again_of, grid_of, key_of, rows_of, wanted_of
from components.preferred import in_preferred_currency
from data import times
from data.errors import Code, Refused
from data.records import faults
from data.scope import Scope, Selection

if TYPE_CHECKING:
    from data.desk import Desk

    Rows = Callable[[Desk, str, str, int, int, datetime], dict[str, Any]]
    Question = Callable[[Desk, Selection], Any]
    Drawing = Callable[[Any, datetime], list[dict[str, Any]]]

log = logging.getLogger(__name__)
MOST = 500  # rows in one answer


class Wanted(Scope):
    """Which rows tables.js asks for: from place `start` up to `stop`, in the order `sort` of what `search`, the address's query, selects.

    `number` comes back with the answer, so that an answer to an older question is known as such.
    """

    number: Annotated[int, Field(strict=True, ge=0, lt=2**53)]
    start: Annotated[int, Field(strict=True, ge=0, lt=2**31)]
    stop: Annotated[int, Field(strict=True, ge=0, lt=2**53)]
    sort: Annotated[str, Field(strict=True, max_length=40)]
    search: Annotated[str, Field(strict=True, max_length=4000)]


def register(app: Dash, desk: "Desk") -> None:
    """Register the tables' callbacks on `app`."""
    _register_long(app, desk, Id.PANEL_TRADES, trade_rows)
    _register_long(app, desk, Id.PANEL_ALERT_HISTORY, alert_rows)
    _register(app, desk, Id.PANEL_STRATEGIES, Id.VERSION_BOOK, lambda desk, chosen: desk.analytics.strategies(chosen), strategy_rows)
    _register(app, desk, Id.PANEL_HOLDINGS, Id.VERSION_ACCOUNT, held, holding_rows)


def _register(app: Dash, desk: "Desk", panel: Id, version_id: Id, question: "Question", rows: "Drawing") -> None:
    @app.callback(Output(grid_of(panel), "rowData"), Input(version_id, "data"), Input(Id.URL, "search"))
    def answer(version: object, search: str | None) -> list[dict[str, Any]]:
        if version is None:  # the page is there before its first pulse
            raise PreventUpdate
        try:
            return rows(question(desk, in_preferred_currency(desk, Selection.parse(search, key_of(panel)))), times.now())
        except Exception:  # the panel tells the person
            log.exception("the rows of %s could not be read", panel)
            raise PreventUpdate from None


def _register_long(app: Dash, desk: "Desk", panel: Id, rows: "Rows") -> None:
    @app.callback(Output(rows_of(panel), "data"), Input(wanted_of(panel), "data"), Input(again_of(panel), "data"), prevent_initial_call=True)
    def answer(wanted: object, again: object) -> dict[str, Any]:
        question = again if ctx.triggered_id == again_of(panel) else wanted
        if question is None:  # nothing was asked yet
            raise PreventUpdate
        return stretch(desk, rows, question)

    in_browser(app, "rows", Input(rows_of(panel), "data"), State(rows_of(panel), "id"))


def stretch(desk: "Desk", rows: "Rows", wanted: object) -> dict[str, Any]:
    """Return the `rows` that are `wanted`, 500 at most, how many there are in `total`, of which `version`, and the `number` of the question.

    What the store cannot answer comes back with `failed`, so that the table can ask again. Raises `Refused` for what is no question.
    """
    try:
        asked = Wanted.model_validate(wanted)
    except ValidationError as error:
        raise Refused(Code.BAD_REQUEST, "this asks for no rows", fields=faults(error)) from None
    try:
        stop = min(asked.stop, asked.start + MOST)
        return {"number": asked.number, **rows(desk, asked.search, asked.sort, asked.start, stop, times.now())}
    except Refused:
        raise
    except Exception:
        log.exception("rows of a table could not be read")
        return {"number": asked.number, "failed": True}
