"""Whose money, and when."""

from typing import Annotated

from pydantic import Field

from data.fields import Currency, Name
from data.scope.base import Format, Page, Range, Scope, Several


class PortfolioScope(Scope):
    """Whose portfolio; of one currency, because money of several is not summed."""

    bot: Several = None
    currency: Currency | None = None


class SnapshotScope(Range, Page):
    """Which snapshots, and which page of them."""

    bot: Several = None


class EquityFilter(Range, PortfolioScope):
    """Whose equity, and over which time; with strategies it is that of their trades alone."""

    strategy: Several = None


class EquityScope(EquityFilter):
    """Which equity, and by how many points to show it."""

    points: Annotated[int, Field(ge=10, le=5000)] = 2000


class RiskScope(EquityFilter):
    """Which returns, and the symbol that they are compared with."""

    benchmark: Name | None = None


class EquityExportScope(EquityFilter):
    """Which equity to write to a file: every point."""

    format: Format = "csv"
