"""Pages of trades. What one index answers in order is asked of the store; any other mix of filters and order is found in the columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from data import times
from data.answers import Answers
from data.book import TRADE_FIELDS
from data.columns import Array, Columns, Frame
from data.entries import Row as Record
from data.ledger import TRADES
from data.moments import IsoText
from data.paging import COUNT_LIMIT, Order, count, page
from data.schema import Counter, UtcDateTime
from data.scope import TradeFilter, TradeScope
from data.store import Store
from data.trade_filters import ENUMERATIONS, NAMES, TABLE, conditions, holds, in_scope

SEARCHED = 100_000  # how many rows, at most, a text search looks at before it answers with a cursor to go on
BY_COLUMNS = ("asset_class", "outcome", "min_return", "max_return", "risk")  # what no index of trades tells
INDEXED = {"at", "entry_time", "net_pnl", "id"}  # what an index of all trades is in order of
# A trade as a read gives it, from the database as it is: no Python per moment.
SHOWN = [IsoText(column).label(name) if isinstance((column := TABLE.c[name]).type, UtcDateTime) else column for name in TRADE_FIELDS]
SELECTED: Select[Any] = select(*SHOWN, IsoText(TABLE.c.at).label("at"))


def record(row: Any) -> Record:
    """Return a row of `SELECTED` as a read gives it."""
    return dict(zip(TRADE_FIELDS, row, strict=False))  # `at` is for the cursor alone


class TradeList:
    """Answers which trades stand on a page."""

    def __init__(self, store: Store, columns: Columns, answers: Answers) -> None:
        """Ask `store` for rows, and `columns` which they are where no index tells."""
        self._store = store
        self._columns = columns
        self._answers = answers

    def page(self, scope: TradeScope) -> Record:
        """Return `trades`, `total` (with `total_is_estimate` where it stopped counting), `has_more` and `next_cursor`.

        A text search looks at no more than 100,000 trades for one page; `next_cursor` then goes on where it stopped, and the
        total counts those found among the newest 100,000.
        """
        order = Order(TABLE, scope.sort)
        rows: Sequence[Row[Any]]
        if scope.q is None and not _one_index_serves(scope):
            rows, next_cursor, total, is_estimate = (*self._picked(scope, order), False)
        else:
            with self._store.read() as connection:
                total, is_estimate = self.total(connection, scope)  # first: an older version of the data must not be kept under a newer one
                if scope.q is None:
                    found = page(connection, SELECTED.where(*conditions(connection, scope)), order, scope)
                    rows, next_cursor = found.rows, found.next_cursor
                else:
                    rows, next_cursor = self._searched(connection, scope, order)
        return {
            "trades": [record(row) for row in rows],
            "total": total,
            "total_is_estimate": is_estimate,
            "has_more": next_cursor is not None,
            "next_cursor": next_cursor,
        }

    def total(self, connection: Connection, scope: TradeFilter) -> tuple[int, bool]:
        """Return how many trades are in scope, and whether the counting stopped early."""
        wanted = conditions(connection, scope, text=False)
        if scope.q is not None:
            of_filter = TradeFilter.model_validate({name: getattr(scope, name) for name in TradeFilter.model_fields})
            version = (self._columns.version("trades"), times.minute() if scope.days else 0)
            found = self._answers.get("trades.found", of_filter, version, lambda: _found(connection, wanted, scope.q or ""))
            return found["total"], found["is_estimate"]
        if not wanted:
            return connection.scalar(select(Counter.value).where(Counter.name == TRADES)) or 0, False
        return count(connection, TABLE, wanted)

    # --- by text, looking at rows ------------------------------------------------------------------------------

    def _searched(self, connection: Connection, scope: TradeScope, order: Order) -> tuple[list[Any], str | None]:
        """Return the rows of a page whose text holds `q`, and the cursor of what follows; see `page`."""
        wanted, left = scope.offset + scope.limit + 1, SEARCHED
        rows: list[Any] = []
        for part in order.parts(None if scope.cursor is None else order.open(scope.cursor)):
            candidates = select(TABLE.c.id).where(*conditions(connection, scope, text=False), part).order_by(*order.plain_clauses())
            looked_at = candidates.limit(left).subquery()
            matches = SELECTED.join(looked_at, looked_at.c.id == TABLE.c.id).where(holds(scope.q or ""))
            rows += connection.execute(matches.order_by(*order.plain_clauses()).limit(wanted - len(rows))).all()
            if len(rows) == wanted:
                return rows[scope.offset : -1], order.seal(rows[-2])
            edge = connection.execute(SELECTED.where(TABLE.c.id == candidates.offset(left - 1).limit(1).scalar_subquery())).first()
            if edge is not None:  # there may be more, which nobody has looked at
                return rows[scope.offset :], order.seal(edge)
            left -= connection.scalar(select(func.count()).select_from(looked_at)) or 0
        return rows[scope.offset :], None

    # --- by columns --------------------------------------------------------------------------------------------

    def _picked(self, scope: TradeScope, order: Order) -> tuple[list[Row[Any]], str | None, int]:
        """Return the page's rows, the cursor of what follows, and how many trades are in scope."""
        frame = self._columns.trades()
        mask = in_scope(frame, scope)
        keys, ids = keys_of(frame, order.column.name), frame["id"]
        remaining = mask
        if scope.cursor is not None:
            value, record_id = order.open(scope.cursor)
            place = _key_of(frame, order.column.name, value)
            beyond = keys < place if order.down else keys > place
            remaining = mask & (beyond | ((keys == place) & (ids < record_id if order.down else ids > record_id)))
        places = _first(keys, ids, np.flatnonzero(remaining), scope.offset + scope.limit + 1, down=order.down)[scope.offset :]
        wanted = ids[places].tolist()
        with self._store.read() as connection:
            rows = {row.id: row for row in connection.execute(SELECTED.where(TABLE.c.id.in_(wanted[: scope.limit])))}
        shown = [rows[record_id] for record_id in wanted[: scope.limit] if record_id in rows]
        return shown, order.seal(shown[-1]) if len(wanted) > scope.limit and shown else None, int(np.count_nonzero(mask))


