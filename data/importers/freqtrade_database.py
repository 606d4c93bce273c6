"""The SQLite database in which a running freqtrade keeps its trades."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from data.importers.base import bad_file
from data.importers.freqtrade_rows import FreqtradeTrade, TradeFile, chosen

BOT = "freqtrade"
MAGIC = b"SQLite format 3\x00"
COLUMNS = (
    "id", "pair", "stake_currency", "is_open", "is_short", "fee_open", "fee_close", "open_rate", "close_rate", "close_profit_abs", "amount",
    "open_date", "close_date", "stop_loss", "leverage", "exit_reason", "enter_tag", "strategy",
)  # fmt: skip  # one name a line would be a page
Opener = Callable[[Path, str | None], AbstractContextManager[TradeFile]]


@contextmanager
def opened(path: Path, strategy: str | None) -> Iterator[TradeFile]:
    """Open the database for reading only, checked to be whole and freqtrade's.

    Raises `Refused` (`bad_file`) that says what is wrong.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?{_mode(path)}", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise bad_file(path.name, f"is damaged or cut short: {verdict}")
            _check_columns(connection, path.name)
            rows = _rows(connection)
            chosen((row["strategy"] for row in rows), strategy)
            yield TradeFile([row for row in rows if strategy in {None, row["strategy"]}], BOT)
    except sqlite3.DatabaseError as error:
        raise bad_file(path.name, f"is damaged or cut short: {error}") from None


def _mode(path: Path) -> str:
    """Leave no -wal or -shm file beside a database that nobody has open, and see what a running bot wrote last."""
    return "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"


def _check_columns(connection: sqlite3.Connection, name: str) -> None:
    found = {row["name"] for row in connection.execute("PRAGMA table_info(trades)")}
    if not found:
        raise bad_file(name, "is not a freqtrade database: it has no table 'trades'")
    if missing := [column for column in COLUMNS if column not in found]:
        raise bad_file(name, f"is not a freqtrade database of a known version: table 'trades' has no column {', '.join(map(repr, missing))}")


def _rows(connection: sqlite3.Connection) -> list[FreqtradeTrade]:
    found = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM trades ORDER BY id")  # noqa: S608  # the names are constants above
    return [FreqtradeTrade(f"trades, id {row['id']}, column ", dict(row)) for row in found]
