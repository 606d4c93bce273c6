"""Trades out of the SQLite database that freqtrade keeps; all of them are stored, or none.

freqtrade's columns mean: dates are UTC without saying so; `close_profit_abs` is already net of fees and funding;
`stop_loss` 0.0 is none; `amount` includes the leverage; a trade whose first order is not filled yet has amount 0.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from data.errors import Code, Refused
from data.fields import Name
from data.journal import Journal
from data.ledger import Effect
from data.records import TradeIn, faults, validated

DEFAULT_BOT = "freqtrade"
MAGIC = b"SQLite format 3\x00"
LONGEST_NAME = 200  # freqtrade allows 255 characters for a reason and a tag, a record 200
# Which of freqtrade's columns each of our fields comes from, to name the right one when its value is refused.
SOURCES = {
    "trade_id": "id",
    "symbol": "pair",
    "direction": "is_short",
    "size": "amount",
    "entry_price": "open_rate",
    "entry_time": "open_date",
    "exit_price": "close_rate",
    "exit_time": "close_date",
    "net_pnl": "close_profit_abs",
    "status": "is_open",
    "currency": "stake_currency",
    "tags": "enter_tag",
}
COLUMNS = (
    "id", "pair", "stake_currency", "is_open", "is_short", "fee_open", "fee_close", "open_rate", "close_rate", "close_profit_abs", "amount",
    "open_date", "close_date", "stop_loss", "leverage", "exit_reason", "enter_tag", "strategy",
)  # fmt: skip  # one name a line would be a page


@dataclass(frozen=True, slots=True)
class Imported:
    """How many of the file's trades were new, known already, known otherwise, or not entered yet and so left out."""

    new: int
    unchanged: int
    replaced: int
    left_out: int


def import_trades(
    journal: Journal, path: Path, *, bot: str = DEFAULT_BOT, watch: Callable[[Iterable[Any], int], Iterable[Any]] = lambda rows, _total: rows
) -> Imported:
    """Store the trades of the freqtrade database at `path` as those of `bot`.

    `watch(rows, total)` hands the rows on as they are read, to show progress. Raises `Refused` (`bad_file`) that
    says what is wrong and where; nothing is stored then.
    """
    bot = _bot_name(bot)
    with _opened(path) as connection:
        total = connection.execute("SELECT count(*) FROM trades").fetchone()[0]
        drafts = [draft for row in watch(_rows(connection), total) if (draft := _draft(row)) is not None]
    effects = [outcome.effect for outcome in journal.append(drafts, bot=bot)] if drafts else []
    return Imported(
        new=effects.count(Effect.ADDED), unchanged=effects.count(Effect.SAME), replaced=effects.count(Effect.REPLACED), left_out=total - len(drafts)
    )


def _bot_name(bot: str) -> str:
    try:
        return TypeAdapter(Name).validate_python(bot)
    except ValidationError as error:
        raise Refused(Code.INVALID_FIELDS, "nothing was imported", fields={"bot": faults(error)[""]}) from None


# --- the file --------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database for reading only, checked to be whole and freqtrade's."""
    _check_is_sqlite(path)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?{_mode(path)}", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise _bad(path.name, f"is damaged or cut short: {verdict}")
            _check_columns(connection, path.name)
            yield connection
    except sqlite3.DatabaseError as error:
        raise _bad(path.name, f"is damaged or cut short: {error}") from None


def _check_is_sqlite(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise _bad(path.name, f"cannot be read: {error.strerror}") from None
    if head != MAGIC:
        raise _bad(path.name, "is empty" if not head else "is not a SQLite database")


def _mode(path: Path) -> str:
    """Leave no -wal or -shm file beside a database that nobody has open, and see what a running bot wrote last."""
    return "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"


def _check_columns(connection: sqlite3.Connection, name: str) -> None:
    found = {row["name"] for row in connection.execute("PRAGMA table_info(trades)")}
    if not found:
        raise _bad(name, "is not a freqtrade database: it has no table 'trades'")
    if missing := [column for column in COLUMNS if column not in found]:
        raise _bad(name, f"is not a freqtrade database of a known version: table 'trades' has no column {', '.join(map(repr, missing))}")


def _bad(place: str, fault: str) -> Refused:
    return Refused(Code.BAD_FILE, "the file was not imported; nothing was stored", fields={place: fault})


# --- its rows --------------------------------------------------------------------------------------------------


def _rows(connection: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    return iter(connection.execute(f"SELECT {', '.join(COLUMNS)} FROM trades ORDER BY id"))  # noqa: S608  # the names are constants above


def _draft(row: sqlite3.Row) -> TradeIn | None:
    """Return the row as a trade, or None for one that holds nothing yet. Raises `Refused` naming trade and column."""
    try:
        is_open = _flag(row, "is_open")
        if is_open and row["amount"] == 0:
            return None
        fields = _entry(row) | ({"status": "open"} if is_open else _exit(row))
        return validated(TradeIn, {name: value for name, value in fields.items() if value is not None})
    except Refused as refusal:
        place, fault = next(iter(refusal.fields.items()))
        field = place.split(".")[0]
        column = SOURCES.get(field, field)
        raise _bad(f"trades, id {row['id']}, column {column}", f"{fault}, but is {row[column]!r:.80}") from None


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "trade_id": str(row["id"]),
        "symbol": row["pair"],
        "direction": "short" if _flag(row, "is_short") else "long",
        "strategy": row["strategy"] or None,
        "size": row["amount"],
        "leverage": row["leverage"],
        "entry_price": row["open_rate"],
        "entry_time": _moment(row, "open_date"),
        "stop_loss": row["stop_loss"] or None,
        "tags": [_shortened(row["enter_tag"])] if row["enter_tag"] else None,
        "currency": row["stake_currency"],
    }


def _exit(row: sqlite3.Row) -> dict[str, Any]:
    """Return what a closed trade adds; its profit must be there, for a missing one would count as none."""
    opened, closed = (_number(row, "amount") * _number(row, rate) * _number(row, fee) for rate, fee in _FEES)
    return {
        "status": "closed",
        "exit_price": row["close_rate"],
        "exit_time": _moment(row, "close_date"),
        "exit_reason": _shortened(row["exit_reason"]) if row["exit_reason"] else None,
        "net_pnl": _number(row, "close_profit_abs"),
        "fees": opened + closed,
    }


_FEES = (("open_rate", "fee_open"), ("close_rate", "fee_close"))


def _flag(row: sqlite3.Row, column: str) -> bool:
    if row[column] not in (0, 1):
        raise Refused(Code.BAD_FILE, "", fields={column: "must be 0 or 1"})
    return bool(row[column])


def _number(row: sqlite3.Row, column: str) -> float:
    if not isinstance(row[column], int | float):
        raise Refused(Code.BAD_FILE, "", fields={column: "must be a number"})
    return float(row[column])


def _moment(row: sqlite3.Row, column: str) -> datetime:
    try:
        return datetime.fromisoformat(row[column]).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise Refused(Code.BAD_FILE, "", fields={column: "must be a date and time such as 2018-01-10 07:15:00"}) from None


def _shortened(value: Any) -> Any:
    return value[:LONGEST_NAME] if isinstance(value, str) else value
