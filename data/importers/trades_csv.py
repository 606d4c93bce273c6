"""Trades out of CSV files: those that our own export writes, and those that people write.

Columns are known by their names, which are those of the export; `trade_id, symbol, direction, size, entry_price, entry_time`
must be there. They are separated by comma, semicolon or tab, as the first line shows. A file is streamed: nothing of it is
kept but the row at hand.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import StringConstraints

from data.book import TRADE_FIELDS
from data.errors import Refused
from data.export import plain_text
from data.fields import NO_NUL, Number
from data.importers.base import Imported, Watch, bad_file, check_then_store, checked_bot, delimiter_of, refuse_no_file, unwatched
from data.journal import Journal
from data.records import TradeIn, validated

REQUIRED = tuple(name for name, field in TradeIn.model_fields.items() if field.is_required())
MOMENTS = ("entry_time", "exit_time")
NUMBERS = ("size", "leverage", "entry_price", "exit_price", "stop_loss", "take_profit", "pnl", "fees", "slippage", "net_pnl", "pnl_pct")


class StoredTrade(TradeIn):
    """A trade as the store holds it: one that a closed position became has a longer id than a bot may send."""

    trade_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=240, pattern=NO_NUL)]
    pnl_pct: Number | None = None  # a closed position's is what the bot said, which need not follow from the prices


COMPUTED = frozenset(TRADE_FIELDS) - set(StoredTrade.model_fields)  # ids, stamps and duration: made anew


class TradeTable:
    """A CSV file's trades as records; iterate over them as often as needed."""

    def __init__(self, path: Path, bot: str | None = None) -> None:
        """Read from `path`; `bot` overrides the file's own column."""
        self.path = path
        self._bot = bot

    def __iter__(self) -> Iterator[StoredTrade]:
        """Yield the trades in the order of the file; raises `Refused` (`bad_file`) at the first row that is wrong."""
        for line, cells in self._rows():
            yield self._draft(line, cells)

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's line, the first of several, and its cells that are not empty."""
        line = 1
        try:
            # What is not UTF-8 goes through to the check of its cell, which can name line and column.
            refuse_no_file(self.path)  # it is read twice
            with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                header = file.readline()
                names = self._names(header)
                rows = csv.reader(file, delimiter=delimiter_of(header), strict=True)
                line = 2
                for row in rows:
                    if any(row):
                        if len(row) != len(names):
                            raise self._bad(line, None, f"has {len(row)} columns, the header {len(names)}")
                        yield line, {name: cell for name, cell in zip(names, row, strict=True) if cell and name not in COMPUTED}
                    line = rows.line_num + 2
        except OSError as error:
            raise bad_file(self.path.name, f"cannot be read: {error.strerror}") from None
        except csv.Error as error:
            raise self._bad(line, None, f"is not CSV: {error}") from None

    def _names(self, header: str) -> list[str]:
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter_of(header)), [])]
        if unknown := [name for name in names if name not in TRADE_FIELDS]:
            raise self._bad(1, None, f"names the unknown column {unknown[0]!r:.80}; known are {', '.join(TRADE_FIELDS)}")
        if missing := [name for name in REQUIRED if name not in names]:
            raise self._bad(1, None, f"names no column {', '.join(missing)}")
        if twice := [name for name in names if names.count(name) > 1]:
            raise self._bad(1, None, f"names the column {twice[0]} twice")
        return names

    def _draft(self, line: int, cells: dict[str, str]) -> StoredTrade:
        fields: dict[str, Any] = {name: self._value(line, name, cell) for name, cell in cells.items()}
        if self._bot is not None:
            fields["bot"] = self._bot
        try:
            return validated(StoredTrade, fields)
        except Refused as refusal:
            place, fault = next(iter(refusal.fields.items()))
            column = place.split(".")[0]
            raise self._bad(line, column, f"{fault}, but is {cells[column]!r:.80}" if column in cells else fault) from None

    def _value(self, line: int, name: str, cell: str) -> Any:
        if name in MOMENTS:
            return cell.strip()
        if name not in {*NUMBERS, "tags"}:
            return plain_text(cell)
        try:
            return orjson.loads(cell) if name == "tags" else float(cell)
        except ValueError:
            kind = 'a JSON array such as ["breakout"]' if name == "tags" else "a number with a decimal point"
            raise self._bad(line, name, f"must be {kind}, but is {cell!r:.80}") from None

    def _bad(self, line: int, column: str | None, fault: str) -> Refused:
        return bad_file(f"{self.path.name}, line {line}" + (f", column {column}" if column else ""), fault)


def import_csv(journal: Journal, path: Path, *, bot: str | None = None, watch: Watch = unwatched) -> Imported:
    """Store the trades of a CSV file; those without a bot are of `default`, with `bot` all are of that one.

    The whole file is checked first: raises `Refused` (`bad_file`) naming line and column, and nothing is stored then.
    After that it is stored in parts (see `check_then_store`).
    """
    return check_then_store(journal, TradeTable(path, None if bot is None else checked_bot(bot)), "default", watch)
