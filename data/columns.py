"""Trades and snapshots as columns in memory, for figures over all of them; no entity is ever made per row.

A copy is read whole at the first question and then kept up: each row names the record that last changed it
(`changed_id`), so what is new since the last look is a short read. A long one is kept as a file, too, from which
the next start goes on (`data.kept`). Readers get a `Frame`, which never changes.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, CursorResult, Double, String, Table, cast, func, select, type_coerce

from data import kept, posting
from data.frame import Array, Frame, Mask
from data.moments import Micros
from data.planned import risk_level
from data.recent import Recent
from data.schema import Base, Counter, Portfolio, Trade
from data.store import Store

CHUNK = 10_000
SPARE = 1.25  # how much room a copy has beyond its rows, so that one more row costs one row and not a copy of all
LONG, NEWS = 50_000, 50  # so many rows are worth a file, which is written anew when one row of so many has changed since

__all__ = ["Array", "Columns", "Frame", "Mask", "is_closed"]


@dataclass(frozen=True)
class Shape:
    """Which columns are kept: moments as microseconds since 1970 (int64), numbers (float64, NaN for none), names as codes (int32).

    `derived` are names, too, which the database makes of a row: 4 bytes of memory a row instead of the numbers behind them.
    """

    model: type[Base]
    time: str
    moments: tuple[str, ...]
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    derived: Mapping[str, Callable[[Table], ColumnElement[str]]] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, type]:
        """Return each column's type, in the order in which they are read."""
        return {
            "id": np.int64,
            **dict.fromkeys(self.moments, np.int64),
            **dict.fromkeys(self.numbers, np.float64),
            **dict.fromkeys(self.coded, np.int32),
        }

    @property
    def coded(self) -> tuple[str, ...]:
        """Return the columns of names."""
        return *self.names, *self.derived


TRADES = Shape(
    Trade,
    "at",
    ("at", "entry_time"),
    ("net_pnl", "pnl", "fees", "slippage", "pnl_pct", "duration_seconds"),
    ("bot", "symbol", "strategy", "direction", "status", "currency"),
    {"risk": risk_level},
)
SNAPSHOTS = Shape(Portfolio, "timestamp", ("timestamp",), ("total_value", "deposit", "cash_balance"), ("bot", "currency"))


@dataclass
class _Rows:
    """What a copy holds: columns with room to grow, the names' codes, how many rows, and the last change seen."""

    shape: Shape
    room: dict[str, Array]
    vocabulary: dict[str, dict[str, int]]
    removed: int
    count: int = 0
    seen: int = 0
    news: int = 0  # rows that were written since a file was

    @classmethod
    def none(cls, shape: Shape, removed: int) -> "_Rows":
        return cls(shape, {name: np.empty(0, kind) for name, kind in shape.kinds.items()}, {name: {} for name in shape.coded}, removed)

    @classmethod
    def of(cls, shape: Shape, found: kept.Kept) -> "_Rows":
        vocabulary = {name: {text: code for code, text in enumerate(found.names[name])} for name in shape.coded}
        return cls(shape, dict(found.columns), vocabulary, found.removed, len(found.columns["id"]), found.seen)

    def as_kept(self, mark: str) -> kept.Kept:
        names = {name: list(codes) for name, codes in self.vocabulary.items()}
        return kept.Kept(self._filled(), names, self.removed, self.seen, mark)

    def copied(self) -> "_Rows":
        """Return the same rows: what is written into them does not show in these, should the writing end halfway."""
        return replace(self, room=dict(self.room))

    def frame(self) -> Frame:
        return Frame(self.shape.time, self._filled(), {name: dict(codes) for name, codes in self.vocabulary.items()})

    def _filled(self) -> dict[str, Array]:
        return {name: column[: self.count] for name, column in self.room.items()}

    def write(self, chunk: Sequence[Any]) -> None:
        """Put rows, which are in order of id, into the columns: those with a known id in the place of what is there."""
        changed, *values = zip(*chunk, strict=True)
        self.seen = max(self.seen, *changed)
        self.news += len(chunk)
        kinds = self.shape.kinds
        arrays = {name: self._array(name, kind, column) for (name, kind), column in zip(kinds.items(), values, strict=True)}
        ids, here = arrays["id"], self.room["id"][: self.count]
        known = int(np.searchsorted(ids, here[-1], side="right")) if self.count else 0
        places = np.searchsorted(here, ids[:known])
        total = self.count + len(ids) - known
        for name, new in arrays.items():
            self.room[name] = self._written(self.room[name], new, places, total)
        self.count = total

    def _written(self, column: Array, new: Array, places: Array, total: int) -> Array:
        """Return the column with the new values; readers hold what is there, so a value is replaced in a copy."""
        known = len(places)
        differs = not np.array_equal(column[places], new[:known], equal_nan=new.dtype == np.float64)
        if differs or total > len(column):
            grown: Array = np.empty(int(total * SPARE) if total > len(column) else len(column), column.dtype)
            grown[: self.count] = column[: self.count]
            grown[places] = new[:known]
            column = grown
        column[self.count : total] = new[known:]
        return column

    def _array(self, name: str, kind: type, column: Sequence[Any]) -> Array:
        if name not in self.vocabulary:
            if isinstance(column[0], str):  # a moment of SQLite's, which numpy reads ten times as quickly as the database does
                return np.array(column, dtype="datetime64[us]").astype(kind)
            return np.array(column, dtype=kind)  # a float column reads None as NaN
        codes = self.vocabulary[name]
        for text in dict.fromkeys(column):
            codes.setdefault(text, len(codes))
        return np.fromiter(map(codes.__getitem__, column), np.int32, len(column))


