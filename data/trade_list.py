"""Pages of trades. What one index answers in order is asked of the store; any other mix of filters and order is found in the columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, or_, select

from data import times
from data.answers import Answers
from data.book import TRADE_FIELDS
from data.columns import Array, Columns, Frame, Mask
from data.entries import Row as Record
from data.ledger import TRADES
from data.moments import IsoText
from data.paging import COUNT_LIMIT, Order, count, page, within
from data.schema import Counter, Trade, UtcDateTime
from data.scope import TradeFilter, TradeScope
from data.store import Store

SEARCHED = 100_000  # how many rows, at most, a text search looks at before it answers with a cursor to go on
NAMES = ("symbol", "strategy", "bot")
ENUMERATIONS = ("status", "direction")
INDEXED = {"at", "entry_time", "net_pnl", "id"}  # what an index of all trades is in order of
assert isinstance(Trade.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Trade.__table__
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
                    found = page(connection, SELECTED.where(*conditions(scope)), order, scope)
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
        wanted = conditions(scope, text=False)
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
            candidates = select(TABLE.c.id).where(*conditions(scope, text=False), part).order_by(*order.plain_clauses())
            looked_at = candidates.limit(left).subquery()
            matches = SELECTED.join(looked_at, looked_at.c.id == TABLE.c.id).where(_holds(scope.q or ""))
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
        keys, ids = _keys(frame, order.column.name), frame["id"]
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
    values = [getattr(scope, name) for name in NAMES]
    filters = sum(value is not None for value in values) + sum(getattr(scope, name) is not None for name in ENUMERATIONS)
    several = any(value is not None and len(value) > 1 for value in values)
    by_result = scope.min_pnl is not None or scope.max_pnl is not None
    in_time = any(value is not None for value in (scope.start, scope.end, scope.days))
    leading = scope.sort.removeprefix("-")
    if leading == "at":
        return filters <= 1 and not several and not by_result
    return leading in INDEXED and not filters and not in_time and (not by_result or leading == "net_pnl")


def _keys(frame: Frame, name: str) -> Array:
    """Return what rows are compared by: a missing result is the smallest, a symbol counts by its place among all."""
    if name == "net_pnl":
        return np.where(np.isnan(frame[name]), -np.inf, frame[name])
    if name == "symbol":
        symbols = frame.names(name)
        ranks = np.empty(len(symbols), np.int64)
        ranks[np.argsort(np.array(symbols, dtype=object), kind="stable")] = np.arange(len(symbols)) * 2 if symbols else []
        return ranks[frame[name]]
    return frame[name]


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


# --- scopes, in SQL and on columns -----------------------------------------------------------------------------


def conditions(scope: TradeFilter, *, text: bool = True) -> list[ColumnElement[bool]]:
    """Return a scope as conditions on the trade table; without `text` its text search is left out."""
    found: list[ColumnElement[bool]] = []
    for name in NAMES:
        if (values := getattr(scope, name)) is not None:
            found.append(TABLE.c[name] == values[0] if len(values) == 1 else TABLE.c[name].in_(values))
    found += [TABLE.c[name] == value for name in ENUMERATIONS if (value := getattr(scope, name)) is not None]
    found += within(TABLE.c.at, scope)
    found += [] if scope.min_pnl is None else [TABLE.c.net_pnl >= scope.min_pnl]
    found += [] if scope.max_pnl is None else [TABLE.c.net_pnl <= scope.max_pnl]
    return [*found, _holds(scope.q)] if text and scope.q is not None else found


def _holds(words: str) -> ColumnElement[bool]:
    searched = (TABLE.c[name] for name in ("trade_id", "symbol", "strategy", "exit_reason", "notes"))
    return or_(*(column.icontains(words, autoescape=True) for column in searched))


def _found(connection: Connection, wanted: Sequence[ColumnElement[bool]], words: str) -> Record:
    """Return how many of the newest trades hold the words, counted as far as it stays cheap, and whether there may be more."""
    newest = select(TABLE.c.id).where(*wanted).order_by(*Order(TABLE, "-at").plain_clauses())
    looked_at = newest.limit(SEARCHED).subquery()
    holding = select(TABLE.c.id).join(looked_at, looked_at.c.id == TABLE.c.id).where(_holds(words)).limit(COUNT_LIMIT + 1).subquery()
    found = connection.scalar(select(func.count()).select_from(holding)) or 0
    is_beyond = connection.execute(newest.offset(SEARCHED).limit(1)).first() is not None
    return {"total": min(found, COUNT_LIMIT), "is_estimate": is_beyond or found > COUNT_LIMIT}


def in_scope(frame: Frame, scope: TradeFilter) -> Mask:
    """Return which rows of the frame are in scope; of its text search the columns know nothing."""
    mask = np.ones(len(frame), dtype=np.bool_)
    for name in NAMES:
        if (values := getattr(scope, name)) is not None:
            mask &= frame.is_any(name, values)
    for name in ENUMERATIONS:
        if (value := getattr(scope, name)) is not None:
            mask &= frame.is_any(name, [value.value])
    since = scope.since(times.now())
    for column, least, most in (("at", _us(since), _us(scope.end)), ("net_pnl", scope.min_pnl, scope.max_pnl)):
        if least is not None:
            mask &= frame[column] >= least
        if most is not None:
            mask &= frame[column] <= most
    return mask


def _us(moment: Any) -> int | None:
    return None if moment is None else times.microseconds(moment)


def ids_in_scope(connection: Connection, scope: TradeFilter) -> Array:
    """Return the ids of the trades in a scope with a text search, which looks at all that its other conditions leave."""
    ids = connection.execute(select(TABLE.c.id).where(*conditions(scope))).scalars().all()
    return np.array(ids, dtype=np.int64)
