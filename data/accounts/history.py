"""Reading the audit log: newest first, by page or whole."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Table, func, select

from data.entries import Row
from data.fields import Name
from data.paging import Order, page, within
from data.schema import AuditEntry
from data.scope import Format, Page, Range
from data.store import Store
from data.times import iso

assert isinstance(AuditEntry.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = AuditEntry.__table__
ORDER = Order(TABLE, "-at")
COLUMNS = ("id", "at", "actor", "action", "target", "address", "before", "after", "previous_hash", "hash")
CHUNK = 5_000
Part = Annotated[Name | None, Field(description="Only rows whose field holds this, in any case")]


class AuditFilter(Range):
    """Which rows of the audit log."""

    actor: Part = None
    action: Part = None


class AuditScope(Page, AuditFilter):
    """Which rows, and which page of them."""


class AuditFileScope(AuditFilter):
    """Which rows to write to a file."""

    format: Format = "csv"


class History:
    """Answers questions about what was done."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def page(self, scope: AuditScope) -> Row:
        """Return the page of `entries` in scope, newest first, with `has_more` and `next_cursor`."""
        with self._store.read() as connection:
            found = page(connection, select(TABLE).where(*_conditions(scope)), ORDER, scope)
        return {"entries": [_entry(row._mapping) for row in found.rows], "has_more": found.has_more, "next_cursor": found.next_cursor}

    def every(self, scope: AuditFilter) -> Iterator[Row]:
        """Return an iterator over all rows in scope, newest first, a few thousand in memory at a time."""
        wanted, part = _conditions(scope), list[ColumnElement[bool]]()
        while True:
            query = select(TABLE).where(*wanted, *part).order_by(*ORDER.plain_clauses()).limit(CHUNK)
            with self._store.read() as connection:
                rows = connection.execute(query).all()
            yield from (_entry(row._mapping) for row in rows)
            if len(rows) < CHUNK:
                return
            part = ORDER.parts((rows[-1].at, rows[-1].id))


def _conditions(scope: AuditFilter) -> list[ColumnElement[bool]]:
    found = within(TABLE.c.at, scope)
    for name in ("actor", "action"):
        if (wanted := getattr(scope, name)) is not None:
            found.append(func.lower(TABLE.c[name]).contains(wanted.lower(), autoescape=True))
    return found


def _entry(row: Any) -> Row:
    return {**{name: row[name] for name in COLUMNS}, "at": iso(row["at"])}
