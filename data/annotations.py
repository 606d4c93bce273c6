"""Questions about what people marked on charts."""

from sqlalchemy import Table, select

from data.editing import annotation_record
from data.entries import Row
from data.paging import Order, page
from data.schema import Annotation
from data.scope import AnnotationScope
from data.store import Store
from data.times import now

assert isinstance(Annotation.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Annotation.__table__
ORDER = Order(TABLE, "-date")


class Annotations:
    """Answers questions about annotations."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def on(self, chart_id: str, scope: AnnotationScope) -> Row:
        """Return the page of a chart's `annotations` in scope, newest first, their `count`, `has_more` and `next_cursor`."""
        query = select(TABLE).where(TABLE.c.chart_id == chart_id)
        if (since := scope.since(now())) is not None:
            query = query.where(TABLE.c.date >= since)
        if scope.end is not None:
            query = query.where(TABLE.c.date <= scope.end)
        with self._store.read() as connection:
            found = page(connection, query, ORDER, scope)
        annotations = [annotation_record(dict(row)) for row in found.mappings]
        return {"annotations": annotations, "count": len(annotations), "has_more": found.has_more, "next_cursor": found.next_cursor}
