"""The activity feed's rows: what happened, newest first."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components.parts import DECORATION, SEVERITIES, Record, View, as_of, chip, empty, facts, named, row, severity, time
from data.activity import Found

PAGE_ROWS = 50
EMPTY = empty("No events yet", "One appears as soon as a bot sends", "POST /api/monitoring/activity")
NOTHING_MATCHES = html.Div(
    [
        html.I(className="empty-drawing", **DECORATION),
        html.B("No event matches the filters"),
        html.Span(html.Button("Clear filters", className="btn-line", **facts(feed="clear-filters"))),
    ],
    className="empty",
)
SEARCH_ON = html.Div(
    [
        html.I(className="empty-drawing", **DECORATION),
        html.B("No match among the newest events"),
        html.Span(html.Button("Search older events", className="btn-line", **facts(feed="older"))),
    ],
    className="empty",
)


def activity(found: Record, now: datetime) -> View:
    """Return the feed of `found`: its `events` (newest first), the `counts` per severity for the chips, and whether it was `filtered`.

    `searched_to` is the id at which a search ended before it had enough, else None. The rows carry the `scope` that they
    are the answer to, by which feed.js tells a new list from more of the same.
    """
    events = found["events"]
    counts = html.Div([_chip(name, found["counts"].get(name, 0)) for name in SEVERITIES], className="filter-chips", role="group", **named("Severity"))
    known = facts(scope=found["scope"], searched_to=None if found["searched_to"] is None else str(found["searched_to"]))
    nothing = SEARCH_ON if found["searched_to"] is not None else NOTHING_MATCHES if found["filtered"] else EMPTY
    body = html.Ol(entries(events, now), className="entries", **known) if events else html.Div(nothing, **known)
    return View(as_of(events, now), body, bar=counts)


def older_events(found: Found, before: int, now: datetime) -> Record:
    """Return what feed.js adds below: the rows older than `before`, whether that was the `end`, and from where to go on if not (`next`)."""
    end = len(found.events) < PAGE_ROWS and found.searched_to_id is None
    return {"before": before, "rows": entries(found.events, now), "end": end, "next": found.searched_to_id, "empty": NOTHING_MATCHES}


def entries(events: Sequence[Record], now: datetime) -> list[html.Li]:
    """Return a row for each of `events`."""
    return [_entry(event, now) for event in events]


def _chip(name: str, count: int) -> html.Button:
    label = f"{SEVERITIES[name][1]}, {count} of the latest 1,000 events"
    return html.Button(
        [severity(name, spoken=False), html.B(f"{count:,}")],
        className="filter-chip",
        title=label,
        **named(label),
        **facts(filter="severity", value=name),
    )


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
