"""The card of a table: its grid, hidden until there is something to show, the menu of its columns, and its export."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from dash_ag_grid import AgGrid

from components.grids.columns import Column
from components.grids.locale import locale_text
from components.ids import Id, again_of, bar_of, grid_of, key_of, rows_of, wanted_of
from components.parts import card, export_menu, facts, icon, menu
from components.words import _

BLOCK = 100  # rows that a long table asks for at once
KEPT_BLOCKS = 30  # what was scrolled past is forgotten beyond that
DEBOUNCE_MS = 60  # of blocks that are scrolled past quickly none is asked for
CONCURRENT = 4  # tables.js asks for one at a time; dash-ag-grid's own first request, which nobody answers, keeps one place
FLASH_MS = 700


def grid_card(
    panel: Id, title: str, columns: Sequence[Column], extra: str = "", *, export: str | None = None, tools: Sequence[Component] = (), **options: Any
) -> html.Section:
    """Return the card of a table whose rows, all of them, the server sends; `options` go to AG Grid."""
    grid = AgGrid(id=grid_of(panel), rowData=[], **_grid(columns, options))
    return _card(panel, title, grid, extra, export, tools, [])


def long_grid_card(
    panel: Id, title: str, columns: Sequence[Column], extra: str = "", *, export: str | None = None, tools: Sequence[Component] = (), **options: Any
) -> html.Section:
    """Return the card of a table of any length: sorted and filtered on the server, which sends the rows that are looked at."""
    asks = {
        "cacheBlockSize": BLOCK,
        "maxBlocksInCache": KEPT_BLOCKS,
        "blockLoadDebounceMillis": DEBOUNCE_MS,
        "maxConcurrentDatasourceRequests": CONCURRENT,
        "infiniteInitialRowCount": 1,
    }
    grid = AgGrid(id=grid_of(panel), rowModelType="infinite", **_grid(columns, asks | options))
    return _card(panel, title, grid, extra, export, tools, [dcc.Store(id=make(panel)) for make in (wanted_of, again_of, rows_of)])


def _grid(columns: Sequence[Column], options: dict[str, Any]) -> dict[str, Any]:
    return {
        "columnDefs": list(columns),
        "defaultColDef": {
            "sortable": False,
            "suppressHeaderMenuButton": True,
            "tooltipValueGetter": {"function": "botv2Tooltip(params)"},
        },
        "getRowId": "params.data.id",
        "style": {"height": None},  # the stylesheet's, not the component's own
        "className": "grid",
        "dashGridOptions": {
            "localeText": locale_text(),
            "suppressMultiSort": True,
            "suppressDragLeaveHidesColumns": True,
            "suppressColumnMoveAnimation": True,
            "animateRows": False,
            "ensureDomOrder": True,
            "cellFlashDuration": FLASH_MS,
            "tooltipShowDelay": 600,
            "tooltipShowMode": "whenTruncated",
            "tabToNextCell": {"function": "botv2Leave(params)"},
            **options,
        },
    }


def _card(
    panel: Id, title: str, grid: AgGrid, extra: str, export: str | None, tools: Sequence[Component], stores: Sequence[Component]
) -> html.Section:
    # not `hidden` while it waits: then AG Grid could not measure its rows
    frame = html.Div(grid, className="grid-frame waiting", **facts(grid=key_of(panel)))
    below = html.Div([html.Div(id=bar_of(panel), className="chart-pills"), frame, *stores], className="grid-below")
    choice = menu(_("Columns of {table}").format(table=title), icon("columns"), html.Div(**facts(columns=key_of(panel))), "columns-menu")
    own = [*tools, choice, *([export_menu(title, export)] if export else [])]
    return card(panel, title, extra=f"gridded {extra}".strip(), tools=own, below=below, bots="none")
