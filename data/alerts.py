"""Questions about alerts and their rules."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Table, func, select

from data.alerting import alert_record
from data.editing import rule_record
from data.entries import Row
from data.errors import Code, Refused
from data.paging import Order, count, page, within
from data.schema import Alert, AlertRule
from data.scope import AlertHistoryScope, AlertListScope
from data.store import Store

assert isinstance(Alert.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Alert.__table__
ORDER = Order(TABLE, "-timestamp")
CHUNK = 5000


class Alerts:
    """Answers questions about what people were warned of, and about what they are warned of."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def page(self, scope: AlertListScope) -> Row:
        """Return the page of `alerts` in scope, newest first, with `total`, `total_is_estimate`, `has_more` and `next_cursor`."""
        wanted = _conditions(scope)
        with self._store.read() as connection:
            found = page(connection, select(TABLE).where(*wanted), ORDER, scope)
            if wanted:
                total, is_estimate = count(connection, TABLE, wanted)
            else:
                total, is_estimate = connection.scalar(select(func.count()).select_from(TABLE)) or 0, False
        return {
            "alerts": [alert_record(dict(row)) for row in found.mappings],
            "total": total,
            "total_is_estimate": is_estimate,
            "has_more": found.has_more,
            "next_cursor": found.next_cursor,
        }

    def every(self, scope: AlertHistoryScope) -> Iterator[Row]:
        """Return an iterator over all alerts in scope, newest first, a few thousand in memory at a time; it has no pages."""
        wanted, part = _conditions(scope), list[ColumnElement[bool]]()
        while True:
            query = select(TABLE).where(*wanted, *part).order_by(*ORDER.plain_clauses()).limit(CHUNK)
            with self._store.read() as connection:
                rows = connection.execute(query).mappings().all()
            yield from (alert_record(dict(row)) for row in rows)
            if len(rows) < CHUNK:
                return
            part = ORDER.parts((rows[-1]["timestamp"], rows[-1]["id"]))

    def total(self, scope: AlertHistoryScope) -> int | None:
        """Return how many alerts are in scope, None where that is not known cheaply."""
        with self._store.read() as connection:
            total, is_estimate = count(connection, TABLE, _conditions(scope))
        return None if is_estimate else total

    def one(self, record_id: int) -> Row:
        """Return the alert with this id. Raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            row = connection.execute(select(TABLE).where(TABLE.c.id == record_id)).mappings().first()
        if row is None:
            raise Refused(Code.NOT_FOUND, "there is no alert with this id")
        return alert_record(dict(row))

    def rules(self) -> list[Row]:
        """Return every alert rule, in the order in which they were made."""
        with self._store.read() as connection:
            rows = connection.execute(select(AlertRule.__table__).order_by(AlertRule.id)).mappings()
            return [rule_record(dict(row)) for row in rows]


def _conditions(scope: AlertListScope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in ("status", "severity", "type", "bot"):
        if (values := getattr(scope, name)) is not None:
            found.append(TABLE.c[name] == values[0] if len(values) == 1 else TABLE.c[name].in_(values))
    return [*found, *within(TABLE.c.timestamp, scope)] if isinstance(scope, AlertHistoryScope) else found
