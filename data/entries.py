"""What a transaction of the journal deals in: entries, what they did, and what became of a draft."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class Effect(StrEnum):
    """What a record did to the tables."""

    ADDED = "added"
    OPENED = "opened"  # a position that was not open before
    REPLACED = "replaced"  # a natural key that was there, with other content
    LATE = "late"  # older than what is known: kept in the journal, changes no state
    RAISED = "raised"  # an alert that a rule made, not the bot
    EDITED = "edited"  # by a person, not by the bot
    REMOVED = "removed"  # a row went, by a person
    SAME = "same"  # a repetition: nothing was written


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal."""

    id: int
    kind: str
    bot: str
    at: datetime
    received_at: datetime
    effect: str
    body: Row
    event_type: str | None = None
    severity: str | None = None
    natural_key: str | None = None

    def record(self) -> Row:
        """Return the record as a read gives it; one that replaced a row brings that row's id in its body."""
        return {"id": self.id, **self.body}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft: the record as a read gives it, and what it did."""

    record: Row
    effect: Effect
    before: Row | None = None  # what a person's edit replaced, for the audit log


COUNTED = {"event": "total_events", "signal": "total_signals", "alert": "total_alerts_sent"}


def counter_of(kind: str, effect: str) -> str | None:
    """Return the statistic that a record adds one to, or None; the writer and every projection count by it."""
    if kind == "position":
        return "total_positions" if effect == Effect.OPENED else None
    return COUNTED.get(kind)
