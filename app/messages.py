"""What is pushed for which record: the name of the message, the record as REST gives it, and who wants it."""

from collections.abc import Iterable, Sequence

from data.accounts import Principal
from data.desk import Desk
from data.entries import Effect, Entry, Row

RESYNC = "resync"
EXECUTED = "trade_executed"
UPDATE = "portfolio_update"
MESSAGES = {
    "event": "activity",
    "signal": "signal",
    "position": "position",
    "close": "position_closed",
    "alert": "alert",
    "trade": EXECUTED,
    "snapshot": UPDATE,
    "annotation": "annotation_created",
    "control": RESYNC,
}
REMOVED = {"annotation": "annotation_deleted"}


def messages(desk: Desk, entries: Sequence[Entry]) -> dict[str, list[Row]]:
    """Return the records of each message, in order. A close is two: itself, and the trade that it made.

    A trade or annotation that somebody changed comes again under its id, in the place of what was sent before.
    Raises `Refused` when the store does not answer.
    """
    found: dict[str, list[Row]] = {}
    closes = [entry.id for entry in entries if entry.kind == "close"]
    made = desk.trades.these(closes) if closes else {}
    for entry in entries:
        if message := _message(entry):
            found.setdefault(message, []).append(entry.record())
        if entry.id in made:
            found.setdefault(EXECUTED, []).append(made[entry.id])
    if UPDATE in found:
        found[UPDATE] = desk.portfolio.completed(found[UPDATE])
    return found


def _message(entry: Entry) -> str | None:
    return (REMOVED if entry.effect == Effect.REMOVED else MESSAGES).get(entry.kind)


def named(kinds: Iterable[str]) -> frozenset[str]:
    """Return the messages that are meant by names of messages or of kinds of records."""
    return frozenset(message for kind in kinds for message in (MESSAGES.get(kind, kind), REMOVED.get(kind, kind)))


class Viewer:
    """One connected client: who it is, what it wants, and since when it is behind."""

    def __init__(self, principal: Principal) -> None:
        """Start with everything wanted."""
        self.principal = principal
        self.bots: frozenset[str] | None = None
        self.kinds: frozenset[str] | None = None
        self.behind_since: float | None = None

    def wants(self, message: str, record: Row) -> bool:
        """Tell whether the viewer subscribed to this message about this bot."""
        if message in {RESYNC, "stats"}:
            return True
        return (self.kinds is None or message in self.kinds) and (self.bots is None or record["bot"] in self.bots)

    @property
    def unfiltered(self) -> bool:
        """Tell whether it wants everything."""
        return self.bots is None and self.kinds is None
