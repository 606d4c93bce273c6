"""The details API, `/api/details`: what the drill-down dialog shows of one thing, as a file."""

from itertools import chain

from flask import Response
from pydantic import BaseModel, ConfigDict

from app.rest.endpoint import Call, Endpoint
from app.rest.exporting import exporter
from components.details import found
from components.preferred import in_preferred_currency
from data.entries import Row
from data.exports import Export
from data.scope import Selection
from data.scope.base import Format


class DetailScope(Selection):
    """In which range and with which filters a thing is looked at, and the kind of file."""

    format: Format = "json"


class DetailRow(BaseModel):
    """A row of a detail: the record itself, or the trades that it lists; which fields it has depends on the kind."""

    model_config = ConfigDict(extra="allow")


def get_detail(call: Call, ref: str) -> Response:
    """Send what the dialog shows of `ref` (`trade:12`, `risk:sharpe_ratio`, `hour:3-14`, …) as a file."""
    kind, given = found(ref)
    chosen = in_preferred_currency(call.desk, Selection(**call.query.model_dump(exclude={"format"})))
    rows = iter(kind.rows(call.desk, kind.question(call.desk, given, chosen)))
    first: list[Row] = [row for row in [next(rows, None)] if row is not None]
    columns = tuple(first[0]) if first else ()
    return exporter(Export(ref.partition(":")[0], DetailScope, columns, lambda *_: chain(first, rows)))(call)


ENDPOINTS = (Endpoint("GET", "/<path:ref>", "read", get_detail, query=DetailScope, streams=DetailRow),)
