"""The live monitor: the journal's projection in memory, in four parts, and the calls by which a bot in this process reports.

Everything here is rebuilt from the store at the start and changes only by `LiveMonitoringSystem.apply`, which the
journal calls with committed entries in order. Readers get snapshots. No lock is held while anything is written to
disk or sent to a socket.
"""

import threading
import time
from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from data import posting
from data.entries import Effect, Entry, Row, counter_of
from data.fields import AlertSeverity, EventType
from data.journal import Journal
from data.managers import ActivityLogManager, BrowserAlertSystem, OpenPositionMonitor, Part, StrategySignalTracker
from data.records import AlertIn, CloseIn, Draft, EventIn, PositionIn, SignalIn, validated
from data.schema import Counter
from data.schema import Journal as JournalTable
from data.times import iso_or_none
from data.trend import KINDS as TREND_KINDS
from data.trend import LiveTrend

KINDS = ("events", "signals", "positions", "alerts", "stats", "feeds", "trades", "portfolio", "strategies", "market", "annotations", "rules")
# Which kinds of data an entry changes, beside what its part of the monitor follows.
CHANGES = {
    "close": ("trades", "strategies"),
    "trade": ("trades", "strategies"),  # it may have made its strategy
    "snapshot": ("portfolio",),
    "candle": ("market",),
    "strategy": ("strategies",),
    "balance": ("portfolio", "strategies"),
    "annotation": ("annotations",),
    "alert_status": ("alerts",),
    "alert_rule": ("rules",),
}
PEOPLES = {"control", "strategy", "annotation", "alert_rule"}  # kinds of entries that people make, not bots
FEEDS_SECONDS = 2.0  # how often, at most, the list of bots counts as changed because one was heard


@dataclass
class StrategySignal:
    """What a strategy thinks of a symbol, as a bot in Python reports it."""

    strategy_name: str
    symbol: str
    signal_type: str
    confidence: float
    timestamp: datetime
    indicators: dict[str, float]
    ensemble_vote: str | None = None


@dataclass
class OpenPosition:
    """The state of an open position, as a bot in Python reports it; prices and P&L in the quote currency."""

    position_id: str
    symbol: str
    side: str
    entry_price: float
    current_price: float
    size: float
    unrealized_pnl: float
    unrealized_pnl_pct: float
    time_in_position: timedelta
    stop_loss: float | None
    stop_loss_pct: float | None
    take_profit: float | None = None
    strategy: str | None = None


