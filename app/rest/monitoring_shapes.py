"""What the monitoring API answers, and what its batch holds."""

from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.rest.shapes import Count, Id, Shape, Time
from data.fields import AlertSeverity, EventType, Side, SignalType
from data.records import WRITE_MODELS, Draft

BATCH_RECORDS = 10_000
Duration = Annotated[str, Field(pattern=r"^[0-9]{2,}:[0-5][0-9]:[0-5][0-9]$", description="HH:MM:SS, the hours running past 24")]


class Event(Shape):
    """Something that happened."""

    id: Id
    timestamp: Time
    event_type: EventType
    message: str
    severity: AlertSeverity
    metadata: dict[str, Any]
    bot: str


class Signal(Shape):
    """What a strategy thinks of a symbol."""

    id: Id
    timestamp: Time
    strategy_name: str
    symbol: str
    signal_type: SignalType
    confidence: float
    indicators: dict[str, float]
    ensemble_vote: SignalType | None
    bot: str


class Position(Shape):
    """An open position; what the bot did not send is computed or null."""

    id: Id
    timestamp: Time
    position_id: str
    symbol: str
    side: Side
    entry_price: float
    current_price: float
    size: float
    unrealized_pnl: float
    unrealized_pnl_pct: float | None
    time_in_position: Duration
    opened_at: Time
    stop_loss: float | None
    stop_loss_pct: Annotated[float | None, Field(description="Distance from entry to stop, in % of entry")]
    take_profit: float | None
    strategy: str | None
    bot: str


class ClosedPosition(Shape):
    """A position's end; the trade that it became has the same id."""

    id: Id
    timestamp: Time
    position_id: str
    symbol: str
    side: Side
    entry_price: float
    exit_price: float | None
    size: float
    final_pnl: float
    final_pnl_pct: float
    reason: str | None
    time_in_position: Duration
    opened_at: Time
    opened_id: Id
    stop_loss: float | None
    take_profit: float | None
    strategy: str | None
    bot: str


class Notice(Shape):
    """Something that a person should look at."""

    id: Id
    timestamp: Time
    title: str
    message: str
    severity: AlertSeverity
    action_url: str | None
    bot: str


class EventAnswer(Shape):
    """The event as it was stored."""

    event: Event


class EventsAnswer(Shape):
    """Events, newest first."""

    events: list[Event]
    count: Count
    searched_to_id: Annotated[
        Id | None,
        Field(description="Where a search for a text or a time stopped before it had enough: go on with it as `before_id`; null at the end"),
    ]


class SignalAnswer(Shape):
    """The signal as it was stored."""

    message: str
    signal: Signal


class SignalsAnswer(Shape):
    """The latest signal per bot, strategy and symbol, newest first."""

    signals: list[Signal]
    count: Count


class PositionAnswer(Shape):
    """The position as it was stored."""

    message: str
    position: Position


class ClosedPositionAnswer(Shape):
    """The close as it was stored."""

    message: str
    position: ClosedPosition


class PositionsSummary(Shape):
    """All the positions of the answer together."""

    total_unrealized_pnl: float
    avg_pnl_pct: Annotated[float | None, Field(description="The mean of their P&L in percent; null without positions")]


class PositionsAnswer(Shape):
    """The open positions, in the order in which they were opened."""

    positions: list[Position]
    count: Count
    summary: PositionsSummary


class NoticeAnswer(Shape):
    """The alert as it was stored."""

    alert: Notice


class NoticesAnswer(Shape):
    """The alerts that this reader has not been given yet, newest first."""

    alerts: list[Notice]
    count: Count


class Statistics(Shape):
    """The counters since the last reset."""

    total_events: Count
    total_signals: Count
    total_positions: Count
    total_alerts_sent: Count
    active_positions: Count
    last_update: Annotated[Time | None, Field(description="When the last record was received")]
    uptime_seconds: float


class StatisticsAnswer(Shape):
    """The counters since the last reset."""

    statistics: Statistics


class PulseAnswer(Shape):
    """Which record last changed which kind of data; the answer's ETag says the same."""

    versions: dict[str, Id]
    server_time: Time


class BatchAnswer(Shape):
    """How many records were stored."""

    accepted: Count
    last_id: Id


def _of_kind(model: type[Draft]) -> type[BaseModel]:
    """Return the model of a batch's record, which beside its fields names its kind."""
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in model.model_fields.items()}
    kind: Any = (Literal[model.kind], ...)
    return create_model(f"{model.kind.capitalize()}Record", __config__=ConfigDict(extra="forbid"), __doc__=model.__doc__, kind=kind, **fields)


BatchRecord: Any = Annotated[Union[tuple(map(_of_kind, WRITE_MODELS.values()))], Field(discriminator="kind")]  # noqa: UP007  # of a computed tuple


class Batch(BaseModel):
    """Records of any kind, stored all or none. As NDJSON: a record per line."""

    model_config = ConfigDict(extra="forbid")
    records: Annotated[list[BatchRecord], Field(min_length=1, max_length=BATCH_RECORDS)]
