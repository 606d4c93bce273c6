"""Which events, signals, positions and alerts."""

from typing import Annotated

from pydantic import Field

from data.fields import AnyEventType, AnySeverity, Name
from data.scope.base import Format, Limit, OneOrMore, RecordId, Scope, Several, Since


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

    limit: Annotated[int, Field(ge=1, lt=2**63)] | None = None  # type: ignore[assignment]  # an export may have no limit, a list must
    format: Format = "csv"


class SignalScope(Scope):
    """Which of the latest signals."""

    strategy: Several = None
    symbol: Several = None
    bot: Several = None


class SignalExportScope(SignalScope):
    """Which of the latest signals to write to a file."""

    format: Format = "csv"


class PositionScope(Scope):
    """Which open positions."""

    bot: Several = None
    symbol: Several = None
    strategy: Several = None


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