class LiveMonitoringSystem:
    """What the bots are doing now, and the way in for a bot in this process."""

    def __init__(self, journal: Journal) -> None:
        """Follow `journal`; call `load` once before anything is appended."""
        self._journal = journal
        self.activity = ActivityLogManager()
        self.signals = StrategySignalTracker()
        self.positions = OpenPositionMonitor()
        self.alerts = BrowserAlertSystem()
        self.trend = LiveTrend()
        self._parts: dict[str, tuple[str, Part]] = {
            "event": ("events", self.activity),
            "signal": ("signals", self.signals),
            "position": ("positions", self.positions),
            "close": ("positions", self.positions),
            "alert": ("alerts", self.alerts),
        }
        self._statistics: Tally[str] = Tally()
        self._versions = dict.fromkeys(KINDS, 0)
        self._last_update: datetime | None = None
        self._heard: set[str] = set()
        self._feeds_at: datetime | None = None
        self._started = time.monotonic()
        self._lock = threading.Lock()
        journal.subscribe(self.apply)

    def load(self) -> None:
        """Read the present state from the tables; the cost does not depend on how long the journal is."""
        with self._journal.store.read(consistent=True) as connection, self._lock:
            counters = {row.name: row.value for row in connection.execute(select(Counter.name, Counter.value))}
            head = counters.get("last_id", 0)
            self.activity.load(connection, counters.get(posting.CLEAR_ACTIVITY, 0))
            self.signals.load(connection, counters.get(posting.CLEAR_SIGNALS, 0))
            self.positions.load(connection)
            self.alerts.load(connection)
            self.trend.load(connection, head, self.positions.all())
            self._statistics.update({name: counters.get(name, 0) for name in posting.STATISTICS})
            self._last_update = connection.execute(select(JournalTable.received_at).where(JournalTable.id == head)).scalar()
            self._versions = dict.fromkeys(KINDS, head)
            self._journal.tail.applied = head

    # --- the projection ------------------------------------------------------------------------------------

    def apply(self, entries: Iterable[Entry]) -> None:
        """Follow committed entries, in order."""
        with self._lock:
            for entry in entries:
                self._apply_one(entry)

    def _apply_one(self, entry: Entry) -> None:
        if entry.kind == "control":
            self._apply_control(entry)
        elif entry.kind in self._parts:
            name, part = self._parts[entry.kind]
            part.apply(entry)
            self._versions[name] = entry.id
        for name in CHANGES.get(entry.kind, ()):
            self._versions[name] = entry.id
        if entry.kind in TREND_KINDS:
            self.trend.apply(entry)
        if statistic := counter_of(entry.kind, entry.effect):
            self._statistics[statistic] += 1
        self._note_feed(entry)
        self._versions["stats"] = entry.id
        self._last_update = entry.received_at

    def _apply_control(self, entry: Entry) -> None:
        action = entry.body["action"]
        if action == posting.CLEAR_ACTIVITY:
            self.activity.clear()
            self._versions["events"] = entry.id
        elif action == posting.CLEAR_SIGNALS:
            self.signals.clear()
            self._versions["signals"] = entry.id
        elif action == posting.RESET_STATISTICS:
            self._statistics.clear()
        elif action == posting.REMOVE_DEMO:
            for part in (self.activity, self.signals, self.positions, self.alerts, self.trend):
                part.forget(posting.DEMO_PREFIX)
            self._versions = dict.fromkeys(KINDS, entry.id)
            self._heard.clear()

    def _note_feed(self, entry: Entry) -> None:
        """Count the list of bots as changed when one is new, changes its heartbeat, or was heard after a while."""
        if entry.kind in PEOPLES or entry.effect in {Effect.RAISED, Effect.EDITED, Effect.REMOVED}:
            return
        # abs: after the clock was set back the list must not wait until the old time comes round again
        late = self._feeds_at is None or abs((entry.received_at - self._feeds_at).total_seconds()) >= FEEDS_SECONDS
        if late or entry.bot not in self._heard or (entry.event_type == "SYSTEM" and "heartbeat_seconds" in entry.body["metadata"]):
            self._heard.add(entry.bot)
            self._feeds_at = entry.received_at
            self._versions["feeds"] = entry.id

    # --- what it knows -------------------------------------------------------------------------------------

    def latest_events(self, limit: int = 50) -> list[Row]:
        """Return the newest events since the last clear, newest first; at most the ring's 1,000."""
        with self._lock:
            return self.activity.latest(limit)

    def latest_signals(self) -> list[Row]:
        """Return the latest signal per bot, strategy and symbol, newest first."""
        with self._lock:
            return self.signals.latest()

    def open_positions(self) -> list[Row]:
        """Return the open positions, in the order in which they were opened."""
        with self._lock:
            return self.positions.all()

    def latest_alerts(self, limit: int = 50, since: datetime | None = None) -> list[Row]:
        """Return the newest alerts, newest first; with `since`, those that were received then or later."""
        with self._lock:
            return self.alerts.latest(limit, since)

    def last_hour(self) -> dict[str, dict[str, list[Any]]]:
        """Return the P&L of the open positions and the events per minute, see `LiveTrend.read`."""
        with self._lock:
            return self.trend.read()

    def severity_counts(self) -> dict[str, int]:
        """Return how many of the latest 1,000 events have each severity."""
        with self._lock:
            return self.activity.severities()

    def versions(self) -> dict[str, int]:
        """Return, per kind of data, the id of the record that last changed it."""
        with self._lock:
            return dict(self._versions)

    def get_statistics(self) -> dict[str, Any]:
        """Return the counters since the last reset, the open positions, the last record's receipt and this process's uptime in seconds."""
        with self._lock:
            return {
                **{name: self._statistics[name] for name in posting.STATISTICS},
                "active_positions": len(self.positions),
                "last_update": iso_or_none(self._last_update),
                "uptime_seconds": time.monotonic() - self._started,
            }

    # --- what a bot in this process reports ------------------------------------------------------------------

    def log_event(
        self,
        event_type: EventType | str,
        message: str,
        severity: AlertSeverity | str = "INFO",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record that something happened. Raises ValueError naming the faulty fields; returns after the commit."""
        self._record(EventIn, event_type=event_type, message=message, severity=severity, metadata=metadata)

    def update_signal(self, signal: StrategySignal) -> None:
        """Record a strategy's signal. Raises ValueError naming the faulty fields; returns after the commit."""
        self._record(SignalIn, **vars(signal))

    def update_position(self, position: OpenPosition) -> None:
        """Record an open position's state. Raises ValueError naming the faulty fields; returns after the commit."""
        self._record(PositionIn, **vars(position))

    def close_position(self, position_id: str, final_pnl: float, final_pnl_pct: float) -> None:
        """Record an open position's end. Raises ValueError for one that is not open; returns after the commit."""
        self._record(CloseIn, position_id=position_id, final_pnl=final_pnl, final_pnl_pct=final_pnl_pct)

    def send_alert(self, title: str, message: str, severity: AlertSeverity | str, action_url: str | None = None) -> None:
        """Record an alert for the people who watch. Raises ValueError naming the faulty fields; returns after the commit."""
        self._record(AlertIn, title=title, message=message, severity=severity, action_url=action_url)

    def _record(self, model: type[Draft], **fields: Any) -> None:
        given = {name: value for name, value in fields.items() if value is not None}
        self._journal.append([validated(model, given)])
