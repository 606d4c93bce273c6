"""Which trades."""

from typing import Literal

from data.fields import AnyDirection, AnyStatus, Currency, Name
from data.scope.base import Amount, Format, Page, Range, Scope, Several


class TradeFields(Scope):
    """Which trades, whenever they were."""

    symbol: Several = None
    strategy: Several = None
    status: AnyStatus | None = None
    direction: AnyDirection | None = None
    bot: Several = None
    min_pnl: Amount | None = None
    max_pnl: Amount | None = None
    q: Name | None = None


class TradeFilter(TradeFields, Range):
    """Which trades; the range holds a trade's exit, or its entry while it is open."""


TradeOrder = Literal["at", "-at", "entry_time", "-entry_time", "net_pnl", "-net_pnl", "symbol", "-symbol", "id", "-id"]


class TradeScope(TradeFilter, Page):
    """Which trades, in which order, and which page of them."""

    sort: TradeOrder = "-at"


class RecentTradeScope(TradeFields, Page):
    """Which trades of the last 24 hours, in which order, and which page of them."""

    sort: TradeOrder = "-at"


class TradeStatisticsScope(TradeFilter):
    """Which trades to count; those of one currency, because money of several is not summed."""

    currency: Currency | None = None


class TradeExportScope(TradeFilter):
    """Which trades to write to a file: all that match."""

    format: Format = "csv"
