"""Trades and snapshots as columns in memory, for figures over all of them; no entity is ever made per row.

A copy is read whole at the first question and then kept up: each row names the record that last changed it
(`changed_id`), so what is new since the last look is a short read. Readers get a `Frame`, which never changes.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, CursorResult, Double, Table, cast, func, select

from data import posting
from data.moments import Micros
from data.planned import risk_level
from data.schema import Base, Counter, Portfolio, Trade
from data.store import Store

CHUNK = 50_000
SPARE = 1.25  # how much room a copy has beyond its rows, so that one more row costs one row and not a copy of all
Array = NDArray[Any]
Mask = NDArray[np.bool_]


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


class Frame:
    """Columns of equal length in order of id, as they were at one moment; `frame["net_pnl"]` is one of them."""

    def __init__(self, time: str, columns: Mapping[str, Array], vocabulary: dict[str, dict[str, int]]) -> None:
        """Show `columns`; `vocabulary` gives the code of each name, "" stands for none."""
        self._time = time
        self._columns = columns
        self._vocabulary = vocabulary

    def __len__(self) -> int:
        return len(self["id"])

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]

    def names(self, column: str) -> list[str]:
        """Return the name that each code of a column stands for."""
        return list(self._vocabulary[column])

    def is_any(self, column: str, names: Sequence[str]) -> Mask:
        """Return where a column holds one of the names."""
        codes = [code for name in names if (code := self._vocabulary[column].get(name)) is not None]
        found: Mask = self[column] == codes[0] if len(codes) == 1 else np.isin(self[column], codes)
        return found

    @cached_property
    def is_in_time(self) -> bool:
        """Whether the order of id is that of the rows' own time."""
        times = self[self._time]
        return bool((times[1:] >= times[:-1]).all())

    @cached_property
    def by_time(self) -> Array:
        """Return the places of the rows in order of their own time, those of the same time in order of id."""
        return np.arange(len(self)) if self.is_in_time else np.argsort(self[self._time], kind="stable")

    def take(self, where: Mask | Array) -> "Frame":
        """Return the chosen rows as a frame of their own: a mask keeps the order of id, places give any order."""
        places = np.flatnonzero(where) if where.dtype == np.bool_ else where
        return Frame(self._time, _Taken(self, places), self._vocabulary)

    def in_time(self, mask: Mask) -> "Frame":
        """Return the chosen rows in order of their own time."""
        if self.is_in_time:
            return self if mask.all() else self.take(mask)
        return self.take(self.by_time if mask.all() else self.by_time[mask[self.by_time]])


class _Taken(Mapping[str, Array]):
    """Chosen rows of a frame's columns, each gathered when it is first asked for: a question needs three of sixteen."""

    def __init__(self, frame: Frame, places: Array) -> None:
        self._frame = frame
        self._places = places
        self._gathered: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._gathered:
            self._gathered[name] = self._frame[name][self._places]
        return self._gathered[name]

    def __len__(self) -> int:
        return len(self._frame._columns)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame._columns)


@dataclass
class _Rows:
    """What a copy holds: columns with room to grow, the names' codes, how many rows, and the last change seen."""

    shape: Shape
    room: dict[str, Array]
    vocabulary: dict[str, dict[str, int]]
    removed: int
    count: int = 0
    seen: int = 0

    @classmethod
    def none(cls, shape: Shape, removed: int) -> "_Rows":
        return cls(shape, {name: np.empty(0, kind) for name, kind in shape.kinds.items()}, {name: {} for name in shape.coded}, removed)

    def copied(self) -> "_Rows":
        """Return the same rows: what is written into them does not show in these, should the writing end halfway."""
        return replace(self, room=dict(self.room))

    def frame(self) -> Frame:
        columns = {name: column[: self.count] for name, column in self.room.items()}
        return Frame(self.shape.time, columns, {name: dict(codes) for name, codes in self.vocabulary.items()})

    def write(self, chunk: Sequence[Any]) -> None:
        """Put rows, which are in order of id, into the columns: those with a known id in the place of what is there."""
        changed, *values = zip(*chunk, strict=True)
        self.seen = max(self.seen, *changed)
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
            return np.array(column, dtype=kind)  # a float column reads None as NaN
        codes = self.vocabulary[name]
        return np.fromiter((codes.setdefault(value, len(codes)) for value in column), np.int32, len(column))


class _Copy:
    """One process's copy of a table's columns."""

    def __init__(self, store: Store, shape: Shape) -> None:
        self._store = store
        self._shape = shape
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

    def _followed(self, connection: Connection) -> _Rows:
        removed = connection.scalar(select(Counter.value).where(Counter.name == posting.REMOVE_DEMO)) or 0
        whole = self._rows is None or removed != self._rows.removed
        rows = _Rows.none(self._shape, removed) if self._rows is None or whole else self._rows.copied()
        with self._changes(connection, rows.seen, whole=whole) as result:
            for chunk in result.partitions(CHUNK):
                rows.write(chunk)
        return rows

    def _changes(self, connection: Connection, seen: int, *, whole: bool) -> CursorResult[Any]:
        table = self._shape.model.__table__
        assert isinstance(table, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
        moments = [Micros(table.c[name]) for name in self._shape.moments]
        numbers = [cast(table.c[name], Double) for name in self._shape.numbers]
        names = [func.coalesce(table.c[name], "") for name in self._shape.names]
        derived = [made(table) for made in self._shape.derived.values()]
        query = select(table.c.changed_id, table.c.id, *moments, *numbers, *names, *derived)
        query = query if whole else query.where(table.c.changed_id > seen)
        return connection.execution_options(stream_results=whole).execute(query.order_by(table.c.id))


class Columns:
    """The copies of one process. `versions` tells what has changed (see `LiveMonitoringSystem.versions`)."""

    def __init__(self, store: Store, versions: Callable[[], dict[str, int]]) -> None:
        """Copy from `store`, at the first question."""
        self._versions = versions
        self._trades = _Copy(store, TRADES)
        self._snapshots = _Copy(store, SNAPSHOTS)

    def version(self, kind: str) -> int:
        """Return the id of the record that last changed this kind of data."""
        return self._versions()[kind]

    def trades(self) -> Frame:
        """Return all trades: `at` is the exit, of an open one the entry."""
        return self._trades.at(self._versions()["trades"])

    def snapshots(self) -> Frame:
        """Return all snapshots of all bots."""
        return self._snapshots.at(self._versions()["portfolio"])