class _Copy:
    """One process's copy of a table's columns."""

    def __init__(self, store: Store, shape: Shape, folder: Path | None) -> None:
        self._store = store
        self._shape = shape
        self._path = None if folder is None else folder / f"columns-{shape.model.__tablename__}.npz"
        self._rows: _Rows | None = None
        self._frame: Frame | None = None
        self._version = -1
        self._lock = threading.Lock()

    def at(self, version: int) -> Frame:
        """Return the frame at least as new as `version`."""
        with self._lock:
            if self._frame is None or version > self._version:
                with self._store.read(consistent=True) as connection:
                    self._rows = self._followed(connection)
                self._frame, self._version = self._rows.frame(), version
            return self._frame

    def keep(self) -> None:
        """Keep a long copy as a file, when much has changed since that was done last."""
        with self._lock:
            rows = self._rows
        if self._path is not None and rows is not None and rows.news >= max(LONG, rows.count // NEWS):
            with self._store.read() as connection:
                mark = kept.mark_of(connection, rows.seen)
            if mark:
                kept.write(self._path, rows.as_kept(mark))
                rows.news = 0

    def _begun(self, connection: Connection) -> _Rows | None:
        found = None if self._path is None else kept.read(self._path, self._shape.kinds)
        return None if found is None or found.mark != kept.mark_of(connection, found.seen) else _Rows.of(self._shape, found)

    def _followed(self, connection: Connection) -> _Rows:
        removed = connection.scalar(select(Counter.value).where(Counter.name == posting.REMOVE_DEMO)) or 0
        known = self._begun(connection) if self._rows is None else self._rows.copied()
        whole = known is None or removed != known.removed
        rows = _Rows.none(self._shape, removed) if known is None or whole else known
        with self._changes(connection, rows.seen, whole=whole) as result:
            for chunk in self._chunks(result):
                rows.write(chunk)
        return rows

    def _chunks(self, result: CursorResult[Any]) -> Iterator[Sequence[Any]]:
        """Yield the rows; SQLite's as the driver has them, because to make SQLAlchemy's of them takes a third of the time."""
        if self._store.is_sqlite and result.cursor is not None:
            while chunk := result.cursor.fetchmany(CHUNK):
                yield chunk
        else:
            yield from result.partitions(CHUNK)

    def _changes(self, connection: Connection, seen: int, *, whole: bool) -> CursorResult[Any]:
        table = self._shape.model.__table__
        assert isinstance(table, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
        moments = [type_coerce(table.c[name], String) if self._store.is_sqlite else Micros(table.c[name]) for name in self._shape.moments]
        numbers = [cast(table.c[name], Double) for name in self._shape.numbers]
        names = [func.coalesce(table.c[name], "") for name in self._shape.names]
        derived = [made(table) for made in self._shape.derived.values()]
        query = select(table.c.changed_id, table.c.id, *moments, *numbers, *names, *derived)
        query = query if whole else query.where(table.c.changed_id > seen)
        streaming = whole and not self._store.is_sqlite  # which streams by itself
        return connection.execution_options(stream_results=streaming).execute(query.order_by(table.c.id))


class Columns:
    """The copies of one process. `versions` tells what has changed (see `LiveMonitoringSystem.versions`)."""

    def __init__(self, store: Store, versions: Callable[[], dict[str, int]], folder: Path | None = None) -> None:
        """Copy from `store`, at the first question; `folder` is where long copies are kept as files, None for nowhere."""
        self._versions = versions
        self._trades = _Copy(store, TRADES, folder)
        self._snapshots = _Copy(store, SNAPSHOTS, folder)
        self._closed = Recent(1)

    def keep(self) -> None:
        """Keep what was copied for the next start, see `data.kept`."""
        self._trades.keep()
        self._snapshots.keep()

    def version(self, kind: str) -> int:
        """Return the id of the record that last changed this kind of data."""
        return self._versions()[kind]

    def trades(self) -> Frame:
        """Return all trades: `at` is the exit, of an open one the entry."""
        return self._trades.at(self._versions()["trades"])

    def snapshots(self) -> Frame:
        """Return all snapshots of all bots."""
        return self._snapshots.at(self._versions()["portfolio"])

    def closed(self) -> Frame:
        """Return the trades that are closed with a known result, in order of exit: the same frame for all who ask until a trade changes."""
        trades = self.trades()
        return self._closed.get(trades, lambda: trades.in_time(is_closed(trades)))


def is_closed(trades: Frame) -> Mask:
    """Return which trades of a frame are closed with a known result."""
    closed: Mask = trades.is_any("status", ["closed"]) & ~np.isnan(trades["net_pnl"])
    return closed
