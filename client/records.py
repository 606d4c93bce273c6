"""What a bot reports, and how it becomes the bytes that travel.

A record is turned into JSON at the call, so that what the bot does to its objects afterwards changes nothing, and so that
what cannot be sent at all is found there. Which values are right is for the server to say: one set of rules, not two.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

KINDS = frozenset({"event", "signal", "position", "close", "alert", "trade", "snapshot", "candle"})
STAMPED = frozenset({"event", "signal", "position", "close", "alert", "snapshot"})  # a candle's time is its opening: only the bot knows
RECORD_BYTES = 128 * 1024  # above the largest that the server takes


class EventType(StrEnum):
    """What an event is about."""

    ORDER = "ORDER"
    STRATEGY = "STRATEGY"
    RISK = "RISK"
    SYSTEM = "SYSTEM"
    ALERT = "ALERT"


class AlertSeverity(StrEnum):
    """How much an event or alert matters."""

    INFO = "INFO"
    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


@dataclass
class StrategySignal:
    """What a strategy thinks of a symbol now; `signal_type` is BUY, SELL or HOLD, `confidence` lies between 0 and 1."""

    strategy_name: str
    symbol: str
    signal_type: str
    confidence: float
    timestamp: datetime | None = None
    indicators: dict[str, float] | None = None
    ensemble_vote: str | None = None
    bot: str | None = None


@dataclass
class OpenPosition:
    """The state of an open position; prices and P&L in the quote currency. What is left out, the server computes where it can."""

    position_id: str
    symbol: str
    side: str
    entry_price: float
    current_price: float
    size: float
    unrealized_pnl: float | None = None
    unrealized_pnl_pct: float | None = None
    time_in_position: timedelta | str | None = None
    stop_loss: float | None = None
    stop_loss_pct: float | None = None
    take_profit: float | None = None
    strategy: str | None = None
    opened_at: datetime | None = None
    timestamp: datetime | None = None
    bot: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record, ready to be sent: its kind, its JSON, and which position it updates or closes."""

    kind: str
    body: bytes
    position: tuple[str, str] | None = None


def encode(kind: str, given: Mapping[str, Any], bot: str | None = None) -> Record:
    """Return a record of `kind`: fields that are None left out, stamped with the present moment when it names none.

    Raises ValueError or TypeError for what cannot be sent: another kind, NaN, an object that JSON has no form for, broken text.
    """
    if kind not in KINDS:
        raise ValueError(f"the kind must be one of {', '.join(sorted(KINDS))}")
    record = {name: value for name, value in given.items() if value is not None}
    if kind in STAMPED:
        record.setdefault("timestamp", datetime.now(UTC))
    if bot is not None:
        record.setdefault("bot", bot)
    body = _ENCODER.encode({**record, "kind": kind}).encode()
    if len(body) > RECORD_BYTES:
        raise ValueError(f"the record is larger than {RECORD_BYTES // 1024} kB")
    position = (str(record.get("bot", "")), str(record.get("position_id", ""))) if kind in {"position", "close"} else None
    return Record(kind, body, position)


def fields_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass such as `StrategySignal`, or of a mapping. Raises TypeError for anything else."""
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"a dataclass or a mapping is needed, not {type(value).__name__}")


def _plain(value: Any) -> Any:
    """Return a JSON value for what bots' libraries use beside JSON's own types."""
    if isinstance(value, datetime):  # one without a zone is local time, as everywhere in Python
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        if seconds < 0:
            raise ValueError("a duration must not be negative")
        return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Enum):
        return value.value
    if callable(getattr(value, "item", None)):  # numpy's scalars
        return value.item()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_ENCODER = json.JSONEncoder(default=_plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
