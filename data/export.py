"""Rows as CSV and JSON, a row at a time, so that a download of any length needs no more memory than one row."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from data.entries import Row

PART_BYTES = 65_536  # of a file, handed on at once
BOM = "\ufeff"  # by which spreadsheets know UTF-8
# What a spreadsheet takes for a formula, the last four being full-width forms of the first. A text that begins like one which
# was marked already gets a mark too: so what comes back can be told apart, and no text is changed by a round trip.
FORMULA = re.compile("'*[=+@\t\r\uff1d\uff0b\uff0d\uff20-]")
MARK = "'"


def csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[bytes]:
    """Yield an RFC 4180 file: UTF-8 with BOM, a head, CRLF; text that a spreadsheet would run gets a leading `'`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
        if buffer.tell() > PART_BYTES:
            yield _drained(buffer)
    yield _drained(buffer)


def _drained(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and FORMULA.match(value):
        return MARK + value
    return value


def plain_text(cell: str) -> str:
    """Return the text of which `csv_lines` made this cell."""
    return cell.removeprefix(MARK) if FORMULA.match(cell) else cell


def json_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield one JSON array, `[]` when there are no rows."""
    written = bytearray(b"[")
    separator = b""
    for row in rows:
        written += separator + orjson.dumps(row)
        separator = b",\n"
        if len(written) > PART_BYTES:
            yield bytes(written)
            written.clear()
    yield bytes(written) + b"]"
