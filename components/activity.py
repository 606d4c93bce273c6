"""The activity feed's rows: what happened, newest first."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import DECORATION, SEVERITIES, Record, View, as_of, chip, empty, facts, named, row, severity, telling, time, with_amounts
from components.words import N_, _
from data.activity import Found

PAGE_ROWS = 50
LATEST = 1000  # the events that the monitor counts by severity
TYPES = {"ORDER": N_("Order"), "STRATEGY": N_("Strategy"), "RISK": N_("Risk"), "SYSTEM": N_("System"), "ALERT": N_("Alert")}


def activity(found: Record, now: datetime) -> View:
    """Return the feed of `found`: its `events` (newest first), the `counts` per severity for the chips, and whether it was `filtered`.

    `searched_to` is the id at which a search ended before it had enough, else None. The rows carry the `scope` that they
    are the answer to, by which feed.js tells a new list from more of the same.
    """
    events = found["events"]
    chips = [_chip(name, found["counts"].get(name, 0)) for name in SEVERITIES]
    counts = html.Div(chips, className="filter-chips", role="group", **named(_("Severity")))
    known = facts(scope=found["scope"], searched_to=None if found["searched_to"] is None else str(found["searched_to"]))
    body = html.Ol(entries(events, now), className="entries", **known) if events else html.Div(_nothing(found), **known)
    return View(as_of(events, now), body, bar=counts)


def older_events(found: Found, before: int, now: datetime) -> Record:
    """Return what feed.js adds below: the rows older than `before`, whether that was the `end`, and from where to go on if not (`next`)."""
    end = len(found.events) < PAGE_ROWS and found.searched_to_id is None
    return {"before": before, "rows": entries(found.events, now), "end": end, "next": found.searched_to_id, "empty": _nothing_matches()}


def entries(events: Sequence[Record], now: datetime) -> list[html.Li]:
    """Return a row for each of `events`."""
    return [_entry(event, now) for event in events]


def _nothing(found: Record) -> html.Div:
    if found["searched_to"] is not None:
        return _no_event(_("No match among the newest events"), _("Search older events"), "older")
    if found["filtered"]:
        return _nothing_matches()
    return empty(_("No events yet"), _("One appears as soon as a bot sends"), "POST /api/monitoring/activity")


def _nothing_matches() -> html.Div:
    return _no_event(_("No event matches the filters"), _("Clear filters"), "clear-filters")


def _no_event(words: str, action: str, does: str) -> html.Div:
    button = html.Span(html.Button(action, className="btn-line", **facts(feed=does)))
    return html.Div([html.I(className="empty-drawing", **DECORATION), html.B(words), button], className="empty")


def _chip(name: str, count: int) -> html.Button:
    shown, latest = fmt.level(count), fmt.level(LATEST)
    label = _("{severity}: {n} of the latest {latest} events").format(severity=_(SEVERITIES[name][1]), n=shown, latest=latest)
    return html.Button(
        [severity(name, spoken=False), html.B(shown)],
        className="filter-chip",
        title=label,
        **named(label),
        **facts(filter="severity", value=name),
    )


def type_word(kind: str) -> str:
    """Return what an event is about, such as ``ORDER``, in the language that is spoken."""
    return _(TYPES.get(kind, kind)).upper()


def _entry(event: Record, now: datetime) -> html.Li:
    symbol = (event.get("metadata") or {}).get("symbol")
    origin = f"{event['bot']} · {symbol}" if isinstance(symbol, str) else event["bot"]
    return html.Li(
        [
            time(event["timestamp"], now),
            severity(event["severity"]),
            telling(with_amounts(event["message"]), "two", f"event:{event['id']}"),
            html.Div([chip(type_word(event["event_type"]), "type"), origin], className="labels"),
        ],
        className="entry critical" if event["severity"] == "CRITICAL" else "entry",
        **row(event, event["id"]),
        **facts(detail=f"event:{event['id']}"),
    )
