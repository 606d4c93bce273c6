"""How far a replay came before: asked of the server, so that a repetition adds nothing.

A replay names itself in its first and last event, and sends a signal as the last record of each step; the client keeps
the order of what it sends. So the latest signal tells which steps are stored as a whole. Of an interrupted replay that
the same bot let another one follow, nothing is known, and it is sent again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.replay.link import Link
from data.times import parse_iso

NEVER = datetime.min.replace(tzinfo=UTC)
SINCE = "1970-01-01T00:00:00Z"  # reaches behind a cleared feed


@dataclass(frozen=True, slots=True)
class Known:
    """What the server has: the replay's first event, all steps up to `until`, its end."""

    begun: bool = False
    until: datetime = NEVER
    ended: bool = False


def known_of(link: Link, run: str, strategy: str, symbol: str) -> Known:
    """Return what the server has of this run; nothing when the token may not read.

    Raises `Refused` when no server answers or it does not know the token.
    """
    mine = _latest(link, f"Replay {run}")
    if mine is None:
        return Known()
    if mine["metadata"].get("stage") == "end":
        return Known(begun=True, ended=True)
    latest = _latest(link, "Replay ")
    if latest is None or latest["id"] != mine["id"]:
        return Known()
    answer = link.ask("/api/monitoring/signals", bot=link.bot, strategy=strategy, symbol=symbol)
    signals = [signal for signal in answer["signals"] if signal["id"] > mine["id"]] if answer else []
    return Known(begun=True, until=parse_iso(signals[0]["timestamp"]) if signals else NEVER)


def _latest(link: Link, words: str) -> Any:
    answer = link.ask("/api/monitoring/activity", bot=link.bot, event_type="SYSTEM", q=words, since=SINCE, limit=1)
    return answer["events"][0] if answer and answer["events"] else None
