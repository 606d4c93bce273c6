"""The details as a table: what a click, Enter or a shared address opens. To add a kind: its module's `Kind`, a row here."""

from datetime import datetime
from typing import TYPE_CHECKING

from components.details import book, live, marks, periods
from components.details.base import Detail, Kind, exported
from components.details.risk import RISK
from components.details.trades import TRADE
from components.parts import Record
from components.words import _
from data.errors import Code, Refused
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

KINDS: dict[str, Kind] = {
    "trade": TRADE,
    "strategy": book.STRATEGY,
    "symbol": book.SYMBOL,
    "day": periods.DAY,
    "month": periods.MONTH,
    "hour": periods.HOUR,
    "risk": RISK,
    "position": live.POSITION,
    "signal": live.SIGNAL,
    "event": live.EVENT,
    "bot": live.BOT,
    "annotation": marks.ANNOTATION,
    "alert": marks.ALERT,
}
LONGEST = 700  # of a reference: three names and the signs between them


def found(ref: str) -> tuple[Kind, str]:
    """Return the kind of a reference such as ``trade:12``, and the id in it. Raises `Refused` (`not_found`) for what is none."""
    kind, _colon, given = ref.partition(":")
    if kind not in KINDS or not given or len(ref) > LONGEST or "\0" in given:
        raise Refused(Code.NOT_FOUND, "there is no such detail")
    return KINDS[kind], given


def missing(ref: str) -> str:
    """Return what is said of a reference to something that is not there."""
    kind = KINDS.get(ref.partition(":")[0])
    return _("There is nothing to show at this address.") if kind is None else _(kind.missing)


def drawing(desk: "Desk", ref: str, selection: Selection, now: datetime) -> Record:
    """Return what details.js shows of a reference, and with which kinds of data that changes. Raises `Refused` (`not_found`)."""
    kind, given = found(ref)
    detail = kind.draw(kind.question(desk, given, selection), now)
    first, *rest = detail.body
    export = detail.export or exported(f"/api/details/{ref}")
    return {"ref": ref, **detail._asdict(), "lead": first, "body": rest, "export": export, "follows": kind.follows}


__all__ = ["KINDS", "Detail", "Kind", "drawing", "found", "missing"]
