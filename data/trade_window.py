"""Any stretch of a sorted list of trades, at any depth in milliseconds: a table with virtual rows asks for one as it is scrolled."""

import numpy as np
from sqlalchemy import select

from data import times
from data.columns import Array, Columns
from data.entries import Row
from data.errors import Code, Refused
from data.paging import Order
from data.recent import Recent
from data.scope import MAX_ROWS, TradeFilter
from data.store import Store
from data.trade_filters import TABLE, conditions, holds, in_scope
from data.trade_list import SEARCHED, SELECTED, keys_of, record

SORTS = ("at", "entry_time", "symbol", "strategy", "bot", "direction", "status", "net_pnl", "pnl_pct", "duration_seconds", "fees")
KEPT = 6  # orders in memory, 8 bytes a trade each


class Window:
    """Answers which trades stand where in a sorted list, from the columns; each order is kept until the trades change."""

    def __init__(self, store: Store, columns: Columns) -> None:
        """Ask `columns` for the order and `store` for the rows that are shown."""
        self._store = store
        self._columns = columns
        self._recent = Recent(KEPT)

    def rows(self, scope: TradeFilter, sort: str, start: int, stop: int) -> Row:
        """Return the `rows` at the places from `start` up to `stop`, a thousand at most, and `total`, how many there are.

        `sort` is one of `SORTS`, with - before it the largest first; what is missing is the smallest, and trades that are
        equal stand in order of id. A text search looks at the newest 100,000 trades in scope. Raises `Refused` for another sort.
        """
        if sort.removeprefix("-") not in SORTS:
            raise Refused(Code.BAD_REQUEST, "unknown parameter or value", fields={"sort": f"must be one of {', '.join(SORTS)}, or -… of these"})
        ids = self._ids(scope, sort)
        first = max(start, 0)
        wanted = ids[first : min(stop, first + MAX_ROWS)].tolist()
        with self._store.read() as connection:
            rows = {row.id: record(row) for row in connection.execute(SELECTED.where(TABLE.c.id.in_(wanted)))} if wanted else {}
        return {"rows": [rows[record_id] for record_id in wanted if record_id in rows], "total": len(ids)}

    def _ids(self, scope: TradeFilter, sort: str) -> Array:
        key = (scope, sort, self._columns.version("trades"), times.minute() if scope.days else 0)
        return self._recent.get(key, lambda: self._sorted(scope, sort))

    def _sorted(self, scope: TradeFilter, sort: str) -> Array:
        frame = self._columns.trades()
        mask = in_scope(frame, scope)
        if scope.q is not None:
            mask &= np.isin(frame["id"], self._found(scope, scope.q))
        places = np.flatnonzero(mask)
        keys = keys_of(frame, sort.removeprefix("-"))[places]
        ordered = np.argsort(keys, kind="stable")  # rows are in order of id already
        ids: Array = frame["id"][places[ordered[::-1] if sort.startswith("-") else ordered]]
        return ids

    def _found(self, scope: TradeFilter, words: str) -> Array:
        """Return the ids of those among the newest trades in scope whose text holds the words."""
        with self._store.read() as connection:
            newest = select(TABLE.c.id).where(*conditions(connection, scope, text=False)).order_by(*Order(TABLE, "-at").plain_clauses())
            looked_at = newest.limit(SEARCHED).subquery()
            found = connection.execute(select(TABLE.c.id).join(looked_at, looked_at.c.id == TABLE.c.id).where(holds(words)))
            return np.array(found.scalars().all(), np.int64)
