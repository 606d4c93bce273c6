"""Keeps the history of figures, `StrategyPerformance` and `RiskMetrics`, as the stored records make it.

No question waits for it. One process at a time looks what has changed since the last look, and writes anew what follows
from that, in small transactions of their own: late data changes the rows from its day on, because ratios look back.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import zip_longest
from typing import Any, get_args

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data import metrics
from data.balances import Balances
from data.columns import Columns
from data.entries import Row
from data.metrics.checks import number
from data.periods import Exits, Periods, closed_trades, period_starts
from data.risk import HISTORY_DAYS, Risk
from data.schema import BotState, Counter, Journal, Portfolio, RiskMetrics, Strategy, StrategyPerformance, Trade
from data.scope import Period, Range
from data.settings import Settings
from data.store import Store

WORK_SECONDS = 5.0  # of a call, at most
TURN_SECONDS = 60
ROWS_AT_ONCE = 500
DONE, BEGUN, MADE_WITH = "figures_id", "figures_begun", "figures_made_with"  # up to which record, since when (Unix time), with which settings
FORMULAS = 1  # to be raised when a figure is computed in another way: everything is then computed anew
COMPARED = ("start", "total_trades", "winning_trades", "losing_trades", "gross_pnl", "net_pnl", "equity")
RATIOS = ("sharpe_ratio", "sortino_ratio", "max_drawdown", "volatility")


class Figures:
    """The job of one process; whoever calls `keep_current` says how often."""

    def __init__(self, store: Store, columns: Columns, risk: Risk, balances: Balances, settings: Settings) -> None:
        """Compute from `columns` and `risk`, keep in `store`."""
        self._store = store
        self._columns = columns
        self._risk = risk
        self._balances = balances
        self._settings = settings
        made_with = (FORMULAS, settings.botv2_trading_days, settings.botv2_currency, settings.botv2_starting_balance)
        self._made_with = zlib.crc32(repr(made_with).encode())
        self._head = 0
        self._kept: set[tuple[str, Any]] = set()  # what is done of a look that takes more than one call, which began at `_head`

    def keep_current(self) -> int:
        """Bring the rows up to date and return how many were written; 0 while another process does it.

        After some seconds it leaves the rest to the next call, so that nobody who stops waits for long.
        """
        done, made_with = self._marks()
        whole = made_with != self._made_with
        if not self._kept:
            self._head = max(self._columns.version(kind) for kind in ("trades", "portfolio", "strategies"))
        if (done >= self._head and not whole) or not self._begin():
            return 0
        try:
            return self._catch_up(0 if whole else done, whole=whole)
        finally:
            self._set({BEGUN: 0})

    def _catch_up(self, since: int, *, whole: bool) -> int:
        written, ends = 0, time.monotonic() + WORK_SECONDS
        for owner, keep in self._changed(since, whole=whole):
            if owner not in self._kept:
                if time.monotonic() > ends:
                    return written
                written += keep()
                self._kept.add(owner)
        self._set({DONE: self._head, MADE_WITH: self._made_with})
        self._kept.clear()
        return written

    def _changed(self, since: int, *, whole: bool) -> Iterator[tuple[tuple[str, Any], Callable[[], int]]]:
        for row, exits in self._changed_strategies(since, whole=whole):
            yield ("strategy", row["id"]), partial(self._keep_strategy, row, exits, whole=whole)
        for bot in self._changed_bots(since, whole=whole):
            yield ("bot", bot), partial(self._keep_bot, bot)

    # --- one process at a time -----------------------------------------------------------------------------------

    def _marks(self) -> tuple[int, int]:
        with self._store.read() as connection:
            marks = {row.name: row.value for row in connection.execute(select(Counter).where(Counter.name.in_((DONE, MADE_WITH))))}
        return marks.get(DONE, 0), marks.get(MADE_WITH, 0)

    def _begin(self) -> bool:
        """Take the turn; False while another process has it. One that died loses it after a minute."""
        moment = int(time.time())
        insertion = (sqlite if self._store.is_sqlite else postgresql).insert(Counter.__table__)
        is_free = or_(Counter.value <= moment - TURN_SECONDS, Counter.value > moment)  # a clock may have been set back
        with self._store.write(durable=False) as connection:
            connection.execute(insertion.on_conflict_do_nothing(), [{"name": name, "value": 0} for name in (DONE, BEGUN, MADE_WITH)])
            taken = connection.execute(update(Counter).where(Counter.name == BEGUN, is_free).values(value=moment))
        return taken.rowcount == 1

    def _set(self, marks: dict[str, int]) -> None:
        with self._store.write(durable=False) as connection:
            for name, value in marks.items():
                connection.execute(update(Counter).where(Counter.name == name).values(value=value))

    # --- what has changed --------------------------------------------------------------------------------------

    def _changed_strategies(self, since: int, *, whole: bool) -> Iterator[tuple[Row, Exits]]:
        """Yield each strategy whose trades or settings have changed since a record, and its closed trades.

        A trade that went to another strategy does not say where it was: that one has fewer than the stored figures count.
        """
        with self._store.read() as connection:
            rows = [dict(row) for row in connection.execute(select(Strategy.__table__).order_by(Strategy.id)).mappings()]
            traded = set(connection.execute(select(Trade.strategy_id).where(Trade.changed_id > since).distinct()).scalars())
            named = {body.get("name") or body.get("strategy") for body in _edits(connection, since, ("strategy", "balance"))}
            counting = select(StrategyPerformance.strategy_id, func.sum(StrategyPerformance.total_trades))
            months = counting.where(StrategyPerformance.period == "monthly").group_by(StrategyPerformance.strategy_id)
            counted: dict[int, int] = {row[0]: row[1] for row in connection.execute(months)}
        exits = closed_trades(self._columns, self._balances, rows, self._settings)
        for row in rows:
            own = exits[row["name"]]
            if whole or row["id"] in traded or row["name"] in named or counted.get(row["id"], 0) != len(own.trades):
                yield row, own

    def _changed_bots(self, since: int, *, whole: bool) -> list[str]:
        with self._store.read() as connection:
            if whole:
                return sorted(connection.execute(select(BotState.bot)).scalars())
            bots = {body["bot"] for body in _edits(connection, since, ("balance",))}
            for table in (Trade, Portfolio):
                bots |= set(connection.execute(select(table.bot).where(table.changed_id > since).distinct()).scalars())
        return sorted(bots)

    # --- what follows from it ------------------------------------------------------------------------------------

    def _keep_strategy(self, strategy: Row, exits: Exits, *, whole: bool) -> int:
        """Write the periods from the first day on that is not as stored (with `whole` all of them); return how many."""
        table = StrategyPerformance
        daily = Periods.daily(exits.trades, exits.balance)
        query = select(*(getattr(table, name) for name in COMPARED)).where(table.strategy_id == strategy["id"], table.period == "daily")
        with self._store.read() as connection:
            known = [tuple(row) for row in connection.execute(query.order_by(table.start))]
        fresh = [tuple(row[name] for name in COMPARED) for row in daily.rows()]
        changed = _first_change([] if whole else known, fresh)
        if changed is None:
            return 0
        ratios = self._ratios(exits, daily)
        outdated, changes = [], []
        for period in reversed(get_args(Period)):  # the days last: they are compared, so that a work that broke off shows
            start = period_starts(np.array([changed], "datetime64[D]"), period)
            periods = daily.by(period)
            first = int(np.searchsorted(periods.starts, start[0]))
            ends = np.searchsorted(daily.starts, periods.starts[first + 1 :]) - 1
            outdated.append((table.period == period) & (table.start >= start[0].item()))
            shared = {"strategy_id": strategy["id"], "bot": strategy["bot"], "period": period}
            for row, last in zip(periods.rows(first), [*ends.tolist(), daily.starts.size - 1], strict=False):
                changes.append(row | shared | ratios(last))
        still_there = select(Strategy.id).where(Strategy.id == strategy["id"]).with_for_update()
        return self._replace(table, (table.strategy_id == strategy["id"]) & or_(*outdated), changes, still_there)

    def _ratios(self, exits: Exits, daily: Periods) -> Callable[[int], Row]:
        """Return a function that gives the ratios of all daily returns up to that of a place in `daily`."""
        if exits.balance is None:
            return lambda _place: dict.fromkeys(RATIOS)
        days, returns = exits.returns(Range())
        growing = metrics.expanding(returns, self._settings.botv2_trading_days)
        last = np.searchsorted(days, daily.starts)
        return lambda place: {name: number(values[last[place]]) for name, values in growing.items()}

    def _keep_bot(self, bot: str) -> int:
        """Write the days from the first on that is not as stored; days before those that `Risk.series` gives stay; return how many."""
        table = RiskMetrics
        rows = self._risk.series(bot)
        own = table.bot == bot
        if len(rows) == HISTORY_DAYS:
            own &= table.date >= rows[0]["date"]
        names = ("date", *(column.name for column in table.__table__.c if column.name not in {"id", "bot", "date", "created_at", "updated_at"}))
        with self._store.read() as connection:
            known = [tuple(row) for row in connection.execute(select(*(getattr(table, name) for name in names)).where(own).order_by(table.date))]
        changed = _first_change(known, [tuple(row[name] for name in names) for row in rows])
        if changed is None:
            return 0
        still_there = select(BotState.bot).where(BotState.bot == bot).with_for_update()
        return self._replace(table, own & (table.date >= changed), [row for row in rows if row["date"] >= changed], still_there)

    def _replace(self, table: Any, outdated: ColumnElement[bool], rows: Sequence[Row], owner: Select[Any]) -> int:
        """Put rows in the place of others, a few in a transaction, so that no bot waits for it; return how many went and came.

        Nothing once the row that `owner` selects is gone: what was removed meanwhile must not come back.
        """
        gone = 0
        for start in range(0, max(len(rows), 1), ROWS_AT_ONCE):
            with self._store.write(durable=False) as connection:
                if connection.execute(owner).first() is None:
                    return 0
                if start == 0:
                    gone = connection.execute(delete(table).where(outdated)).rowcount
                if part := rows[start : start + ROWS_AT_ONCE]:
                    connection.execute(insert(table), part)
        return gone + len(rows)


def _edits(connection: Connection, since: int, kinds: Sequence[str]) -> list[Row]:
    """Return what people have changed since a record."""
    return [row for kind in kinds for row in connection.execute(select(Journal.body).where(Journal.kind == kind, Journal.id > since)).scalars()]


def _first_change(known: Sequence[Any], fresh: Sequence[Any]) -> date | None:
    """Return the first day on which two lists of tuples, each in order of its first element, a day, differ; None when they do not."""
    for old, new in zip_longest(known, fresh):
        if old != new:
            day: date = min(row[0] for row in (old, new) if row is not None)
            return day
    return None
