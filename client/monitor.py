"""The calls of the Python API, over HTTP: each returns at once and raises nothing."""

import atexit
import contextlib
import functools
import logging
import math
import os
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from .buffer import Buffer
from .patience import Pace, tell
from .records import AlertSeverity, EventType, OpenPosition, StrategySignal, encode, fields_of
from .sender import Sender
from .wire import Wire

BUFFER_RECORDS = 10_000
LONGEST_HEARTBEAT = 86_400.0
P = ParamSpec("P")
R = TypeVar("R")


def _harmless(otherwise: Any = None, records: int = 0) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Have a method return `otherwise` where it would raise, for wrong arguments too; so many records count as refused then."""

    def harmless(method: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(*args, **kwargs)
            except Exception as error:
                args[0]._sender.count_refused(records)  # type: ignore[attr-defined]  # it decorates the monitor's methods
                tell(logging.WARNING, "%s did nothing: %s: %s", method.__name__, type(error).__name__, _words(error))
                return otherwise  # type: ignore[no-any-return]  # as the method's own type says

        return call

    return harmless


def _words(error: Exception) -> str:
    """Return what an error says; the bot's own objects may fail even at that."""
    with contextlib.suppress(Exception):
        return " ".join(str(error).split())[:200]
    return "it does not say what is wrong"


