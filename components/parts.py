"""The small parts that every page is built from: card, icon, chip, note, empty state, skeleton."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from dash import dcc, html
from dash.development.base_component import Component

from components import format as fmt
from components.ids import Id, body_of, drawing_of, note_of

Content: TypeAlias = str | Component | Sequence[str | Component | None] | None
Record: TypeAlias = dict[str, Any]


DECORATION: dict[str, Any] = {"aria-hidden": "true"}


class View(NamedTuple):
    """What a panel shows: the note in its head and its body."""

    note: Content
    body: Content


SEVERITIES = {
    "INFO": ("info", "Info"),
    "SUCCESS": ("success", "Success"),
    "WARNING": ("warning", "Warning"),
    "ERROR": ("error", "Error"),
    "CRITICAL": ("critical", "Critical"),
}


def named(label: str) -> dict[str, Any]:
    """Return the attribute that gives an element its name for screen readers."""
    return {"aria-label": label}


def icon(name: str, extra: str = "") -> html.I:
    """Return the icon `name` of 15-icons.css, drawn in the colour of the text around it; hidden from screen readers."""
    return html.I(className=f"i i-{name} {extra}".strip(), **DECORATION)


def hidden(text: str) -> html.Span:
    """Return text for screen readers alone."""
    return html.Span(text, className="sr")


def severity(value: str) -> html.I:
    """Return the shape and colour of a severity, named for screen readers; an unknown one counts as info."""
    name, word = SEVERITIES.get(value, SEVERITIES["INFO"])
    return html.I(className=f"i i-{name} s-{name}", role="img", title=word, **named(word))


def chip(children: Content, extra: str = "") -> html.Span:
    """Return a small label."""
    return html.Span(children, className=f"chip {extra}".strip())


def as_of(records: Sequence[Record], now: datetime) -> html.Span | None:
    """Return "as of HH:MM:SS" (UTC) of the newest of `records`; None where there is none."""
    newest = max((record["timestamp"] for record in records), default=None)
    return None if newest is None else html.Span(["as of ", time(newest, now)], className="as-of")


def time(when: str, now: datetime) -> html.Time:
    """Return a moment as a `time` element: short to read, exact for machines and on hover."""
    return html.Time(fmt.moment(when, now), dateTime=when, title=when)


def row(record: Record, *identity: object) -> dict[str, Any]:
    """Return the attributes by which draw.js knows a row again (`identity`) and sees that it shows a newer record."""
    return {"data-key": "\x1f".join(str(part) for part in identity), "data-row": str(record["id"])}


def direction(value: float | None) -> str:
    """Return the class that colours a change: "up", "down" or none for zero and unknown."""
    return "" if not value else "up" if value > 0 else "down"


def empty(title: str, hint: str, call: str) -> html.Div:
    """Return the state of a panel that has nothing to show: what is missing, and which call would fill it."""
    return html.Div([html.I(className="empty-drawing", **DECORATION), html.B(title), html.Span([hint, " ", html.Code(call)])], className="empty")


def skeleton(lines: int) -> html.Div:
    """Return grey lines in the place of rows that are on their way."""
    return html.Div([html.Div(className="skel") for _ in range(lines)], className="skeleton", **DECORATION)


def card(panel: Id, title: str, hint: str = "", extra: str = "", lines: int = 3) -> html.Section:
    """Return the card of a panel: a head with a place for the note, and a body that scrolls within itself; draw.js fills both from its store."""
    head = html.Div(
        [html.H2(title), html.Span(hint, className="as-of"), html.Span(className="grow"), html.Div(id=note_of(panel), className="note")],
        className="card-head",
    )
    body = html.Div(skeleton(lines), id=body_of(panel), className="card-scroll", tabIndex=0, role="region", **named(title))
    return html.Section([dcc.Store(id=drawing_of(panel)), head, body], id=str(panel), className=f"card {extra}".strip(), **named(title))
