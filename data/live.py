"""Questions about what the bots report live; the newest come from memory, the past from the store."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from data import posting
from data.activity import CHUNK, LAST_POSSIBLE_ID, ActivityLog, Found
from data.entries import Row
from data.errors import Refused
from data.monitor import LiveMonitoringSystem
from data.past import Past
from data.schema import AlertCursor, BotState, Counter, Journal
from data.scope import ActivityExportScope, ActivityScope, AlertExportScope, PositionScope, SignalScope
from data.store import Store
from data.times import iso, now
from data.upsert import upsert

ALERTS_AT_ONCE = 100
FIRST_LOOK = timedelta(hours=24)


class Live:
    """Answers questions about events, signals, positions and alerts."""

    def __init__(self, store: Store, monitor: LiveMonitoringSystem) -> None:
        """Ask `monitor` for the present and `store` for the past."""
        self._store = store
        self._monitor = monitor
        self._log = ActivityLog(store)
        self.past = Past(store)

    def search(self, scope: ActivityScope) -> Found:
        """Return the events in scope, newest first, and how far was searched; see `ActivityLog.search`.

        A plain read starts after the last clear; one with `since`, `before_id` or `after_id` also reaches what came
        before it. With `after_id` they are the oldest ones after it, so that a reader can page up to the present.
        """
        if scope == ActivityScope(limit=scope.limit):
            return Found(self._monitor.latest_events(scope.limit))
        return self._log.search(scope)

    def activity(self, scope: ActivityScope) -> list[Row]:
        """Return the events that `search` finds."""
        return self.search(scope).events

    def every_event(self, scope: ActivityExportScope) -> Iterator[Row]:
        """Return an iterator over all events in scope, newest first; see `ActivityLog.every`."""
        return self._log.every(scope)

    def every_alert(self, _scope: AlertExportScope) -> Iterator[Row]:
        """Return an iterator over all alerts, newest first, a thousand in memory at a time."""
        before = LAST_POSSIBLE_ID
        while True:
            with self._store.read() as connection:
                query = select(Journal.id, Journal.body).where(Journal.kind == "alert", Journal.id < before)
                alerts = [{"id": row.id, **row.body} for row in connection.execute(query.order_by(Journal.id.desc()).limit(CHUNK))]
            yield from alerts
            if len(alerts) < CHUNK:
                return
            before = alerts[-1]["id"]

    def signals(self, scope: SignalScope) -> list[Row]:
        """Return the latest signal per bot, strategy and symbol in scope, newest first."""
        wanted = {"strategy_name": scope.strategy, "symbol": scope.symbol, "bot": scope.bot}
        return _matching(self._monitor.latest_signals(), wanted)

    def positions(self, scope: PositionScope) -> list[Row]:
        """Return the open positions in scope, in the order in which they were opened."""
        wanted = {"bot": scope.bot, "symbol": scope.symbol, "strategy": scope.strategy}
        return _matching(self._monitor.open_positions(), wanted)

    def summary(self, positions: list[Row]) -> Row:
        """Return `total_unrealized_pnl` (their sum) and `avg_pnl_pct` (their mean, None without positions)."""
        percents = [position["unrealized_pnl_pct"] for position in positions if position["unrealized_pnl_pct"] is not None]
        total = math.fsum(position["unrealized_pnl"] for position in positions)
        return {"total_unrealized_pnl": total, "avg_pnl_pct": math.fsum(percents) / len(percents) if percents else None}

    def trend(self) -> dict[str, dict[str, list[Any]]]:
        """Return the last hour: `pnl` of the open positions and `events` per minute, see `LiveTrend.read`."""
        return self._monitor.last_hour()

    def severity_counts(self) -> dict[str, int]:
        """Return how many of the latest 1,000 events have each severity."""
        return self._monitor.severity_counts()

    def feeds(self) -> list[Row]:
        """Return each bot, by name: `first_seen`, `last_seen`, `heartbeat_seconds`, `silent_after` (three heartbeats later, else None) and `demo`."""
        columns = (BotState.bot, BotState.first_seen, BotState.last_seen, BotState.heartbeat_seconds)
        with self._store.read() as connection:
            rows = connection.execute(select(*columns).order_by(BotState.bot)).all()
        return [
            {
                "bot": row.bot,
                "first_seen": iso(row.first_seen),
                "last_seen": iso(row.last_seen),
                "heartbeat_seconds": row.heartbeat_seconds,
                "silent_after": iso(row.last_seen + timedelta(seconds=3 * row.heartbeat_seconds)) if row.heartbeat_seconds else None,
                "demo": row.bot.startswith(posting.DEMO_PREFIX),
            }
            for row in rows
        ]

    def recent_alerts(self, limit: int = 20) -> list[Row]:
        """Return the newest alerts that were received within 24 hours, newest first; moves nobody's cursor."""
        return self._monitor.latest_alerts(limit, now() - FIRST_LOOK)

    # --- alerts, each reader's own -------------------------------------------------------------------------

    def alerts_for(self, reader: str, *, clear: bool, after_id: int | None = None) -> list[Row]:
        """Return, newest first, the alerts that `reader` has not been given yet; with `clear` they count as given.

        A new reader starts with the last 24 hours. At most 100 are returned: of a new reader's the newest, of
        others' the oldest, so that the next read goes on where this one ended. `after_id` takes the cursor's place.
        While nothing can be stored they do not count as given: told twice is better than not at all.
        """
        with self._store.read() as connection:
            cursor = self._cursor(connection, reader)
            alerts = self._not_given(connection, cursor if after_id is None else after_id)
        if not clear or (cursor is not None and not alerts):
            return alerts
        try:
            # A new reader has no row yet that could be locked against its own second request: the journal's lock serves.
            with self._store.write(appending=cursor is None) as connection:
                return self._give(connection, reader, after_id)
        except Refused:
            return alerts

    def _give(self, connection: Connection, reader: str, after_id: int | None) -> list[Row]:
        """Return the alerts that `reader` is to be given, and move its cursor behind them."""
        cursor = self._cursor(connection, reader, lock=True)
        alerts = self._not_given(connection, cursor if after_id is None else after_id)
        start = _head(connection, after_id) if cursor is None else cursor
        self._move_cursor(connection, reader, max([start, *(alert["id"] for alert in alerts)]))
        return alerts

    def _cursor(self, connection: Connection, reader: str, *, lock: bool = False) -> int | None:
        query = select(AlertCursor.last_id).where(AlertCursor.reader == reader)
        return connection.scalar(query.with_for_update() if lock else query)

    def _not_given(self, connection: Connection, cursor: int | None) -> list[Row]:
        query = select(Journal.id, Journal.received_at, Journal.body).where(Journal.kind == "alert").limit(ALERTS_AT_ONCE)
        if cursor is not None:
            rows = connection.execute(query.where(Journal.id > cursor).order_by(Journal.id)).all()[::-1]
        else:  # the newest, and of them the recent: to look for recent ones among all would read every alert of a quiet year
            rows = [row for row in connection.execute(query.order_by(Journal.id.desc())) if row.received_at >= now() - FIRST_LOOK]
        return [{"id": row.id, **row.body} for row in rows]

    def _move_cursor(self, connection: Connection, reader: str, last_id: int) -> None:
        upsert(connection, AlertCursor, ("reader",), [{"reader": reader, "last_id": last_id}])


def _head(connection: Connection, at_most: int | None) -> int:
    """Return the newest record's id, or `at_most` when that is smaller: what came before counts as given to a new reader."""
    head = connection.scalar(select(Counter.value).where(Counter.name == "last_id")) or 0
    return head if at_most is None else min(head, at_most)


def _matching(records: list[Row], wanted: Mapping[str, Sequence[str] | None]) -> list[Row]:
    return [record for record in records if all(values is None or record[name] in values for name, values in wanted.items())]
