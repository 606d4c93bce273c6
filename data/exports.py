"""What can be written to a file whole: one row per noun, asked for in the same words by REST and by the command line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from data.book import TRADE_FIELDS
from data.desk import Desk
from data.entries import Row
from data.export import csv_lines, json_lines
from data.scope import (
    ActivityExportScope,
    AlertExportScope,
    EquityExportScope,
    PositionExportScope,
    Scope,
    SignalExportScope,
    StrategyExportScope,
    TradeExportScope,
)

POSITION_COLUMNS = (
    "id", "timestamp", "bot", "position_id", "symbol", "side", "strategy", "size", "entry_price", "current_price", "unrealized_pnl",
    "unrealized_pnl_pct", "stop_loss", "stop_loss_pct", "take_profit", "opened_at", "time_in_position",
)  # fmt: skip  # one name a line would be a page

STRATEGY_COLUMNS = (
    "id", "name", "description", "enabled", "bot", "parameters", "max_position_size", "max_daily_loss", "max_drawdown", "starting_balance",
    "open_trades", "total_trades", "winning_trades", "losing_trades", "win_rate", "net_pnl", "profit_factor", "expectancy", "last_trade_at",
    "sparkline", "currency", "left_out", "created_at", "updated_at",
)  # fmt: skip  # as above


def _unknown(_desk: Desk, _scope: Any) -> int | None:
    return None


@dataclass(frozen=True)
class Export:
    """What is written: `rows` yields all that `scope` names, in one order, a bounded number in memory at a time.

    `columns` are those of a CSV file; JSON holds the rows as they are. `total` says how many there will be, None where
    that is not known cheaply. `scope` has a field `format`.
    """

    name: str
    scope: type[Scope]
    columns: tuple[str, ...]
    rows: Callable[[Desk, Any], Iterable[Row]]
    total: Callable[[Desk, Any], int | None] = _unknown

    def lines(self, desk: Desk, scope: Any, watch: Callable[[Iterable[Row]], Iterable[Row]] = iter) -> Iterable[bytes]:
        """Return the file's content in parts; `watch` hands the rows on as they are written, to show progress."""
        rows = watch(self.rows(desk, scope))
        return csv_lines(rows, self.columns) if scope.format == "csv" else json_lines(rows)


ACTIVITY = Export(
    "activity",
    ActivityExportScope,
    ("id", "timestamp", "event_type", "severity", "bot", "message", "metadata"),
    lambda desk, scope: desk.live.every_event(scope),
)
SIGNALS = Export(
    "signals",
    SignalExportScope,
    ("id", "timestamp", "bot", "strategy_name", "symbol", "signal_type", "confidence", "ensemble_vote", "indicators"),
    lambda desk, scope: desk.live.signals(scope),
    lambda desk, scope: len(desk.live.signals(scope)),
)
POSITIONS = Export(
    "positions",
    PositionExportScope,
    POSITION_COLUMNS,
    lambda desk, scope: desk.live.positions(scope),
    lambda desk, scope: len(desk.live.positions(scope)),
)
ALERTS = Export(
    "alerts",
    AlertExportScope,
    ("id", "timestamp", "severity", "bot", "title", "message", "action_url"),
    lambda desk, scope: desk.live.every_alert(scope),
)
TRADES = Export(
    "trades",
    TradeExportScope,
    TRADE_FIELDS,
    lambda desk, scope: desk.trades.every(scope),
    lambda desk, scope: desk.trades.total(scope),
)
EQUITY = Export("equity", EquityExportScope, ("timestamp", "equity", "drawdown", "currency"), lambda desk, scope: desk.portfolio.every_point(scope))
STRATEGIES = Export("strategies", StrategyExportScope, STRATEGY_COLUMNS, lambda desk, scope: desk.strategies.every(scope))
# What `/api/export/<what>` and `python -m app export <what>` know; `app.cli` names each one's filters again, to start quickly.
EXPORTS = {export.name: export for export in (TRADES, EQUITY, POSITIONS, ACTIVITY, STRATEGIES)}
