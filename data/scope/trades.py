"""Which trades."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from data.assets import AssetClass
from data.fields import AnyDirection, AnyStatus, Currency, Name
from data.planned import RiskLevel
from data.scope.base import Amount, Format, OneOrMore, Page, Range, Scope, Several

Outcome = Literal["winner", "loser", "breakeven"]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


InAnyCase = BeforeValidator(_lower)


class TradeFields(Scope):
    """Which trades, whenever they were."""

    symbol: Several = None
    strategy: Several = None
    status: AnyStatus | None = None
    direction: AnyDirection | None = None
    bot: Several = None
    min_pnl: Amount | None = None
    max_pnl: Amount | None = None
    asset_class: Annotated[OneOrMore[Annotated[AssetClass, InAnyCase]] | None, Field(description="What the symbol names, told from its letters")] = (
        None
    )
    outcome: Annotated[Annotated[Outcome, InAnyCase] | None, Field(description="Whether net P&L is above, below or exactly zero")] = None
    min_return: Annotated[Amount | None, Field(description="Least `pnl_pct`, in percent")] = None
    max_return: Annotated[Amount | None, Field(description="Greatest `pnl_pct`, in percent")] = None
    risk: Annotated[
        OneOrMore[Annotated[RiskLevel, InAnyCase]] | None,
        Field(description="Planned loss, |entry price - stop loss| / entry price × leverage: low < 1 %, medium < 5 %, high; unknown without a stop"),
    ] = None
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
