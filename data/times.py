"""Times as the whole program speaks them: aware UTC inside, ISO 8601 with microseconds and Z outside."""

from datetime import UTC, datetime, timedelta


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
