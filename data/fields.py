"""The kinds of value that records are made of: what is accepted, converted and refused, in one place."""

import math
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from data import times

JSON_BYTES = 16_384
JSON_DEPTH = 8
LARGEST = 1e18  # below 2^63, and its square is still finite, so no figure computed from two of them overflows
FUTURE_LIMIT = timedelta(hours=24)
NO_NUL = r"^[^\x00]*$"

AlertType = Literal["risk", "trade", "system", "performance"]
AlertStatus = Literal["active", "acknowledged", "resolved"]
AnnotationType = Literal["trade", "signal", "news", "custom"]
Condition = Literal["circuit_breaker", "critical_event", "drawdown", "stop_loss_hit", "closed_above", "closed_below", "stale_feed"]


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


class SignalType(StrEnum):
    """What a strategy would do."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class Side(StrEnum):
    """Which way a position lies."""

    LONG = "LONG"
    SHORT = "SHORT"


class Direction(StrEnum):
    """Which way a trade went."""

    LONG = "long"
    SHORT = "short"


class TradeStatus(StrEnum):
    """Where a trade is in its life."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def as_moment(value: Any) -> datetime:
    """Return what `as_any_moment` does; raises ValueError also for more than 24 h ahead, which no record can know."""
    moment = as_any_moment(value)
    if moment > times.now() + FUTURE_LIMIT:
        raise ValueError("lies more than 24 hours ahead")
    return moment


def as_any_moment(value: Any) -> datetime:
    """Return an aware UTC datetime from ISO 8601 text with an offset, or from a datetime (naive: local time).

    Raises ValueError for text without an offset and for anything else.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be ISO 8601, such as 2026-01-22T20:30:15Z") from None
        if moment.tzinfo is None:
            raise ValueError("has no time zone; end it with Z or an offset such as +02:00")
    else:
        raise ValueError("must be ISO 8601 text, such as 2026-01-22T20:30:15Z")
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("lies outside the years 1 to 9999") from None


def _as_clock(value: Any) -> Any:
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ValueError("must not be negative")
        return times.clock(value)
    return value


def as_json_object(value: Any) -> dict[str, Any]:
    """Return `value` as plain JSON values when it is an object of at most 16 kB and 8 levels whose numbers are finite.

    Raises ValueError saying what is wrong otherwise.
    """
    if not isinstance(value, dict):
        raise ValueError("must be a JSON object")
    plain: dict[str, Any] = _plain(value, 1)
    if len(orjson.dumps(plain)) > JSON_BYTES:
        raise ValueError(f"must be at most {JSON_BYTES // 1024} kB as JSON")
    return plain


def as_json_list(value: Any) -> list[Any]:
    """Return `value` as plain JSON values when it is an array within the limits of `as_json_object`."""
    if not isinstance(value, list):
        raise ValueError("must be a JSON array")
    items: list[Any] = as_json_object({"": value})[""]
    return items


def _plain(value: Any, level: int) -> Any:
    """Rebuild a value from JSON's own types, so that whatever a bot's libraries subclass can be stored and read again."""
    if isinstance(value, dict | list | tuple) and level > JSON_DEPTH:
        raise ValueError(f"must be at most {JSON_DEPTH} levels deep")
    if isinstance(value, dict):
        return {_plain_text(key): _plain(item, level + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, level + 1) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, int | float):
        return _plain_number(value)
    raise ValueError(f"must hold JSON values only, not {type(value).__name__}")


def _plain_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must have text as its keys")
    if "\x00" in value:
        raise ValueError("must not contain NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("contains text that is not valid Unicode") from None
    return str(value)


def _plain_number(value: float) -> float:
    # A larger integer arrives as a float that is another number: it would be stored altered.
    if not math.isfinite(value) or abs(value) >= 2**63:
        raise ValueError("must hold finite numbers below 2^63")
    return int(value) if isinstance(value, int) else float(value)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=LARGEST)]
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=LARGEST)]
Count = Annotated[int, Field(strict=True, ge=0, le=int(LARGEST))]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=NO_NUL)]
Message = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000, pattern=NO_NUL)]
Currency = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=20, pattern=NO_NUL)]
Timeframe = Annotated[str, StringConstraints(strict=True, max_length=20, pattern=r"^[1-9][0-9]*[smhdwM]$")]
Clock = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{2,6}:[0-5][0-9]:[0-5][0-9]$"), BeforeValidator(_as_clock)]
Moment = Annotated[datetime, BeforeValidator(as_moment)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(as_json_object)]
JsonList = Annotated[list[Any], BeforeValidator(as_json_list)]
Indicators = Annotated[dict[Name, Number], AfterValidator(as_json_object)]
AnyEventType = Annotated[EventType, BeforeValidator(_upper)]
AnySeverity = Annotated[AlertSeverity, BeforeValidator(_upper)]
AnySignalType = Annotated[SignalType, BeforeValidator(_upper)]
AnySide = Annotated[Side, BeforeValidator(_upper)]
AnyDirection = Annotated[Direction, BeforeValidator(_lower)]
AnyStatus = Annotated[TradeStatus, BeforeValidator(_lower)]
AnyAlertType = Annotated[AlertType, BeforeValidator(_lower)]
AnyAlertStatus = Annotated[AlertStatus, BeforeValidator(_lower)]
AnyAnnotationType = Annotated[AnnotationType, BeforeValidator(_lower)]
AnyCondition = Annotated[Condition, BeforeValidator(_lower)]
