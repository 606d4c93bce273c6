"""Questions about trades."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
from sqlalchemy import ColumnElement

from data import metrics, times
from data.answers import Answers
from data.columns import Columns, Frame, Mask
from data.currency import in_one_currency
from data.curve import thinned
from data.entries import Row
from data.errors import Code, Refused
from data.paging import Order
from data.scope import RecentTradeScope, TradeFilter, TradeScope, TradeStatisticsScope
from data.settings import Settings
from data.store import Store
from data.trade_filters import TABLE, conditions, ids_in_scope, in_microseconds, in_scope
from data.trade_list import SELECTED, TradeList, record
from data.trade_window import Window

CHUNK = 2000
RECENT = timedelta(hours=24)
POINTS = 500
HOUR_US = 3_600_000_000
MONDAY_US = 4 * 24 * HOUR_US  # the first Monday after 1970 began


class Trades:
    """Answers questions about trades from the store, and about all of them from their columns."""

    def __init__(self, store: Store, columns: Columns, answers: Answers, settings: Settings) -> None:
        """Ask `store` for rows and `columns` for figures."""
        self._store = store
        self._columns = columns
        self._answers = answers
        self._settings = settings
        self._list = TradeList(store, columns, answers)
        self._window = Window(store, columns)

    # --- rows ----------------------------------------------------------------------------------------------

    def page(self, scope: TradeScope) -> Row:
        """Return a page of trades, see `TradeList.page`."""
        return self._list.page(scope)

    def latest(self, scope: TradeScope) -> Row:
        """Return what `page` does, asked of the store only when a trade has changed."""
        return self._answers.get("trades.latest", scope, self._version(scope), lambda: self.page(scope))

    def window(self, scope: TradeFilter, sort: str, start: int, stop: int) -> Row:
        """Return the `rows` from one place of a sorted list to another, and how many there are in `total`; see `Window.rows`."""
        return self._window.rows(scope, sort, start, stop)

    def recent(self, scope: RecentTradeScope) -> Row:
        """Return the page of trades whose exit, or entry while they are open, lies in the last 24 hours."""
        return self.page(TradeScope(**dict(scope), start=times.now() - RECENT))

    def one(self, record_id: int) -> Row:
        """Return the trade with this id. Raises `Refused` (`not_found`)."""
        if (found := self.these([record_id]).get(record_id)) is None:
            raise Refused(Code.NOT_FOUND, "there is no trade with this id")
        return found

    def these(self, record_ids: Sequence[int]) -> dict[int, Row]:
        """Return the trades with these ids, by id; none for those that are gone."""
        found: dict[int, Row] = {}
        with self._store.read() as connection:
            for start in range(0, len(record_ids), CHUNK):
                rows = connection.execute(SELECTED.where(TABLE.c.id.in_(record_ids[start : start + CHUNK])))
                found |= {row.id: record(row) for row in rows}
        return found

    def every(self, scope: TradeFilter) -> Iterator[Row]:
        """Return an iterator over all trades in scope, those booked last first, a few thousand in memory at a time.

        By id, which never changes: a trade that is closed meanwhile gets another time, and would be passed over.
        """
        order = Order(TABLE, "-id")
        part: list[ColumnElement[bool]] = []
        while True:
            with self._store.read() as connection:
                query = SELECTED.where(*conditions(connection, scope), *part).order_by(*order.plain_clauses()).limit(CHUNK)
                rows = connection.execute(query).all()
            yield from (record(row) for row in rows)
            if len(rows) < CHUNK:
                return
            part = order.parts((rows[-1].id, rows[-1].id))

    def total(self, scope: TradeFilter) -> int | None:
        """Return how many trades are in scope, None where that is not known cheaply."""
        with self._store.read() as connection:
            total, is_estimate = self._list.total(connection, scope)
        return None if is_estimate else total

    # --- figures -------------------------------------------------------------------------------------------

    def statistics(self, scope: TradeStatisticsScope) -> Row:
        """Return what the closed trades in scope earned (see `metrics.trade_statistics`), by strategy and symbol too, and how many are open."""
        return self._answers.get("trades.statistics", scope, self._version(scope), lambda: self._statistics(scope))

    def _statistics(self, scope: TradeStatisticsScope) -> Row:
        trades, currency, left_out = self.closed(scope)
        every = self._columns.trades()
        still_open = every.take(every.is_any("status", ["open"]))
        fees, slippage, durations = (trades[name][~np.isnan(trades[name])] for name in ("fees", "slippage", "duration_seconds"))
        return metrics.trade_statistics(trades["net_pnl"], fees, durations, trades["at"]) | {
            "slippage": metrics.exact_sum(slippage),
            "open_trades": int(self.mask(still_open, scope).sum()),
            "currency": currency,
            "left_out": left_out,
            **{f"by_{name}": _shares(trades, name) for name in ("strategy", "symbol")},
        }

    def earned(self, scope: TradeStatisticsScope) -> Row:
        """Return the cumulative net P&L of the closed trades in scope: `timestamps` of their exits, `net_pnl`, at most 500 points, `currency`."""
        return self._answers.get("trades.earned", scope, self._version(scope), lambda: self._earned(scope))

    def _earned(self, scope: TradeStatisticsScope) -> Row:
        trades, currency, _ = self.closed(scope)
        moments, earned = metrics.curve_from_exits(trades["at"], trades["net_pnl"], 0.0)
        places = thinned(earned, POINTS, [])
        timestamps = [times.iso(times.from_microseconds(moment)) for moment in moments[places]]
        return {"timestamps": timestamps, "net_pnl": earned[places].tolist(), "currency": currency}

    def in_hour(self, scope: TradeStatisticsScope, weekday: int, hour: int) -> list[int]:
        """Return the ids of the closed trades in scope that ended in an hour of the week (UTC, Monday is 0), the last one first."""
        trades, _, _ = self.closed(scope)
        hours = (trades["at"] - MONDAY_US) // HOUR_US % (7 * 24)
        ids: list[int] = trades["id"][hours == weekday * 24 + hour][::-1].tolist()
        return ids

    def closed(self, scope: TradeStatisticsScope) -> tuple[Frame, str, list[Row]]:
        """Return the closed trades in scope, in order of exit and of one currency, which that is, and what was left out."""
        frame = self._columns.closed().between(*in_microseconds(scope))
        mask, currency, left_out = in_one_currency(frame, self.mask(frame, scope), scope.currency, self._settings.botv2_currency)
        return frame if mask.all() else frame.take(mask), currency, left_out

    def mask(self, frame: Frame, scope: TradeFilter) -> Mask:
        """Return which rows of the frame are in scope."""
        mask = in_scope(frame, scope)
        if scope.q is not None:
            with self._store.read() as connection:
                mask &= np.isin(frame["id"], ids_in_scope(connection, scope))
        return mask

    def _version(self, scope: TradeFilter) -> tuple[int, ...]:
        return (self._columns.version("trades"), times.minute() if scope.days else 0)


def _shares(trades: Frame, column: str) -> list[Row]:
    shares = metrics.contribution(trades[column], trades["net_pnl"], trades.names(column))
    return [share | {"name": share["name"] or None} for share in shares]  # trades without a strategy contribute too
