"""What a question is about. The URL, the filter bar, a REST query and command-line flags all parse into a scope."""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data.fields import (
    AnyDirection,
    AnyEventType,
    AnySeverity,
    AnyStatus,
    Name,
    as_any_moment,
)

MAX_ROWS = 1000
Since = Annotated[datetime, BeforeValidator(as_any_moment)]
RecordId = Annotated[int, Field(ge=0, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=MAX_ROWS)]
Amount = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]


Format = Literal["csv", "json"]
Item = TypeVar("Item")


def _split(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


# In a query several values stand in one parameter, separated by commas.
OneOrMore = Annotated[tuple[Item, ...], BeforeValidator(_split), Field(min_length=1, max_length=100)]


class Scope(BaseModel):
    """The base of every question: frozen, so that it can be a cache key, and strict about names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ActivityScope(Scope):
    """Which events; newest first, or with `after_id` the oldest ones after it."""

    event_type: OneOrMore[AnyEventType] | None = None
    severity: OneOrMore[AnySeverity] | None = None
    bot: OneOrMore[Name] | None = None
    q: Name | None = None
    since: Since | None = None
    until: Since | None = None
    before_id: RecordId | None = None
    after_id: RecordId | None = None
    limit: Limit = 50


class ActivityExportScope(ActivityScope):
    """Which events to write to a file: without a limit, all that match."""

    limit: Annotated[int, Field(ge=1)] | None = None  # type: ignore[assignment]  # an export may have no limit, a list must
    format: Format = "csv"


class SignalScope(Scope):
    """Which of the latest signals."""

    strategy: Name | None = None
    symbol: Name | None = None
    bot: Name | None = None


class SignalExportScope(SignalScope):
    """Which of the latest signals to write to a file."""

    format: Format = "csv"


class PositionScope(Scope):
    """Which open positions."""

    bot: Name | None = None
    symbol: Name | None = None
    strategy: Name | None = None


class PositionExportScope(PositionScope):
    """Which open positions to write to a file."""

    format: Format = "csv"


class AlertExportScope(Scope):
    """Alerts are written to a file whole."""

    format: Format = "csv"


class AlertScope(Scope):
    """Which alerts a reader has not been given yet, or with `after_id` all that came after it."""

    clear: bool = True
    after_id: RecordId | None = None


class TradeFilter(Scope):
    """Which trades; the range holds a trade's exit, or its entry while it is open."""

    symbol: Name | None = None
    strategy: Name | None = None
    status: AnyStatus | None = None
    direction: AnyDirection | None = None
    bot: Name | None = None
    start: Since | None = None
    end: Since | None = None
    min_pnl: Amount | None = None
    max_pnl: Amount | None = None
    q: Name | None = None


TradeOrder = Literal["at", "-at", "entry_time", "-entry_time", "net_pnl", "-net_pnl", "symbol", "-symbol", "id", "-id"]


class TradeScope(TradeFilter):
    """Which trades, in which order, and which page of them."""

    sort: TradeOrder = "-at"
    limit: Limit = 100
    offset: Annotated[int, Field(ge=0, lt=2**63)] = 0
    cursor: Annotated[str, Field(max_length=500)] | None = None
