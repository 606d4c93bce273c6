"""How an endpoint sends a file of any length."""

from collections.abc import Callable
from itertools import chain

from flask import Response

from app.rest.endpoint import Call
from data.exports import Export

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def exporter(export: Export) -> Callable[[Call], Response]:
    """Return the answer of an endpoint that streams an export; `X-Total-Count` says how many rows come, where that is known cheaply."""

    def send(call: Call) -> Response:
        file_format = call.query.format
        headers = {"Content-Disposition": f'attachment; filename="{export.name}.{file_format}"'}
        if (total := export.total(call.desk, call.query)) is not None:
            headers["X-Total-Count"] = str(total)
        lines = iter(export.lines(call.desk, call.query))
        first = next(lines)  # now, while a refusal can still be one; every file has a part
        return Response(chain([first], lines), content_type=MEDIA_TYPES[file_format], headers=headers)

    send.__doc__ = f"Stream all matching rows as {export.name}.csv or {export.name}.json."
    return send
