"""`python -m bench.reads`: figures of a million trades from the columns in memory, beside pandas and SQL that read them from the store.

No answer is kept; times are the processor's, so that other work on the machine counts little. The store is that of `bench.million`, made when
there is none (minutes).
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from bench.million import sqlite_store
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from bench.scale import SIZES, opened, own_seconds
from data.desk import Desk
from data.scope import EquityScope, StrategyScope

EXITS = "SELECT exit_time, net_pnl FROM trade WHERE status = 'closed' ORDER BY exit_time, id"
BY_STRATEGY = (
    "SELECT strategy, count(*), sum(net_pnl), sum(fees), avg(net_pnl), sum(net_pnl > 0), sum(CASE WHEN net_pnl > 0 THEN net_pnl END),"
    " sum(CASE WHEN net_pnl < 0 THEN net_pnl END), max(exit_time) FROM trade WHERE status = 'closed' GROUP BY strategy"
)


def _read_sql(connection: Any) -> object:
    """Return the sum after each exit, as one writes it with pandas."""
    return pd.read_sql(EXITS, connection)["net_pnl"].cumsum()


def _questions(desk: Desk) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return our way and the other by what is asked."""
    connection = desk.store.engine.raw_connection().driver_connection
    assert connection is not None, "it is open"
    return {
        "equity": (lambda: desk.portfolio.equity(EquityScope(points=2000)), partial(_read_sql, connection)),
        "strategies": (lambda: desk.strategies.page(StrategyScope()), lambda: connection.execute(BY_STRATEGY).fetchall()),
    }


def measure() -> Section:
    """Return how long the figures take, and how long the others take."""
    with sqlite_store(SIZES) as url, opened(url) as (desk, _settings):
        questions = _questions(desk)
        took: dict[str, list[float]] = {name: [] for name in questions}
        others: dict[str, list[float]] = {name: [] for name in questions}
        for ours, other in questions.values():  # columns and pages of the file are read once
            ours()
            other()
        for _ in range(ROUNDS):
            for name, (ours, other) in questions.items():
                took[name].append(own_seconds(ours))
                others[name].append(own_seconds(other))
    read_sql, group_by = "pandas.read_sql of the closed trades and cumsum", "SQL's GROUP BY"
    figures = [
        Figure("equity at 2,000 points: times as quick", read_sql, quotients(others["equity"], took["equity"]), Goal(50)),
        Figure("equity at 2,000 points", "CPU time of a call", [1000 * each for each in took["equity"]], unit=" ms"),
        Figure(read_sql, "CPU time of a call", [1000 * each for each in others["equity"]], unit=" ms"),
        Figure("statistics per strategy", "CPU time of a call", [1000 * each for each in took["strategies"]], Goal(10, at_least=False), " ms"),
        Figure("statistics per strategy: times as quick", group_by, quotients(others["strategies"], took["strategies"])),
    ]
    return Section("Figures from columns", f"SQLite, {SIZES.trades:,} trades, in one process; no answer kept.", figures)


if __name__ == "__main__":
    sys.exit(main(measure))
