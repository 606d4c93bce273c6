"""The activity feed: what happened, newest first."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components.parts import Record, View, as_of, chip, empty, row, severity, time

EMPTY = empty("No events yet", "One appears as soon as a bot sends", "POST /api/monitoring/activity")


def activity(events: Sequence[Record], now: datetime) -> View:
    """Return the feed of `events` (newest first) as a list, the newest event's time in the head."""
    if not events:
        return View(None, EMPTY)
    return View(as_of(events, now), html.Ol([_entry(event, now) for event in events], className="entries"))


def _entry(event: Record, now: datetime) -> html.Li:
    symbol = (event.get("metadata") or {}).get("symbol")
    origin = f"{event['bot']} · {symbol}" if isinstance(symbol, str) else event["bot"]
    return html.Li(
        [
            time(event["timestamp"], now),
            severity(event["severity"]),
            html.P(event["message"], className="message two"),
            html.Div([chip(event["event_type"], "type"), origin], className="labels"),
        ],
        className="entry critical" if event["severity"] == "CRITICAL" else "entry",
        **row(event, event["id"]),
    )
