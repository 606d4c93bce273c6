"""The Dashboard as a plain Dash app, with Dash as it is shipped and `compress=True`: what our page is compared with.

Run by the Python of an environment that has Dash alone, and imports nothing of the project: `gunicorn 'dash_app:make("page.json")'`.
`BENCH_GRID=1` loads AG Grid, too, as Dash does on every page once one of them has a table of it.
"""

import json
import os
from pathlib import Path
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, dcc, html

COLUMNS = {
    "trades": ("symbol", "direction", "strategy", "size", "entry_price", "exit_price", "net_pnl"),
    "events": ("timestamp", "event_type", "message"),
}


def make(path: str) -> Any:
    """Return the WSGI app that shows the page in a file."""
    if os.environ.get("BENCH_GRID"):
        import dash_ag_grid  # noqa: F401  # an import is what has Dash load it
    page = json.loads(Path(path).read_text())
    app = Dash("peer", compress=True, external_stylesheets=[], title="Dashboard")
    app.layout = _layout(page)
    for number, figure in enumerate(page["figures"].values()):
        app.callback(Output(f"chart-{number}", "figure"), Input("address", "search"))(lambda _search, figure=figure: figure)
    return app.server


def _layout(page: dict[str, Any]) -> Any:
    tiles = [dbc.Col(dbc.Card([html.Span(tile["name"]), html.Strong(str(tile["value"]))])) for tile in page["tiles"]]
    charts = [dbc.Col(dbc.Card([html.H2(title), dcc.Graph(id=f"chart-{number}")]), width=6) for number, title in enumerate(page["figures"])]
    tables = [dbc.Col(dbc.Card(_table(page[name], columns)), width=6) for name, columns in COLUMNS.items()]
    links = [dbc.NavLink(name, href=f"/{name.lower()}") for name in page["pages"]]
    return dbc.Container([dcc.Location(id="address"), dbc.NavbarSimple(links, brand="Dashboard"), dbc.Row(tiles), dbc.Row(charts), dbc.Row(tables)])


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Any:
    head = html.Thead(html.Tr([html.Th(name) for name in columns]))
    body = html.Tbody([html.Tr([html.Td(str(row.get(name))) for name in columns]) for row in rows])
    return dbc.Table([head, body])
