"""Questions about what people marked on charts."""

from sqlalchemy import Table, select

from data.editing import annotation_record
from data.entries import Row
from data.errors import Code, Refused
from data.paging import Order, count, page, within
from data.schema import Annotation
from data.scope import AnnotationScope
from data.store import Store

assert isinstance(Annotation.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Annotation.__table__
ORDER = Order(TABLE, "-date")


class Annotations:
    """Answers questions about annotations."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def one(self, record_id: int) -> Row:
        """Return the annotation with this id. Raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            row = connection.execute(select(TABLE).where(TABLE.c.id == record_id)).mappings().first()
        if row is None:
            raise Refused(Code.NOT_FOUND, "there is no annotation with this id")
        return annotation_record(dict(row))

    def on(self, chart_id: str, scope: AnnotationScope) -> Row:
        """Return the page of a chart's `annotations` in scope, newest first, their `count`, the `total`, `has_more` and `next_cursor`."""
        wanted = [TABLE.c.chart_id == chart_id, *within(TABLE.c.date, scope)]
        with self._store.read() as connection:
            found = page(connection, select(TABLE).where(*wanted), ORDER, scope)
            total, is_estimate = count(connection, TABLE, wanted)
        annotations = [annotation_record(dict(row)) for row in found.mappings]
        return {
            "annotations": annotations,
            "count": len(annotations),
            "total": total,
            "total_is_estimate": is_estimate,
            "has_more": found.has_more,
            "next_cursor": found.next_cursor,
        }
