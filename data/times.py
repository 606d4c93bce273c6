"""Times as the whole program speaks them: aware UTC inside, ISO 8601 with microseconds and Z outside."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return an aware datetime as ``2026-01-22T20:30:15.123456Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def iso_or_none(moment: datetime | None) -> str | None:
    """Return `iso(moment)`, or None for None."""
    return None if moment is None else iso(moment)


def parse_iso(text: str) -> datetime:
    """Return the aware UTC datetime that `iso` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def clock(span: timedelta) -> str:
    """Return a duration as ``HH:MM:SS``, hours running past 24; a negative one counts as zero."""
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def minute() -> int:
    """Return the present minute, counted since 1970: what an answer about "the last days" may be kept for."""
    return int(now().timestamp() // 60)


def microseconds(moment: datetime) -> int:
    """Return an aware datetime as whole microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Return the moment so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=int(count))


@cache
def zones() -> frozenset[str]:
    """Return the names of the time zones that this machine knows."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def as_zone(name: str) -> str:
    """Return `name` if it is a time zone's; raises ValueError otherwise."""
    if name not in zones():
        raise ValueError("is not the name of a time zone, such as Europe/Berlin")
    return name
