"""Export: files of any length, which spreadsheets and programs read as what they are."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from data import paging, trades
from data.desk import Desk
from data.entries import Row
from data.export import PART_BYTES, csv_lines, json_lines, plain_text
from data.exports import EXPORTS
from tests.groups.records import closed, one_of_everything, strict_json
from tests.support.api import ALERT, EVENT, POSITION, Api

FORMULAS = ("=1+1", "+1", "-1+cmd", "@SUM(A1)", "\tx", "\r=1", "'=quoted", "\uff1d1")


def file(api: Api, name: str, **query: Any) -> bytes:
    response = api.client.get(f"/api/export/{name}", query_string=query, headers=api.headers)
    assert response.status_code == 200, response.get_data()
    content: bytes = response.get_data()
    return content


def table(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_spreadsheets_file_is_utf_8_with_a_mark_and_quotes_what_needs_it(api: Api) -> None:
    notes = 'said "buy",\nthen über 50 % — 買う'
    api.batch(closed(1, "02-01T10:00", 5, notes=notes, tags=["a,b", 'c"d']))
    raw = file(api, "trades")
    assert raw.startswith(b"\xef\xbb\xbfid,trade_id,")
    assert raw.endswith(b"\r\n")
    assert b'"said ""buy"",\nthen \xc3\xbcber' in raw
    [row] = table(raw)
    assert (row["notes"], row["tags"], row["strategy"]) == (notes, '["a,b","c\\"d"]', "")
    assert row["exit_time"] == "2025-02-01T10:00:00.000000Z"


def test_a_number_comes_out_of_either_file_with_every_digit_it_had(api: Api) -> None:
    values = [0.1 + 0.2, 1e-8, 1e18, 5e-324, -0.0, 123456789.12345678, 1 / 3]
    api.batch(*(closed(number, "02-01T10:00", value) for number, value in enumerate(values)))
    assert {row["trade_id"]: float(row["net_pnl"]) for row in table(file(api, "trades"))} == {
        f"t{place}": value for place, value in enumerate(values)
    }
    assert sorted(row["net_pnl"] for row in strict_json(file(api, "trades", format="json"))) == sorted(values)


def test_no_text_of_a_bot_is_run_by_a_spreadsheet_whichever_file_it_stands_in(api: Api) -> None:
    for number, text in enumerate(FORMULAS):
        api.batch(
            closed(number, "02-01T10:00", -1, symbol=text, notes=text, strategy=text, bot=text, exit_reason=text, currency="USD"),
            {"kind": "position", **POSITION, "position_id": text, "symbol": text, "strategy": text, "unrealized_pnl": -1},
            {"kind": "event", **EVENT, "message": text, "bot": text},
            {"kind": "alert", **ALERT, "message": text, "title": text, "bot": text},
        )
    for name in EXPORTS:
        rows = table(file(api, name))
        assert rows, name
        for row in rows:
            for column, cell in row.items():
                if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\uff1d"}:
                    assert float(cell) < 0, f"{column} of {name} would be run: {cell!r}"
    assert sorted(plain_text(row["symbol"]) for row in table(file(api, "trades"))) == sorted(FORMULAS)
    assert {row["notes"] for row in strict_json(file(api, "trades", format="json"))} == {*FORMULAS}, "JSON needs no mark"


def test_every_file_names_its_columns_and_says_what_it_is(api: Api) -> None:
    one_of_everything(api)
    for name, export in EXPORTS.items():
        for form, media in (("csv", "text/csv"), ("json", "application/json")):
            response = api.client.get(f"/api/export/{name}?format={form}", headers=api.headers)
            assert response.mimetype == media
            assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.{form}"'
            assert response.is_streamed
            assert "Content-Length" not in response.headers
        [head, *_] = csv.reader(io.StringIO(file(api, name).decode("utf-8-sig"), newline=""))
        assert tuple(head) == export.columns
        assert len(table(file(api, name))) == len(strict_json(file(api, name, format="json"))) >= 1, name


@pytest.mark.parametrize("lines_of", [lambda rows: csv_lines(rows, ("id", "text")), json_lines], ids=["csv", "json"])
def test_a_file_begins_before_its_last_row_is_read_and_comes_in_bounded_parts(lines_of: Callable[[Iterator[Row]], Iterator[bytes]]) -> None:
    read = 0

    def rows() -> Iterator[Row]:
        nonlocal read
        for number in range(20_000):
            read = number + 1
            yield {"id": number, "text": "x" * 50}

    parts = lines_of(rows())
    first = next(parts)
    assert read < 2_000
    sizes = [len(first), *map(len, parts)]
    assert read == 20_000
    assert max(sizes) < 2 * PART_BYTES < sum(sizes)


def test_what_arrives_while_a_file_is_written_neither_doubles_nor_drops_what_was_there(api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trades, "CHUNK", 5)
    api.batch(*(closed(number, f"02-01T10:{number:02}", 1) for number in range(20)))
    export = EXPORTS["trades"]
    rows = iter(export.rows(desk, export.scope()))
    written = [next(rows) for _ in range(7)]
    api.batch(closed(100, "02-28T00:00", 1), closed(101, "01-02T00:00", 1), closed(15, "02-01T10:15", 9), closed(2, "02-28T01:00", 9))
    written += rows
    names = [row["trade_id"] for row in written]
    assert len(names) == len(set(names))
    assert set(names) - {"t100", "t101"} == {f"t{number}" for number in range(20)}


def test_how_many_rows_come_is_said_where_it_is_known_and_not_guessed_elsewhere(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.batch(*(closed(number, f"02-01T10:{number:02}", number, symbol=f"S{number % 2}") for number in range(12)))

    def announced(**query: Any) -> str | None:
        found: str | None = api.client.get("/api/export/trades", query_string=query, headers=api.headers).headers.get("X-Total-Count")
        return found

    assert (announced(), announced(symbol="S1"), announced(symbol="none"), announced(min_pnl=10)) == ("12", "6", "0", "2")
    monkeypatch.setattr(paging, "COUNT_LIMIT", 5)
    assert (announced(), announced(symbol="S1")) == ("12", None)
    assert len(table(file(api, "trades", symbol="S1"))) == 6, "the file is whole all the same"
