"""The four parts of the live monitor: each holds one kind of data and follows the journal's entries of that kind."""

from collections import Counter as Tally
from collections import deque
from datetime import datetime
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection, select

from data.entries import Effect, Entry, Row
from data.schema import Journal, Position, Signal

RING = 1000


class Part(Protocol):
    """What the monitor asks of each part."""

    def apply(self, entry: Entry) -> None:
        """Follow one entry."""

    def forget(self, prefix: str) -> None:
        """Forget what belongs to the bots whose name begins with `prefix`."""


class ActivityLogManager:
    """The latest events, at most `maxlen`, newest last."""

    def __init__(self, maxlen: int = RING) -> None:
        self._events: deque[Row] = deque(maxlen=maxlen)

    def load(self, connection: Connection, cleared_id: int) -> None:
        """Read the newest events after the last clear."""
        newest = select(Journal.id, Journal.body).where(Journal.kind == "event", Journal.id > cleared_id)
        rows = connection.execute(newest.order_by(Journal.id.desc()).limit(self._events.maxlen)).all()
        self._events.extend({"id": row.id, **row.body} for row in reversed(rows))

    def apply(self, entry: Entry) -> None:
        """Add an event."""
        self._events.append(entry.record())

    def clear(self) -> None:
        """Forget all of them."""
        self._events.clear()

    def forget(self, prefix: str) -> None:
        """Forget the events of the bots whose name begins with `prefix`."""
        self._events = deque((event for event in self._events if not event["bot"].startswith(prefix)), self._events.maxlen)

    def severities(self) -> dict[str, int]:
        """Return how many of the events held have each severity."""
        return Tally(event["severity"] for event in self._events)

    def latest(self, limit: int) -> list[Row]:
        """Return the newest events, newest first."""
        return [event for event, _ in zip(reversed(self._events), range(limit), strict=False)]

    def __len__(self) -> int:
        """Return how many events are held."""
        return len(self._events)


class StrategySignalTracker:
    """The latest signal per bot, strategy and symbol."""

    def __init__(self) -> None:
        self._signals: dict[tuple[str, str, str], Row] = {}

    def load(self, connection: Connection, cleared_id: int) -> None:
        """Read the signals that came after the last clear."""
        for row in connection.execute(select(Signal.id, Signal.body).where(Signal.id > cleared_id).order_by(Signal.id)):
            self._keep({"id": row.id, **row.body})

    def apply(self, entry: Entry) -> None:
        """Let a signal replace the one before it, unless it came late."""
        if entry.effect != Effect.LATE:
            self._keep(entry.record())

    def _keep(self, record: Row) -> None:
        self._signals[record["bot"], record["strategy_name"], record["symbol"]] = record

    def clear(self) -> None:
        """Forget all of them."""
        self._signals.clear()

    def forget(self, prefix: str) -> None:
        """Forget the signals of the bots whose name begins with `prefix`."""
        self._signals = {key: record for key, record in self._signals.items() if not record["bot"].startswith(prefix)}

    def latest(self) -> list[Row]:
        """Return the signals, newest first."""
        return sorted(self._signals.values(), key=lambda record: -record["id"])


class OpenPositionMonitor:
    """The positions that are open now."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], Row] = {}

    def load(self, connection: Connection) -> None:
        """Read the open positions, in the order in which they were opened."""
        rows = select(Position.id, Position.body).where(Position.closed_id.is_(None)).order_by(Position.opened_id)
        for row in connection.execute(rows):
            self._positions[row.body["bot"], row.body["position_id"]] = {"id": row.id, **row.body}

    def apply(self, entry: Entry) -> None:
        """Open, update or close a position."""
        key = (entry.bot, entry.body["position_id"])
        if entry.kind == "close":
            self._positions.pop(key, None)
        elif entry.effect != Effect.LATE:
            self._positions[key] = entry.record()

    def forget(self, prefix: str) -> None:
        """Forget the positions of the bots whose name begins with `prefix`."""
        self._positions = {key: record for key, record in self._positions.items() if not record["bot"].startswith(prefix)}

    def all(self) -> list[Row]:
        """Return the open positions, in the order in which they were opened."""
        return list(self._positions.values())

    def __len__(self) -> int:
        """Return how many positions are open."""
        return len(self._positions)


class BrowserAlertSystem:
    """The latest alerts, newest last; who has been given which is kept in the store."""

    def __init__(self, maxlen: int = RING) -> None:
        self._alerts: deque[tuple[datetime, Row]] = deque(maxlen=maxlen)  # with the time of receipt

    def load(self, connection: Connection) -> None:
        """Read the newest alerts."""
        newest = select(Journal.id, Journal.received_at, Journal.body).where(Journal.kind == "alert").order_by(Journal.id.desc())
        rows = connection.execute(newest.limit(self._alerts.maxlen)).all()
        self._alerts.extend((row.received_at, {"id": row.id, **row.body}) for row in reversed(rows))

    def apply(self, entry: Entry) -> None:
        """Add an alert."""
        self._alerts.append((entry.received_at, entry.record()))

    def forget(self, prefix: str) -> None:
        """Forget the alerts of the bots whose name begins with `prefix`."""
        kept = ((received_at, alert) for received_at, alert in self._alerts if not alert["bot"].startswith(prefix))
        self._alerts = deque(kept, self._alerts.maxlen)

    def latest(self, limit: int, since: datetime | None = None) -> list[Row]:
        """Return the newest alerts, newest first; with `since`, those that were received then or later."""
        recent = (alert for received_at, alert in reversed(self._alerts) if since is None or received_at >= since)
        return list(islice(recent, limit))
