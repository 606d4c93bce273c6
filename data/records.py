"""What a bot or an importer may report: one write model per kind, the same for Python, REST and imports.

To add a kind: a class here, a row in `WRITE_MODELS`, and what it does to the tables in `data.ledger`.
"""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.errors import Code, Refused
from data.fields import (
    AnyDirection,
    AnyEventType,
    AnySeverity,
    AnySide,
    AnySignalType,
    AnyStatus,
    Clock,
    Count,
    Currency,
    Indicators,
    JsonList,
    JsonObject,
    Message,
    Moment,
    Name,
    NonNegative,
    Number,
    Positive,
    Timeframe,
    TradeStatus,
)

Model = TypeVar("Model", bound=BaseModel)


class Draft(BaseModel):
    """A validated record that has not been recorded yet; knows its kind, its own time and whose bot it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    bot: Name | None = None

    def sent(self) -> dict[str, Any]:
        """Return the fields that the bot sent, as JSON values: what tells a repeated record from a changed one."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"bot"})


class EventIn(Draft):
    """Something that happened."""

    kind: ClassVar[str] = "event"
    event_type: AnyEventType
    message: Message
    severity: AnySeverity = Field("INFO", validate_default=True)
    metadata: JsonObject | None = None
    timestamp: Moment | None = None


class SignalIn(Draft):
    """What a strategy thinks of a symbol now."""

    kind: ClassVar[str] = "signal"
    strategy_name: Name
    symbol: Name
    signal_type: AnySignalType
    confidence: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
    indicators: Indicators | None = None
    ensemble_vote: AnySignalType | None = None
    timestamp: Moment | None = None


class PositionIn(Draft):
    """The state of an open position."""

    kind: ClassVar[str] = "position"
    position_id: Name
    symbol: Name
    side: AnySide
    entry_price: Positive
    current_price: Positive
    size: Positive
    unrealized_pnl: Number | None = None
    unrealized_pnl_pct: Number | None = None
    time_in_position: Clock | None = None
    opened_at: Moment | None = None
    stop_loss: NonNegative | None = None
    stop_loss_pct: Number | None = None
    take_profit: NonNegative | None = None
    strategy: Name | None = None
    timestamp: Moment | None = None


class CloseIn(Draft):
    """The end of an open position."""

    kind: ClassVar[str] = "close"
    position_id: Name
    final_pnl: Number
    final_pnl_pct: Number
    exit_price: NonNegative | None = None
    reason: Name | None = None
    timestamp: Moment | None = None


class AlertIn(Draft):
    """Something a person should look at."""

    kind: ClassVar[str] = "alert"
    title: Name
    message: Message
    severity: AnySeverity
    action_url: Annotated[str, Field(strict=True, max_length=2000)] | None = None
    timestamp: Moment | None = None

    @field_validator("action_url")
    @classmethod
    def _leads_to_no_surprise(cls, url: str | None) -> str | None:
        """Allow a path on this server or https; a control character or backslash would let a browser read it otherwise."""
        if url is None:
            return None
        plain = "\\" not in url and not any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} or character == " " for character in url)
        if plain and ((url.startswith("/") and not url.startswith("//")) or (url.lower().startswith("https://") and len(url) > 8)):
            return url
        raise ValueError("must be a path on this server that begins with one /, or an https:// address")


class TradeIn(Draft):
    """A whole trade, open or closed."""

    kind: ClassVar[str] = "trade"
    trade_id: Name
    symbol: Name
    direction: AnyDirection
    size: Positive
    entry_price: Positive
    entry_time: Moment
    strategy: Name | None = None
    leverage: Positive | None = None
    exit_price: NonNegative | None = None
    exit_time: Moment | None = None
    stop_loss: NonNegative | None = None
    take_profit: NonNegative | None = None
    pnl: Number | None = None
    fees: Number | None = None
    slippage: Number | None = None
    net_pnl: Number | None = None
    status: AnyStatus | None = None
    exit_reason: Name | None = None
    notes: Message | None = None
    tags: Annotated[list[Name], Field(max_length=50)] | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.exit_time is not None and self.exit_time < self.entry_time:
            raise ValueError("exit_time: lies before entry_time")
        if self.effective_status is TradeStatus.CLOSED and self.exit_time is None:
            raise ValueError("exit_time: is required for a closed trade")
        if self.effective_status is TradeStatus.OPEN and self.exit_time is not None:
            raise ValueError("status: an open trade has no exit_time")
        return self

    @property
    def effective_status(self) -> TradeStatus:
        """Return the status as sent, else closed when the trade has an exit."""
        if self.status is not None:
            return self.status
        return TradeStatus.OPEN if self.exit_time is None and self.exit_price is None else TradeStatus.CLOSED


class SnapshotIn(Draft):
    """What an account is worth at a moment."""

    kind: ClassVar[str] = "snapshot"
    total_value: Number
    cash_balance: Number | None = None
    margin_used: Number | None = None
    margin_available: Number | None = None
    realized_pnl: Number | None = None
    unrealized_pnl: Number | None = None
    deposit: Number | None = None
    positions: JsonList | None = None
    currency: Currency | None = None
    timestamp: Moment | None = None


class CandleIn(Draft):
    """Open, high, low and close of a symbol over a timeframe that begins at `timestamp`."""

    kind: ClassVar[str] = "candle"
    symbol: Name
    timeframe: Timeframe
    timestamp: Moment
    open: Number
    high: Number
    low: Number
    close: Number
    volume: NonNegative | None = None
    trades_count: Count | None = None
    vwap: Number | None = None

    @model_validator(mode="after")
    def _high_is_not_below_low(self) -> Self:
        if self.high < self.low:
            raise ValueError("high: is below low")
        for name in ("open", "close"):
            if not self.low <= getattr(self, name) <= self.high:
                raise ValueError(f"{name}: is not between low and high")
        return self


class ControlIn(Draft):
    """A clear or a reset: a record too, so that every process does it at the same place in the order."""

    kind: ClassVar[str] = "control"
    action: str


WRITE_MODELS: dict[str, type[Draft]] = {
    model.kind: model for model in (EventIn, SignalIn, PositionIn, CloseIn, AlertIn, TradeIn, SnapshotIn, CandleIn)
}


def validated(model: type[Model], value: Any) -> Model:
    """Return `value` as an instance of `model`.

    Raises `Refused` (`invalid_fields`) that names every faulty field and what is wrong with it.
    """
    if not isinstance(value, Mapping):
        raise Refused(Code.INVALID_FIELDS, "a record must be a JSON object", fields={"": "must be a JSON object"})
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused(Code.INVALID_FIELDS, "the record breaks a rule and was not stored", fields=faults(error)) from None


def faults(error: ValidationError) -> dict[str, str]:
    """Return faulty field -> what is wrong, from pydantic's findings; a rule over several fields names its own."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        message = _WORDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
        if not name and ": " in message:
            name, message = message.split(": ", 1)
        found.setdefault(_printable(name), message)
    return found


_WORDS = {"extra_forbidden": "is not known here", "missing": "is required"}


def _printable(name: str) -> str:
    """A field's name may come from the sender: keep it short and encodable."""
    return name[:200].encode(errors="replace").decode().replace("\x00", "\\0")
