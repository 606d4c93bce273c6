"""What the client itself has to say: that the bot lives, and what had to be dropped."""

import time
from typing import Any

from .buffer import Drops
from .patience import Pace
from .records import Record, encode

DECLARED_SECONDS = 600.0  # a heartbeat that arrives an hour late declares nothing: after so long a wait it is declared again
NEVER = float("inf")


class News:
    """When the next heartbeat and report are due, and what they say. Guarded by its owner's lock; times are monotonic."""

    def __init__(self, bot: str | None, heartbeat: float | None, pace: Pace) -> None:
        """The first heartbeat is due at once: it declares that there will be others."""
        self._bot, self._heartbeat, self._pace = bot, heartbeat, pace
        self._beat_at = NEVER if heartbeat is None else 0.0

    def until_due(self, drops: Drops | None, *, hurried: bool) -> float:
        """Return the seconds until there is something to say, `NEVER` when nothing will be."""
        return min(self._beat_at - time.monotonic(), self._until_report(drops, hurried=hurried))

    def heartbeat(self) -> list[Record]:
        """Return the heartbeat if it is due; the next one is due one interval later."""
        if self._heartbeat is None or self._beat_at > time.monotonic():
            return []
        self._beat_at = time.monotonic() + self._heartbeat
        return [self._system_event("Heartbeat", "INFO", {"heartbeat_seconds": self._heartbeat})]

    def report(self, drops: Drops | None, *, hurried: bool) -> list[Record]:
        """Return the report of `drops` if it is due; who takes it forgets them."""
        if drops is None or self._until_report(drops, hurried=hurried) > 0:
            return []
        count = drops.by_kind.total()
        since = drops.since.isoformat(timespec="microseconds").replace("+00:00", "Z")
        told = {"dropped": count, "by_kind": dict(drops.by_kind), "since": since}
        return [self._system_event(f"{count} records were dropped: the client's buffer was full", "WARNING", told)]

    def note_sent(self, waited: float) -> None:
        """A batch that was made `waited` seconds ago is stored: it is a sign of life, unless it is an old one."""
        if self._heartbeat is not None:
            self._beat_at = 0.0 if waited > DECLARED_SECONDS else time.monotonic() + self._heartbeat

    def end(self) -> None:
        """The bot ends: no more heartbeats."""
        self._beat_at = NEVER

    def _until_report(self, drops: Drops | None, *, hurried: bool) -> float:
        if drops is None:
            return NEVER
        calm, overdue = drops.latest + self._pace.calm, drops.first + self._pace.overdue
        return 0.0 if hurried else min(calm, overdue) - time.monotonic()

    def _system_event(self, message: str, severity: str, metadata: dict[str, Any]) -> Record:
        return encode("event", {"event_type": "SYSTEM", "message": message, "severity": severity, "metadata": metadata}, self._bot)
