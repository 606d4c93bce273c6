"""What can be written to a file whole: one row per noun, asked for in the same words by REST and by the command line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field

from data.alerting import ALERT_FIELDS
from data.book import TRADE_FIELDS
from data.desk import Desk
from data.entries import Row
from data.export import csv_lines, json_lines
from data.fields import AnyAlertStatus, AnyAlertType, AnySeverity, Name
from data.scope import (
    ActivityExportScope,
    AlertExportScope,
    AlertHistoryScope,
    EquityExportScope,
    Format,
    OneOrMore,
    PositionExportScope,
    Range,
    Scope,
    Several,
    SignalExportScope,
    StrategyExportScope,
    StrategyFilter,
    TradeExportScope,
    TradeFilter,
)

Part = Annotated[Name | None, Field(description="Only names that hold this, in any case, however many they are")]
Narrowed = TypeVar("Narrowed", bound=Scope)

POSITION_COLUMNS = (
    "id", "timestamp", "bot", "position_id", "symbol", "side", "strategy", "size", "entry_price", "current_price", "unrealized_pnl",
    "unrealized_pnl_pct", "stop_loss", "stop_loss_pct", "take_profit", "opened_at", "time_in_position",
)  # fmt: skip  # one name a line would be a page

STRATEGY_COLUMNS = (
    "id", "name", "description", "enabled", "bot", "parameters", "max_position_size", "max_daily_loss", "max_drawdown", "starting_balance",
    "open_trades", "total_trades", "winning_trades", "losing_trades", "win_rate", "net_pnl", "profit_factor", "expectancy", "last_trade_at",
    "sparkline", "currency", "left_out", "created_at", "updated_at",
)  # fmt: skip  # as above


class TradeFileScope(TradeExportScope):
    """Which trades to write to a file, by parts of names, too: a table that is filtered so has no list of names that is short enough."""

    symbol_has: Part = None
    strategy_has: Part = None
    bot_has: Part = None


class StrategyFileScope(TradeFilter, StrategyExportScope):
    """Which strategies to write to a file, and of which trades their figures are.

    With a range, or a filter of trades, they are those that have closed trades in it.
    """


class AlertFileScope(Range):
    """Which alerts of all that are kept to write to a file; the fields are those of `AlertHistoryScope`."""

    type: OneOrMore[AnyAlertType] | None = None
    severity: OneOrMore[AnySeverity] | None = None
    status: OneOrMore[AnyAlertStatus] | None = None
    bot: Several = None
    bot_has: Part = None
    format: Format = "csv"


def narrowed(scope: Narrowed, parts: Mapping[str, str], known: Callable[[str], Sequence[str]]) -> Narrowed:
    """Return a scope whose names hold the parts that are asked for, by field; `known` returns the names that a field can have.

    Where none holds the part, the part itself stands for it: it is nobody's name.
    """
    found = {
        field: tuple(name for name in getattr(scope, field) or known(field) if part.lower() in name.lower()) or (part,)
        for field, part in parts.items()
    }
    return scope.model_copy(update=found)


def _fields(scope: Scope, of: type[Scope]) -> dict[str, Any]:
    return {name: getattr(scope, name) for name in of.model_fields if name in type(scope).model_fields}


def _parts(scope: Scope) -> dict[str, str]:
    given = ((name.removesuffix("_has"), getattr(scope, name)) for name in type(scope).model_fields if name.endswith("_has"))
    return {name: part for name, part in given if part is not None}


def _trades(desk: Desk, scope: TradeFileScope) -> TradeFilter:
    return narrowed(TradeFilter(**_fields(scope, TradeFilter)), _parts(scope), desk.columns.trades().names)


def _trades_total(desk: Desk, scope: TradeFileScope) -> int | None:
    # what a text search has found is kept under the list of names, which may be too long for that
    return None if scope.q is not None and _parts(scope) else desk.trades.total(_trades(desk, scope))


def _strategies(desk: Desk, scope: StrategyFileScope) -> Iterable[Row]:
    trades = TradeFilter(**_fields(scope, TradeFilter))
    return desk.strategies.every(StrategyFilter(**_fields(scope, StrategyFilter)), None if trades == TradeFilter() else trades)


def _alerts(desk: Desk, scope: AlertFileScope) -> AlertHistoryScope:
    whole = AlertHistoryScope(**_fields(scope, AlertHistoryScope))
    return narrowed(whole, _parts(scope), lambda _field: [feed["bot"] for feed in desk.live.feeds()])


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
TRADES = Export("trades", TradeFileScope, TRADE_FIELDS, lambda desk, scope: desk.trades.every(_trades(desk, scope)), _trades_total)
EQUITY = Export("equity", EquityExportScope, ("timestamp", "equity", "drawdown", "currency"), lambda desk, scope: desk.portfolio.every_point(scope))
STRATEGIES = Export("strategies", StrategyFileScope, STRATEGY_COLUMNS, _strategies)
ALERT_HISTORY = Export(
    "alerts",
    AlertFileScope,
    ALERT_FIELDS,
    lambda desk, scope: desk.alerts.every(_alerts(desk, scope)),
    lambda desk, scope: desk.alerts.total(_alerts(desk, scope)),
)
# What `/api/export/<what>` and `python -m app export <what>` know; `app.cli` names each one's filters again, to start quickly.
EXPORTS = {export.name: export for export in (TRADES, EQUITY, POSITIONS, ACTIVITY, STRATEGIES, ALERT_HISTORY)}
