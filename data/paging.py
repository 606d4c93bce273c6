"""Pages of a list, by offset or by a place in its order (keyset paging), which costs the same at any depth."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, Subquery, Table, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.sql.elements import UnaryExpression

from data.errors import Code, Refused
from data.fields import as_any_moment
from data.scope import Page, Range
from data.times import iso, now

COUNT_LIMIT = 10_000
Place = tuple[Any, int]


@dataclass(frozen=True)
class Order:
    """An order of a table's rows: by a column, then by id, so that it is one order; a missing value is the smallest."""

    table: Table | Subquery
    sort: str

    @property
    def column(self) -> Any:
        """Return the column that leads."""
        return self.table.c[self.sort.removeprefix("-")]

    @property
    def down(self) -> bool:
        """Tell whether the largest comes first."""
        return self.sort.startswith("-")

    def clauses(self) -> list[UnaryExpression[Any]]:
        """Return what to order by, the same on both databases."""
        leading = self.column.desc() if self.down else self.column.asc()
        if self.column.nullable:
            leading = leading.nulls_last() if self.down else leading.nulls_first()
        return [leading, *self.plain_clauses()[1:]]

    def plain_clauses(self) -> list[UnaryExpression[Any]]:
        """Return what to order rows by that all have a value, or all have none: the order of the index, backwards or forwards."""
        columns = (self.column, self.table.c.id)
        return [column.desc() if self.down else column.asc() for column in columns]

    def parts(self, place: Place | None) -> list[ColumnElement[bool]]:
        """Return conditions for the rows after a place: those of one part come before those of the next, and within each `plain_clauses` holds.

        PostgreSQL reads an index only in its own order, in which what is missing is the largest.
        """
        column, ids = self.column, self.table.c.id
        value, record_id = place or (None, None)
        valued, missing = column.is_not(None), column.is_(None)
        if record_id is not None and value is not None:
            pair, here = tuple_(column, ids), tuple_(literal(value, column.type), literal(record_id, ids.type))
            valued = pair < here if self.down else pair > here
        elif record_id is not None:
            missing = and_(missing, ids < record_id if self.down else ids > record_id)
        if not column.nullable:
            return [valued if record_id is not None else true()]
        if record_id is None:
            return [valued, missing] if self.down else [missing, valued]
        if self.down:
            return [missing] if value is None else [valued, missing]
        return [missing, valued] if value is None else [valued]

    def seal(self, row: Any) -> str:
        """Return the cursor that names the place of a row, which has the leading column (a moment, or its ISO text) and the id."""
        value = getattr(row, self.column.name)
        plain = iso(value) if isinstance(value, datetime) else value
        return base64.urlsafe_b64encode(orjson.dumps([self.sort, plain, row.id])).decode().rstrip("=")

    def open(self, cursor: str) -> Place:
        """Return the place that a cursor names. Raises `Refused` for one that this server did not make for this order."""
        try:
            made_for, value, record_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if made_for != self.sort or type(record_id) is not int or not 0 <= record_id < 2**63:
                raise ValueError
            return self._read(value), record_id
        except (ValueError, TypeError, OverflowError):
            fields = {"cursor": "is not a next_cursor of a list with this sort"}
            raise Refused(Code.BAD_REQUEST, "unknown parameter or value", fields=fields) from None

    def _read(self, value: Any) -> Any:
        if value is None and self.column.nullable:
            return None
        return _PLACES[self.column.type.python_type](value)


_PLACES: dict[type, Callable[[Any], Any]] = {
    datetime: as_any_moment,
    float: float,
    str: lambda value: str(value).replace("\0", ""),
    int: lambda value: max(0, min(int(value), 2**63 - 1)),
}


@dataclass(frozen=True)
class Found:
    """The rows of a page, whether there are more, and the cursor of what follows."""

    rows: Sequence[Row[Any]]
    has_more: bool
    next_cursor: str | None

    @property
    def mappings(self) -> list[RowMapping]:
        """Return the rows by column."""
        return [row._mapping for row in self.rows]


def within(column: Any, scope: Range) -> list[ColumnElement[bool]]:
    """Return a scope's range as conditions on a column of moments."""
    since = scope.since(now())
    found: list[ColumnElement[bool]] = [] if since is None else [column >= since]
    return found if scope.end is None else [*found, column <= scope.end]


def page(connection: Connection, query: Select[Any], order: Order, scope: Page) -> Found:
    """Return the page of `query`, which selects the order's table, that `scope` names."""
    place = None if scope.cursor is None else order.open(scope.cursor)
    wanted = scope.limit + 1
    rows: list[Row[Any]] = []
    if scope.offset:
        remaining = query.where(or_(*order.parts(place))).order_by(*order.clauses()).offset(scope.offset).limit(wanted)
        rows = [*connection.execute(remaining).all()]
    else:
        for part in order.parts(place):
            if len(rows) < wanted:
                rows += connection.execute(query.where(part).order_by(*order.plain_clauses()).limit(wanted - len(rows))).all()
    has_more = len(rows) > scope.limit
    shown = rows[: scope.limit]
    return Found(shown, has_more, order.seal(shown[-1]) if has_more else None)


def count(connection: Connection, table: Table, conditions: Sequence[ColumnElement[bool]]) -> tuple[int, bool]:
    """Return how many rows meet the conditions, counted as far as it stays cheap, and whether the counting stopped there."""
    some = select(table.c.id).where(*conditions).limit(COUNT_LIMIT + 1).subquery()
    counted = connection.scalar(select(func.count()).select_from(some)) or 0
    return min(counted, COUNT_LIMIT), counted > COUNT_LIMIT
