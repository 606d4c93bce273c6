"""Insert, and insert-or-replace by a key, as both databases spell it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, Connection, Dialect, Insert, Select, Table, TableClause, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from data.schema import Base, UtcDateTime

Values = Sequence[Any]
PARCEL_ROWS = 5_000  # in one of PostgreSQL's statements: some megabytes of text, of at most a gigabyte


def upsert_statement(dialect: str, model: type[Base], key: Sequence[str], changing: Sequence[str]) -> Insert:
    """Return the statement that inserts rows of `model`, or gives those with the same `key` new values in `changing`."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    changes = {name: statement.excluded[name] for name in changing}
    upsert: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=changes)
    return upsert


def upsert(connection: Connection, model: type[Base], key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace those with the same key; every row must name the same columns."""
    if rows:
        changing = [name for name in rows[0] if name not in key and name != "created_at"]
        connection.execute(upsert_statement(connection.dialect.name, model, key, changing), list(rows))


class Prepared:
    """An insert put together once and run at the driver's own price: SQLAlchemy's work for each statement is most of a small commit.

    SQLite runs it for each row. PostgreSQL gets all rows as one JSON text, the parameter `rows`: that costs both ends a fraction of a
    statement for each row, and half of COPY.
    """

    def __init__(self, statement: Insert, dialect: Dialect, names: Sequence[str]) -> None:
        """Prepare `statement` for rows that hold `names`; no column's Python default is filled in."""
        columns, keys = statement.table.columns, [*names]
        if dialect.name == "postgresql":
            statement = statement.from_select(keys, _rows_of_json(statement.table, names), include_defaults=False)
            keys = []
        compiled = statement.compile(dialect=dialect, column_keys=keys or None)
        self.sql = str(compiled)
        self.names: Sequence[str] = compiled.positiontup or names
        self._processors = [
            (place, _remembering(process) if isinstance(columns[name].type, UtcDateTime) else process)
            for place, name in enumerate(self.names)
            if (process := columns[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        ]

    def bound(self, row: Values) -> list[Any]:
        """Return a row's values as SQLite takes them."""
        values = list(row)
        for place, process in self._processors:
            values[place] = process(values[place])
        return values

    def as_json(self, rows: Iterable[Values]) -> str:
        """Return rows as PostgreSQL takes them."""
        return orjson.dumps([dict(zip(self.names, row, strict=True)) for row in rows]).decode()


def write_all(connection: Connection, changes: Sequence[tuple[Prepared, Iterable[Values]]], asking: str = "1") -> None:
    """Insert each one's rows, given in the order of its `names`; no row may come twice.

    PostgreSQL does it in as few statements as it can, since each is a journey there and back; they also evaluate the expression `asking`.
    """
    with closing(connection.connection.cursor()) as cursor:
        if connection.dialect.name == "sqlite":
            for prepared, rows in changes:
                cursor.executemany(prepared.sql, [prepared.bound(row) for row in rows])
        else:
            for parcel in _parcels(changes):
                steps = ", ".join(f"of_{place} AS ({prepared.sql})" % {"rows": f"%(rows_{place})s"} for place, (prepared, _) in enumerate(parcel))
                given = {f"rows_{place}": prepared.as_json(rows) for place, (prepared, rows) in enumerate(parcel)}
                cursor.execute(f"WITH {steps} SELECT {asking}", given)


def _parcels(changes: Sequence[tuple[Prepared, Iterable[Values]]]) -> Iterator[list[tuple[Prepared, list[Values]]]]:
    """Yield what goes into each statement, in its order, as rows refer to earlier ones: all, unless they are too many for one text."""
    parcel: list[tuple[Prepared, list[Values]]] = []
    room = PARCEL_ROWS
    for prepared, rows in changes:
        coming = iter(rows)
        while taken := [*islice(coming, room)]:
            parcel.append((prepared, taken))
            room -= len(taken)
            if not room:
                yield parcel
                parcel, room = [], PARCEL_ROWS
    if parcel:
        yield parcel


def _rows_of_json(table: TableClause, names: Sequence[str]) -> Select[Any]:
    """Return the question for the rows of `table` that stand in the parameter `rows`."""
    nothing: ColumnElement[Any] = literal_column(f'CAST(NULL AS "{table.name}")')
    rows = func.json_populate_recordset(nothing, cast(bindparam("rows"), JSON)).table_valued(*names)
    return select(*(rows.c[name] for name in names))


def _remembering(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The rows of one commit share most of their times, and a time's text is dear."""
    return lru_cache(16)(process)
