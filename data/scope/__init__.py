"""What a question is about. The URL, the filter bar, a REST query and command-line flags all parse into a scope."""

from data.scope.alerts import AlertHistoryScope, AlertListScope, AnnotationScope
from data.scope.base import MAX_ROWS, Amount, Cursor, Format, Limit, Offset, OneOrMore, Page, Range, RecordId, Scope, Several, Since
from data.scope.live import (
    ActivityExportScope,
    ActivityScope,
    AlertExportScope,
    AlertScope,
    PositionExportScope,
    PositionScope,
    SignalExportScope,
    SignalScope,
)
from data.scope.market import CandleScope, MarketScope, SymbolScope
from data.scope.portfolio import EquityExportScope, EquityFilter, EquityScope, PortfolioScope, RiskScope, SnapshotScope
from data.scope.selection import Selection
from data.scope.strategies import (
    ComparisonScope,
    OneStrategyScope,
    PerformanceScope,
    Period,
    StrategyExportScope,
    StrategyFilter,
    StrategyOrder,
    StrategyScope,
)
from data.scope.trades import RecentTradeScope, TradeExportScope, TradeFilter, TradeOrder, TradeScope, TradeStatisticsScope

__all__ = [
    "MAX_ROWS",
    "ActivityExportScope",
    "ActivityScope",
    "AlertExportScope",
    "AlertHistoryScope",
    "AlertListScope",
    "AlertScope",
    "Amount",
    "AnnotationScope",
    "CandleScope",
    "ComparisonScope",
    "Cursor",
    "EquityExportScope",
    "EquityFilter",
    "EquityScope",
    "Format",
    "Limit",
    "MarketScope",
    "Offset",
    "OneOrMore",
    "OneStrategyScope",
    "Page",
    "PerformanceScope",
    "Period",
    "PortfolioScope",
    "PositionExportScope",
    "PositionScope",
    "Range",
    "RecentTradeScope",
    "RecordId",
    "RiskScope",
    "Scope",
    "Selection",
    "Several",
    "SignalExportScope",
    "SignalScope",
    "Since",
    "SnapshotScope",
    "StrategyExportScope",
    "StrategyFilter",
    "StrategyOrder",
    "StrategyScope",
    "SymbolScope",
    "TradeExportScope",
    "TradeFilter",
    "TradeOrder",
    "TradeScope",
    "TradeStatisticsScope",
]
