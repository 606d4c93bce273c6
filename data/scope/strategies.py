"""Which strategies, and over which time."""

from typing import Annotated, Literal

from pydantic import Field

from data.fields import Currency
from data.scope.base import Format, Limit, OneOrMore, Page, Range, RecordId, Scope, Several

StrategyOrder = Literal["name", "-name", "id", "-id", "created_at", "-created_at"]
Period = Literal["daily", "weekly", "monthly"]


class StrategyFilter(Scope):
    """Which strategies; their figures are of the trades in one currency: this one, else each strategy's own."""

    bot: Several = None
    enabled: bool | None = None
    currency: Currency | None = None


class StrategyScope(StrategyFilter, Page):
    """Which strategies, in which order, and which page of them."""

    sort: StrategyOrder = "name"


class StrategyExportScope(StrategyFilter):
    """Which strategies to write to a file: all that match."""

    format: Format = "csv"


class OneStrategyScope(Scope):
    """Of which currency one strategy's figures are."""

    currency: Currency | None = None


class PerformanceScope(OneStrategyScope, Range):
    """Over which whole UTC days, and in which periods; of more periods than `limit` the newest."""

    period: Period = "daily"
    limit: Limit = 1000


class ComparisonScope(OneStrategyScope, Range):
    """Which strategies to hold side by side, over which whole UTC days."""

    ids: Annotated[OneOrMore[RecordId], Field(max_length=10)]
