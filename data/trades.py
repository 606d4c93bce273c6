"""Questions about trades."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.sql.elements import UnaryExpression

from data import metrics
from data.book import trade_record
from data.errors import Code, Refused
from data.fields import as_any_moment
from data.schema import Trade
from data.scope import TradeFilter, TradeScope
from data.store import Store
from data.times import iso

COUNT_LIMIT = 10_000
TABLE = Trade.__table__


class Trades:
    """Answers questions about trades from the store."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def page(self, scope: TradeScope) -> dict[str, Any]:
        """Return `trades`, `total` (with `total_is_estimate` where it stopped counting), `has_more` and `next_cursor`."""
        order = scope.sort.removeprefix("-")
        query = select(TABLE).where(*_conditions(scope)).order_by(*_ordering(scope.sort))
        if scope.cursor is not None:
            query = query.where(_after(scope.sort, _opened(scope.cursor, scope.sort)))
        with self._store.read() as connection:
            rows: Sequence[Any] = connection.execute(query.offset(scope.offset).limit(scope.limit + 1)).mappings().all()
            total, is_estimate = self._total(connection.scalar, scope)
        shown = rows[: scope.limit]
        has_more = len(rows) > scope.limit
        return {
            "trades": [trade_record(dict(row)) for row in shown],
            "total": total,
            "total_is_estimate": is_estimate,
            "has_more": has_more,
            "next_cursor": _sealed(scope.sort, shown[-1][order], shown[-1]["id"]) if has_more else None,
        }

    def _total(self, scalar: Any, scope: TradeScope) -> tuple[int, bool]:
        """Count exactly without a filter, and with one as far as it stays cheap."""
        conditions = _conditions(scope)
        if not conditions:
            return int(scalar(select(func.count()).select_from(TABLE))), False
        some = select(TABLE.c.id).where(*conditions).limit(COUNT_LIMIT + 1).subquery()
        counted = int(scalar(select(func.count()).select_from(some)))
        return min(counted, COUNT_LIMIT), counted > COUNT_LIMIT

    def statistics(self, scope: TradeFilter) -> dict[str, Any]:
        """Return what the closed trades in scope earned (see `metrics.trade_statistics`) and how many are still open."""
        columns = select(TABLE.c.net_pnl, TABLE.c.fees, TABLE.c.duration_seconds)
        closed = columns.where(*_conditions(scope), TABLE.c.status == "closed", TABLE.c.net_pnl.is_not(None))
        still_open = select(func.count()).select_from(TABLE).where(*_conditions(scope), TABLE.c.status == "open")
        with self._store.read() as connection:
            rows = connection.execute(closed).all()
            open_trades = connection.scalar(still_open)
        fees = [row.fees for row in rows if row.fees is not None]
        durations = [row.duration_seconds for row in rows if row.duration_seconds is not None]
        return metrics.trade_statistics([row.net_pnl for row in rows], fees, durations) | {"open_trades": open_trades}


def _conditions(scope: TradeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        TABLE.c[name] == value for name in ("symbol", "strategy", "status", "direction", "bot") if (value := getattr(scope, name)) is not None
    ]
    if scope.start is not None:
        found.append(TABLE.c.at >= scope.start)
    if scope.end is not None:
        found.append(TABLE.c.at <= scope.end)
    if scope.min_pnl is not None:
        found.append(TABLE.c.net_pnl >= scope.min_pnl)
    if scope.max_pnl is not None:
        found.append(TABLE.c.net_pnl <= scope.max_pnl)
    if scope.q is not None:
        searched = (TABLE.c.trade_id, TABLE.c.symbol, TABLE.c.strategy, TABLE.c.exit_reason, TABLE.c.notes)
        found.append(or_(*(column.icontains(scope.q, autoescape=True) for column in searched)))
    return found


def _ordering(sort: str) -> list[UnaryExpression[Any]]:
    """Order by the column, then by id; a missing value sorts as the smallest on both databases."""
    column, down = TABLE.c[sort.removeprefix("-")], sort.startswith("-")
    return [column.desc().nulls_last(), TABLE.c.id.desc()] if down else [column.asc().nulls_first(), TABLE.c.id.asc()]


def _after(sort: str, place: tuple[Any, int]) -> ColumnElement[bool]:
    """Return the condition for the rows that come after a place in the order (keyset paging)."""
    column, value, record_id = TABLE.c[sort.removeprefix("-")], *place
    if sort.startswith("-"):
        if value is None:
            return and_(column.is_(None), TABLE.c.id < record_id)
        return or_(column < value, and_(column == value, TABLE.c.id < record_id), column.is_(None))
    if value is None:
        return or_(column.is_not(None), TABLE.c.id > record_id)
    return or_(column > value, and_(column == value, TABLE.c.id > record_id))


def _sealed(sort: str, value: Any, record_id: int) -> str:
    plain = iso(value) if hasattr(value, "isoformat") else value
    return base64.urlsafe_b64encode(orjson.dumps([sort, plain, record_id])).decode().rstrip("=")


def _opened(cursor: str, sort: str) -> tuple[Any, int]:
    """Return the place that a cursor names. Raises `Refused` for one that this server did not make for this order."""
    try:
        made_for, value, record_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if made_for != sort or type(record_id) is not int or not 0 <= record_id < 2**63:
            raise ValueError
        return _PLACES[sort.removeprefix("-")](value), record_id
    except (ValueError, TypeError, OverflowError):
        fields = {"cursor": "is not a next_cursor of a list with this sort"}
        raise Refused(Code.BAD_REQUEST, "unknown parameter or value", fields=fields) from None


_PLACES: dict[str, Callable[[Any], Any]] = {
    "at": as_any_moment,
    "entry_time": as_any_moment,
    "net_pnl": lambda value: None if value is None else float(value),
    "symbol": lambda value: str(value).replace("\0", ""),
    "id": lambda value: max(0, min(int(value), 2**63 - 1)),
}
