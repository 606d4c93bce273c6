"""Questions about strategies: what was set, and what their closed trades earned.

A strategy's figures are of its trades in one currency: the one that is asked for, else its own (see `data.currency`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, func, select

from data import metrics, times
from data.answers import Answers
from data.balances import KINDS, Balances
from data.book import strategy_record
from data.columns import Columns, Frame, is_closed
from data.currency import in_one_currency
from data.curve import sampled, thinned
from data.entries import Row
from data.errors import Code, Refused
from data.metrics.checks import FloatArray, ratio
from data.paging import Order, page
from data.periods import Exits, Periods, closed_trades
from data.schema import Strategy
from data.scope import ComparisonScope, OneStrategyScope, PerformanceScope, Range, StrategyFilter, StrategyScope, TradeFilter
from data.settings import Settings
from data.store import Store
from data.trade_filters import ids_in_scope, in_scope

SPARKLINE_POINTS = 50
CURVE_POINTS = 500
CHUNK = 500
OF_TRADES = (
    "total_trades", "winning_trades", "losing_trades", "win_rate", "avg_win", "avg_loss", "profit_factor", "expectancy", "total_pnl", "fees",
    "sqn", "recovery_factor", "longest_winning_streak", "longest_losing_streak",
)  # fmt: skip  # one name a line would be a page
assert isinstance(Strategy.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Strategy.__table__


class Strategies:
    """Answers questions about strategies."""

    def __init__(self, store: Store, columns: Columns, answers: Answers, balances: Balances, settings: Settings) -> None:
        """Ask `store` for what was set, and `columns` for trades."""
        self._store = store
        self._columns = columns
        self._answers = answers
        self._balances = balances
        self._settings = settings

    def version(self) -> tuple[int, ...]:
        """Return the version of all that a strategy's figures are made of."""
        return tuple(self._columns.version(kind) for kind in KINDS)

    # --- lists -----------------------------------------------------------------------------------------------

    def page(self, scope: StrategyScope) -> Row:
        """Return a page of `strategies`, each with its figures (see `one`), `total`, `has_more` and `next_cursor`."""
        return self._answers.get("strategies.page", scope, self.version(), lambda: self._page(scope))

    def _page(self, scope: StrategyScope) -> Row:
        wanted = _conditions(scope)
        with self._store.read() as connection:
            found = page(connection, select(TABLE).where(*wanted), Order(TABLE, scope.sort), scope)
            total = connection.scalar(select(func.count()).select_from(TABLE).where(*wanted)) or 0
        return {
            "strategies": self._with_figures(found.mappings, scope.currency),
            "total": total,
            "total_is_estimate": False,
            "has_more": found.has_more,
            "next_cursor": found.next_cursor,
        }

    def every(self, scope: StrategyFilter, trades: TradeFilter | None = None) -> Iterator[Row]:
        """Return an iterator over all strategies in scope with their figures, in order of name.

        With `trades` the figures are of these alone, and who has none of them that is closed is left out, unless they are
        chosen by nothing but the bot, and it is that bot's own strategy.
        """
        with self._store.read() as connection:
            wanted = _conditions(scope if trades is None else scope.model_copy(update={"bot": None}))
            rows = connection.execute(select(TABLE).where(*wanted).order_by(TABLE.c.name)).mappings().all()
            chosen = None if trades is None else _chosen(connection, self._columns.trades(), trades)
        if chosen is not None and trades is not None:
            closed = {name for name, _ in chosen.take(is_closed(chosen)).groups("strategy")}
            own = (trades.bot or ()) if trades == TradeFilter(bot=trades.bot) else ()
            rows = [row for row in rows if row["name"] in closed or row["bot"] in own]
        for start in range(0, len(rows), CHUNK):
            yield from self._with_figures(rows[start : start + CHUNK], scope.currency, chosen)

    def named(self, name: str) -> int:
        """Return the id of the strategy of this name. Raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            found: int | None = connection.scalar(select(TABLE.c.id).where(TABLE.c.name == name))
        if found is None:
            raise Refused(Code.NOT_FOUND, "there is no strategy of this name")
        return found

    def one(self, strategy_id: int, scope: OneStrategyScope) -> Row:
        """Return a strategy and the figures of its closed trades: counts, `win_rate`, `net_pnl`, `profit_factor`, `expectancy`,
        `last_trade_at` (the last exit) and `sparkline`, at most 50 values of the cumulative net P&L. Raises `Refused` (`not_found`).
        """  # noqa: D205  # a list of names needs two lines
        return self._answers.get(f"strategies.one {strategy_id}", scope, self.version(), lambda: self._one(strategy_id, scope.currency))

    def _one(self, strategy_id: int, currency: str | None) -> Row:
        [row] = self._with_figures(self._rows([strategy_id]), currency)
        return row

    def _rows(self, ids: Sequence[int]) -> list[Any]:
        with self._store.read() as connection:
            rows = {row["id"]: row for row in connection.execute(select(TABLE).where(TABLE.c.id.in_(ids))).mappings()}
        if unknown := [str(each) for each in ids if each not in rows]:
            raise Refused(Code.NOT_FOUND, f"there is no strategy with the id {', '.join(unknown)}")
        return [rows[each] for each in ids]

    def _exits(self, rows: Sequence[Any], currency: str | None) -> dict[str, Exits]:
        return closed_trades(self._columns, self._balances, rows, self._settings, currency)

    def _exits_among(self, trades: Frame, rows: Sequence[Any], currency: str | None) -> dict[str, Exits]:
        """Return what `_exits` does, of some trades; without what the strategies began with."""
        closed = dict(trades.in_time(is_closed(trades)).groups("strategy"))
        found = {}
        for row in rows:
            own = closed.get(row["name"], trades.part(0, 0))
            mask, picked, left_out = in_one_currency(own, np.ones(len(own), np.bool_), currency, self._settings.botv2_currency)
            found[row["name"]] = Exits(own.take(mask), None, picked, left_out)
        return found

    def _with_figures(self, rows: Sequence[Any], currency: str | None, trades: Frame | None = None) -> list[Row]:
        """Return the strategies with the figures of all of their trades, or of those among `trades`."""
        exits = self._exits(rows, currency) if trades is None else self._exits_among(trades, rows, currency)
        frame = self._columns.trades() if trades is None else trades
        still_open = frame["strategy"][frame.is_any("status", ["open"])]
        names = {name: code for code, name in enumerate(frame.names("strategy"))}
        opened = np.bincount(still_open, minlength=len(names)).tolist()
        return [
            strategy_record(dict(row)) | {"open_trades": opened[names[row["name"]]] if row["name"] in names else 0} | _figures(exits[row["name"]])
            for row in rows
        ]

    # --- one or several, in detail -----------------------------------------------------------------------------

    def performance(self, strategy_id: int, scope: PerformanceScope) -> Row:
        """Return a strategy's `rows`, the newest periods with an exit in scope (see `Periods`), oldest first, and its figures.

        `metrics` are those of its daily returns (net P&L per exit day / starting balance; see `metrics.performance`), all None
        without a starting balance; `trades` those of `metrics.trade_statistics`. Raises `Refused` (`not_found`).
        """
        version = (*self.version(), times.minute() if scope.days else 0)
        return self._answers.get(f"strategies.performance {strategy_id}", scope, version, lambda: self._performance(strategy_id, scope))

    def _performance(self, strategy_id: int, scope: PerformanceScope) -> Row:
        [row] = self._rows([strategy_id])
        exits = self._exits([row], scope.currency)[row["name"]].until(scope)
        first = exits.place(scope)
        trades = exits.trades.part(first, len(exits.trades))
        periods = Periods.daily(trades, exits.balance, metrics.exact_sum(exits.trades["net_pnl"][:first])).by(scope.period)
        number = periods.starts.size
        rows = periods.rows(max(0, number - scope.limit))
        return {
            "id": row["id"],
            "name": row["name"],
            "period": scope.period,
            "rows": [period | {"start": period["start"].isoformat()} for period in rows],
            "count": len(rows),
            "has_more": number > scope.limit,
            **self._in_detail(exits, trades, scope),
        }

    def _in_detail(self, exits: Exits, trades: Frame, scope: Range) -> Row:
        days, returns = exits.returns(scope)
        statistics = metrics.trade_statistics(trades["net_pnl"], _told(trades, "fees"), _told(trades, "duration_seconds"), trades["at"])
        return {
            "metrics": metrics.performance(returns, self._settings.botv2_trading_days),
            "trades": {name: statistics[name] for name in OF_TRADES},
            "days": int(days.size),
            "trading_days": self._settings.botv2_trading_days,
            "starting_balance": exits.balance,
            "currency": exits.currency,
            "left_out": exits.left_out,
        }

    def comparison(self, scope: ComparisonScope) -> Row:
        """Return the `strategies` in the order of the ids, each with its figures in scope and a `curve` of at most 500 points.

        A curve's `net_pnl` is cumulative from the scope's first day, `total_return` the same as a fraction of the starting
        balance, None without one. Raises `Refused` (`not_found`) that names the unknown ids.
        """
        version = (*self.version(), times.minute() if scope.days else 0)
        return self._answers.get("strategies.comparison", scope, version, lambda: self._comparison(scope))

    def _comparison(self, scope: ComparisonScope) -> Row:
        rows = self._rows([*dict.fromkeys(scope.ids)])
        known = self._exits(rows, scope.currency)
        compared = []
        for row in rows:
            exits = known[row["name"]].until(scope)
            trades = exits.trades.part(exits.place(scope), len(exits.trades))
            compared.append({"id": row["id"], "name": row["name"], **self._in_detail(exits, trades, scope), "curve": _curve(trades, exits.balance)})
        return {"strategies": compared, "count": len(compared)}


def _conditions(scope: StrategyFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if scope.bot is None else [TABLE.c.bot.in_(scope.bot)]
    return found if scope.enabled is None else [*found, TABLE.c.enabled == scope.enabled]


def _chosen(connection: Connection, frame: Frame, trades: TradeFilter) -> Frame:
    """Return the trades of a frame that are in scope."""
    mask = in_scope(frame, trades)
    return frame.take(mask if trades.q is None else mask & np.isin(frame["id"], ids_in_scope(connection, trades)))


def _told(trades: Frame, name: str) -> FloatArray:
    values: FloatArray = trades[name]
    return values[~np.isnan(values)]


def _figures(exits: Exits) -> Row:
    pnl: FloatArray = exits.trades["net_pnl"]
    won, lost = metrics.exact_sum(np.maximum(pnl, 0.0)), -metrics.exact_sum(np.minimum(pnl, 0.0))
    wins, total = int(np.count_nonzero(pnl > 0)), metrics.exact_sum(pnl)
    return {
        "total_trades": pnl.size,
        "winning_trades": wins,
        "losing_trades": int(np.count_nonzero(pnl < 0)),
        "win_rate": ratio(wins, pnl.size),
        "net_pnl": total,
        "profit_factor": ratio(won, lost),
        "expectancy": ratio(total, pnl.size),
        "last_trade_at": times.iso(times.from_microseconds(exits.trades["at"][-1])) if pnl.size else None,
        "sparkline": sampled(pnl, SPARKLINE_POINTS)[1].tolist(),
        "currency": exits.currency,
        "left_out": exits.left_out,
    }


def _curve(trades: Frame, balance: float | None) -> Row:
    moments, earned = metrics.curve_from_exits(trades["at"], trades["net_pnl"], 0.0)
    places = thinned(earned, CURVE_POINTS, [])
    shown = earned[places]
    return {
        "timestamps": [times.iso(times.from_microseconds(moment)) for moment in moments[places]],
        "net_pnl": shown.tolist(),
        "total_return": None if balance is None else (shown / balance).tolist(),
    }