class Monitor:
    """A bot's line to its dashboard. Safe to use from any thread; a forked child gets a thread and a buffer of its own."""

    def __init__(
        self,
        url: str,
        token: str,
        bot: str | None = None,
        heartbeat_seconds: float | None = None,
        buffer_records: int = BUFFER_RECORDS,
        *,
        pace: Pace | None = None,
    ) -> None:
        """See `connect`; `pace` is for tests that cannot wait."""
        self._wire_arguments = (url, token)
        self._bot = bot
        self._heartbeat = _heartbeat(heartbeat_seconds)
        self._records = buffer_records if isinstance(buffer_records, int) and buffer_records > 0 else BUFFER_RECORDS
        self._pace = pace or Pace()
        self._begin()
        self._sender.start()
        _monitors.add(self)
        atexit.register(self._at_exit)

    def __repr__(self) -> str:
        return f"<Monitor of {self._name}: sent={self.sent} waiting={self.waiting} dropped={self.dropped} refused={self.refused}>"

    def _begin(self) -> None:
        """Begin with an empty buffer, a connection of this process's own, and no thread yet."""
        wire = None
        try:
            wire = Wire(*self._wire_arguments)
            self._name = wire.name
        except ValueError as error:
            self._name = "nothing"
            tell(logging.ERROR, "nothing will be sent: %s", error)  # no traceback: the arguments are at fault
        self._sender = Sender(wire, Buffer(self._records), bot=self._bot, heartbeat=self._heartbeat, pace=self._pace)

    # --- what a bot reports ----------------------------------------------------------------------------------

    @_harmless(records=1)
    def log_event(
        self,
        event_type: EventType | str,
        message: str,
        severity: AlertSeverity | str = "INFO",
        metadata: Mapping[str, Any] | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """Report that something happened."""
        self._put("event", event_type=event_type, message=message, severity=severity, metadata=metadata, timestamp=timestamp)

    @_harmless(records=1)
    def update_signal(self, signal: StrategySignal) -> None:
        """Report what a strategy thinks of a symbol now."""
        self._put("signal", **fields_of(signal))

    @_harmless(records=1)
    def update_position(self, position: OpenPosition) -> None:
        """Report an open position's state; the first update opens it."""
        self._put("position", **fields_of(position))

    @_harmless(records=1)
    def close_position(
        self,
        position_id: str,
        final_pnl: float,
        final_pnl_pct: float,
        exit_price: float | None = None,
        reason: str | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """Report an open position's end; it becomes a trade."""
        self._put(
            "close",
            position_id=position_id,
            final_pnl=final_pnl,
            final_pnl_pct=final_pnl_pct,
            exit_price=exit_price,
            reason=reason,
            timestamp=timestamp,
        )

    @_harmless(records=1)
    def send_alert(
        self, title: str, message: str, severity: AlertSeverity | str, action_url: str | None = None, timestamp: datetime | None = None
    ) -> None:
        """Report something that a person should look at."""
        self._put("alert", title=title, message=message, severity=severity, action_url=action_url, timestamp=timestamp)

    @_harmless(records=1)
    def record(self, kind: str, /, **fields: Any) -> None:
        """Report a record of any kind (`trade`, `snapshot`, `candle`, …) with the fields that the API's table gives it."""
        self._put(kind, **fields)

    def _put(self, kind: str, /, **fields: Any) -> None:
        self._sender.put(encode(kind, fields, self._bot))

    # --- how it goes -----------------------------------------------------------------------------------------

    @property
    def sent(self) -> int:
        """Return how many of the bot's records the server has stored."""
        return self._sender.sent

    @property
    def waiting(self) -> int:
        """Return how many records wait to be stored."""
        return self._sender.waiting

    @property
    def dropped(self) -> int:
        """Return how many records were dropped because the buffer was full or the client closed."""
        return self._sender.dropped

    @property
    def refused(self) -> int:
        """Return how many records were faulty, here or in the server's eyes."""
        return self._sender.refused

    @_harmless()
    def get_statistics(self, timeout: float = 2.0) -> dict[str, Any] | None:
        """Return the dict of `GET /stats` (the token needs the scope `read`), or None. The one call that waits for the server."""
        seconds = max(_seconds(timeout, 2.0), 0.01)
        try:
            wire = Wire(*self._wire_arguments, connect_seconds=seconds, answer_seconds=seconds)
        except ValueError:
            return None
        try:
            statistics = wire.request("GET", "/api/monitoring/stats").body.get("statistics")
        finally:
            wire.close()
        return statistics if isinstance(statistics, dict) else None

    @_harmless(False)
    def flush(self, timeout: float = 5.0) -> bool:
        """Wait at most so many seconds until all that was reported before is stored or refused; return whether it is."""
        return self._sender.flush(_seconds(timeout, 5.0))

    @_harmless(False)
    def close(self, timeout: float = 5.0) -> bool:
        """Send what waits, for at most so many seconds, and end; return whether nothing is left.

        A heartbeat is withdrawn: a bot that says goodbye is not silent. At the program's exit what waits is sent without
        this call, but nothing is withdrawn, for the bot may have failed.
        """
        if self._heartbeat is not None:
            self.log_event("SYSTEM", "The bot has ended", metadata={"heartbeat_seconds": None})
        return self._at_exit(_seconds(timeout, 5.0))

    def _at_exit(self, timeout: float = 5.0) -> bool:
        atexit.unregister(self._at_exit)
        return self._sender.close(timeout)


def connect(url: str, token: str, bot: str | None = None, heartbeat_seconds: float | None = None, buffer_records: int = BUFFER_RECORDS) -> Monitor:
    """Return a monitor that reports to the dashboard at `url`; returns at once, whether the server is there or not.

    An address or token that cannot be used is logged as an error, and nothing is sent.

    Args:
        url: such as ``http://127.0.0.1:8050``.
        token: a token with the scope `ingest` (and `read` for `get_statistics`).
        bot: whose records these are, where they do not say; else the token's bot.
        heartbeat_seconds: declare that a sign of life comes at least so often, and see to it; three missed ones raise an alert.
        buffer_records: how many records wait at most while the server does not take any.
    """
    return Monitor(url, token, bot, heartbeat_seconds, buffer_records)


def _heartbeat(seconds: Any) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST_HEARTBEAT:
        return float(seconds)
    tell(logging.ERROR, "no heartbeat: heartbeat_seconds must lie between 0 and %d", LONGEST_HEARTBEAT)
    return None


def _seconds(value: Any, default: float) -> float:
    """Return a number of seconds that a thread can wait for, whatever was given."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        seconds = float(value)
        return default if math.isnan(seconds) else min(max(seconds, 0.0), 1e6)
    return default


_monitors: "weakref.WeakSet[Monitor]" = weakref.WeakSet()


def _begin_again_in_child() -> None:
    for monitor in list(_monitors):
        monitor._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again_in_child)