def _one_index_serves(scope: TradeScope) -> bool:
    """Tell whether the rows in scope stand in an index in their order, so that a page is read without looking at others."""
    if any(getattr(scope, name) is not None for name in BY_COLUMNS):
        return False
    values = [getattr(scope, name) for name in NAMES]
    filters = sum(value is not None for value in values) + sum(getattr(scope, name) is not None for name in ENUMERATIONS)
    several = any(value is not None and len(value) > 1 for value in values)
    by_result = scope.min_pnl is not None or scope.max_pnl is not None
    in_time = any(value is not None for value in (scope.start, scope.end, scope.days))
    leading = scope.sort.removeprefix("-")
    if leading == "at":
        return filters <= 1 and not several and not by_result
    return leading in INDEXED and not filters and not in_time and (not by_result or leading == "net_pnl")


def keys_of(frame: Frame, name: str) -> Array:
    """Return what rows are compared by: a missing number is the smallest, a name counts by its place among all."""
    column = frame[name]
    if column.dtype == np.float64:
        return np.where(np.isnan(column), -np.inf, column)
    if column.dtype == np.int32:
        names = frame.names(name)
        ranks = np.empty(len(names), np.int32)
        ranks[np.argsort(np.array(names, dtype=object), kind="stable")] = np.arange(len(names)) * 2 if names else []
        return ranks[column]
    return column


def _key_of(frame: Frame, name: str, value: Any) -> Any:
    """Return what a cursor's value is compared by; a symbol that is gone lies between its neighbours."""
    if name == "net_pnl":
        return -np.inf if value is None else value
    if name == "symbol":
        smaller = sum(symbol < value for symbol in frame.names(name))
        return 2 * smaller if value in frame.names(name) else 2 * smaller - 1
    return value if name == "id" else times.microseconds(value)


def _first(keys: Array, ids: Array, places: Array, number: int, *, down: bool) -> Array:
    """Return the first so many of the places, in order of key and id; only those that can be among them are sorted."""
    chosen = keys[places]
    if number < len(places) // 4:
        edge = np.partition(chosen, len(places) - number if down else number - 1)[len(places) - number if down else number - 1]
        near = chosen >= edge if down else chosen <= edge
        places, chosen = places[near], chosen[near]
    ordered = np.lexsort((ids[places], chosen))
    found: Array = places[ordered[::-1] if down else ordered][:number]
    return found


def _found(connection: Connection, wanted: Sequence[ColumnElement[bool]], words: str) -> Record:
    """Return how many of the newest trades hold the words, counted as far as it stays cheap, and whether there may be more."""
    newest = select(TABLE.c.id).where(*wanted).order_by(*Order(TABLE, "-at").plain_clauses())
    looked_at = newest.limit(SEARCHED).subquery()
    holding = select(TABLE.c.id).join(looked_at, looked_at.c.id == TABLE.c.id).where(holds(words)).limit(COUNT_LIMIT + 1).subquery()
    found = connection.scalar(select(func.count()).select_from(holding)) or 0
    is_beyond = connection.execute(newest.offset(SEARCHED).limit(1)).first() is not None
    return {"total": min(found, COUNT_LIMIT), "is_estimate": is_beyond or found > COUNT_LIMIT}
