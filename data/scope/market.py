"""Which symbols, and which of their candles."""

from data.fields import Timeframe
from data.scope.base import Limit, Offset, Range, Scope


class MarketScope(Scope):
    """Which page of the symbols."""

    limit: Limit = 100
    offset: Offset = 0


class SymbolScope(Scope):
    """By which candles to look at a symbol: without a timeframe those that tell most about now."""

    timeframe: Timeframe | None = None


class CandleScope(Range):
    """Which candles of a symbol: the newest in the range, without a timeframe those of the finest one."""

    timeframe: Timeframe | None = None
    limit: Limit = 100
