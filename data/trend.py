"""The last hour in memory: the P&L of the open positions, and how many events came each minute."""

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from data.entries import Effect, Entry, Row
from data.schema import Journal
from data.times import iso, now

SPAN = timedelta(minutes=60)
SAMPLE_SECONDS = 10
WARNINGS = frozenset({"WARNING", "ERROR", "CRITICAL"})
LOOK_BACK = 20_000  # rows read at the start, at most; a busier hour begins later after a restart
KINDS = ("event", "position", "close")


class LiveTrend:
    """Samples by the server's time of receipt, so that a bot's clock or a replay of the past does not bend the charts."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], float] = {}
        self._pnl: deque[tuple[datetime, float]] = deque(maxlen=int(SPAN.total_seconds()) // SAMPLE_SECONDS + 1)
        self._events: deque[list[Any]] = deque(maxlen=int(SPAN.total_seconds()) // 60 + 1)  # [minute, all, warnings]

    def load(self, connection: Connection, head: int, open_positions: list[Row]) -> None:
        """Read the last hour again; a position that did not move in it counts with its present P&L throughout."""
        columns = [getattr(Journal, name) for name in Entry.__slots__]
        # by a range of ids, whatever the planner thinks of the kinds: the cost must not depend on the journal's length
        newest = select(*columns).where(Journal.id > head - LOOK_BACK, Journal.kind.in_(KINDS)).order_by(Journal.id.desc())
        since = now() - SPAN
        entries = [entry for entry in (Entry(*row) for row in connection.execute(newest)) if entry.received_at >= since]
        moved = {(entry.bot, entry.body["position_id"]) for entry in entries if entry.kind != "event"}
        still = {(row["bot"], row["position_id"]): row["unrealized_pnl"] for row in open_positions}
        self._open = {key: pnl for key, pnl in still.items() if key not in moved}
        for entry in reversed(entries):
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Count an event, or follow a position."""
        if entry.kind == "event":
            self._count(entry)
        elif entry.effect != Effect.LATE:
            self._sample(entry)

    def forget(self, prefix: str) -> None:
        """Leave out the positions of the bots whose name begins with `prefix` from now on; the past stays as it was."""
        self._open = {key: pnl for key, pnl in self._open.items() if not key[0].startswith(prefix)}

    def _count(self, entry: Entry) -> None:
        minute = entry.received_at.replace(second=0, microsecond=0)
        if not self._events or self._events[-1][0] < minute:
            self._events.append([minute, 0, 0])
        self._events[-1][1] += 1
        self._events[-1][2] += entry.severity in WARNINGS

    def _sample(self, entry: Entry) -> None:
        key = (entry.bot, entry.body["position_id"])
        if entry.kind == "close":
            self._open.pop(key, None)
        else:
            self._open[key] = entry.body["unrealized_pnl"]
        if self._pnl and _slot(self._pnl[-1][0]) == _slot(entry.received_at):
            self._pnl.pop()
        self._pnl.append((entry.received_at, sum(self._open.values())))

    def read(self) -> dict[str, dict[str, list[Any]]]:
        """Return `pnl` (`timestamps`, `values`) and `events` (`minutes`, `all`, `warnings`) of the last 60 minutes.

        P&L is the sum over the open positions, in their currency. A minute without events has a zero between two that
        have some, and since the first.
        """
        moment = now()
        samples = [(at, pnl) for at, pnl in self._pnl if moment - at <= SPAN]
        counted = {minute: (total, warnings) for minute, total, warnings in self._events if moment - minute <= SPAN}
        minutes: list[datetime] = []
        if counted:
            first, last = min(counted), moment.replace(second=0, microsecond=0)
            minutes = [first + timedelta(minutes=step) for step in range(int((last - first).total_seconds()) // 60 + 1)]
        return {
            "pnl": {"timestamps": [iso(at) for at, _ in samples], "values": [pnl for _, pnl in samples]},
            "events": {
                "minutes": [iso(minute) for minute in minutes],
                "all": [counted.get(minute, (0, 0))[0] for minute in minutes],
                "warnings": [counted.get(minute, (0, 0))[1] for minute in minutes],
            },
        }


def _slot(moment: datetime) -> int:
    return int(moment.timestamp()) // SAMPLE_SECONDS
