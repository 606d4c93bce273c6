"""The charts API, `/api/charts`: each picture of the pages as a figure, as a table and as a file.

A chart is made in UTC here, whatever zone its pages show.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.answers import success
from app.rest.endpoint import Call, Endpoint
from app.rest.exporting import exporter
from app.rest.shapes import Data, Shape
from components.charts.rows import rows
from components.ids import Id
from components.panels import PANELS, Panel
from components.preferred import in_preferred_currency
from components.words import speaking, speech
from data import times
from data.desk import Desk
from data.entries import Row
from data.errors import Code, Refused
from data.exports import Export
from data.scope import Selection
from data.scope.base import Format

CHARTS = {panel.key: panel for panel in PANELS if panel.is_chart}
# Pictures show at most 2,000 points of these; a file has every one.
EVERY_POINT: dict[str, tuple[tuple[str, ...], Callable[[Desk, Selection], Iterable[Row]]]] = {
    Id.PANEL_EQUITY: (("timestamp", "equity", "drawdown", "currency"), lambda desk, chosen: desk.portfolio.every_point(chosen.equity())),
    Id.PANEL_DRAWDOWN: (("timestamp", "drawdown"), lambda desk, chosen: desk.portfolio.every_point(chosen.equity())),
}


class ChartScope(Selection):
    """Which part of the book a chart shows; with a format its data come as a file."""

    format: Annotated[Format | None, Field(description="Send the chart's data as a file")] = None


class Chart(Shape):
    """A chart as plotly.js draws it, its colours as names of tokens, and its data as a table."""

    figure: Annotated[dict[str, Any] | None, Field(description="null where there is nothing to draw")]
    columns: list[str]
    rows: list[dict[str, Any]]


class ChartRow(BaseModel):
    """A row of a chart's data; its columns are named by the titles of axes and lines, in the language of who asks."""

    model_config = ConfigDict(extra="allow")


def get_chart(call: Call, key: str) -> Row | Response:
    """Return a chart of the pages and its data; with `format` a file of the data, of a thinned chart every point."""
    panel = CHARTS.get(key)
    if panel is None:
        raise Refused(Code.NOT_FOUND, "there is no such chart", fields={"key": f"must be one of {', '.join(CHARTS)}"})
    chosen = in_preferred_currency(call.desk, Selection(**call.query.model_dump(exclude={"format"})))
    if call.query.format is None:
        figure = _figure(call.desk, panel, chosen)
        return success(data={"figure": figure} | rows(figure)._asdict())
    columns, found = _table(call.desk, panel, chosen)
    return exporter(Export(key, ChartScope, tuple(columns), lambda *_: found))(call)


def _figure(desk: Desk, panel: Panel, chosen: Selection) -> dict[str, Any] | None:
    with speaking(replace(speech(), zone="UTC")):
        return panel.shown(panel.question(desk, chosen), times.now()).figure


def _table(desk: Desk, panel: Panel, chosen: Selection) -> tuple[Sequence[str], Iterable[Row]]:
    if panel.id in EVERY_POINT:
        columns, points = EVERY_POINT[panel.id]
        return columns, ({name: point[name] for name in columns} for point in points(desk, chosen))
    return rows(_figure(desk, panel, chosen))


ENDPOINTS = (Endpoint("GET", "/<key>", "read", get_chart, query=ChartScope, returns=Data[Chart], streams=ChartRow),)
