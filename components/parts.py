"""The small parts that every page is built from: card, icon, chip, note, empty state, skeleton."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import orjson
from dash import dcc, html
from dash.development.base_component import Component

from components import format as fmt
from components.ids import Id, body_of, drawing_of, note_of
from components.links import at
from components.words import N_, _, woven
from data.times import iso

Content: TypeAlias = str | Component | Sequence[str | Component | None] | None
Record: TypeAlias = dict[str, Any]


NUMBER = re.compile(r"([+\-\u2212]?\d[\d.,]*)")
DECORATION: dict[str, Any] = {"aria-hidden": "true"}


class View(NamedTuple):
    """What a panel shows: the note in its head, its body, and where it has them what stands in its bar and its chart."""

    note: Content
    body: Content
    bar: Content = None
    figure: dict[str, Any] | None = None

    def as_json(self) -> str:
        """Return it as draw.js reads it. Dash's own way to JSON looks at each number of a chart, and takes ten times as long."""
        return orjson.dumps(tuple(self), default=_written, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()


def _written(part: Any) -> Any:
    if isinstance(part, Component):
        return part.to_plotly_json()  # type: ignore[no-untyped-call]  # Dash has no types for it
    return list(part)


SEVERITIES = {
    "INFO": ("info", N_("Info")),
    "SUCCESS": ("success", N_("Success")),
    "WARNING": ("warning", N_("Warning")),
    "ERROR": ("error", N_("Error")),
    "CRITICAL": ("critical", N_("Critical")),
}


def named(label: str) -> dict[str, Any]:
    """Return the attribute that gives an element its name for screen readers."""
    return {"aria-label": label}


def facts(**values: str | None) -> dict[str, Any]:
    """Return what the scripts read of an element: ``facts(last_seen="…")`` is its attribute ``data-last-seen``."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}


def pressed(on: bool) -> dict[str, Any]:
    """Return the attribute by which a button says whether it is on."""
    return {"aria-pressed": "true" if on else "false"}


def icon(name: str, extra: str = "") -> html.I:
    """Return the icon `name` of 15-icons.css, drawn in the colour of the text around it; hidden from screen readers."""
    return html.I(className=f"i i-{name} {extra}".strip(), **DECORATION)


def hidden(text: str) -> html.Span:
    """Return text for screen readers alone."""
    return html.Span(text, className="sr")


def severity(value: str, *, spoken: bool = True) -> html.I:
    """Return the shape and colour of a severity, named for screen readers unless what is around it is; an unknown one counts as info."""
    name, word = SEVERITIES.get(value, SEVERITIES["INFO"])
    spoken_as = {"role": "img", "title": _(word), **named(_(word))} if spoken else DECORATION
    return html.I(className=f"i i-{name} s-{name}", **spoken_as)


def chip(children: Content, extra: str = "") -> html.Span:
    """Return a small label."""
    return html.Span(children, className=f"chip {extra}".strip())


def as_of(records: Sequence[Record], now: datetime) -> html.Span | None:
    """Return "as of HH:MM:SS" (UTC) of the newest of `records`; None where there is none."""
    newest = max((record["timestamp"] for record in records), default=None)
    return None if newest is None else html.Span(woven(_("as of {time}"), time=time(newest, now)), className="as-of")


def as_of_now(now: datetime) -> html.Span:
    """Return "as of HH:MM:SS" for what was measured just now."""
    return html.Span(woven(_("as of {time}"), time=time(iso(now), now)), className="as-of")


def time(when: str, now: datetime) -> html.Time:
    """Return a moment as a `time` element: short to read, exact for machines and on hover."""
    return html.Time(fmt.moment(when, now), dateTime=when, title=when)


def row(record: Record, *identity: object) -> dict[str, Any]:
    """Return the attributes by which draw.js knows a row again (`identity`), sees a newer record, and stale.js whose it is."""
    return {"data-key": "\x1f".join(str(part) for part in identity), "data-row": str(record["id"]), "data-bot": record["bot"]}


def with_amounts(text: str) -> list[Any]:
    """Return a bot's text, each number in it marked as an amount, which can be hidden."""
    parts = NUMBER.split(text)
    return [html.Span(part, className="amount") if place % 2 else part for place, part in enumerate(parts) if part]


def opener(children: Content, style: str, detail: str, **attributes: Any) -> html.Button:
    """Return what opens a drill-down by keyboard and looks like the text that it is; the row around it opens the same by mouse."""
    return html.Button(children, type="button", className=f"{style} plain", **facts(detail=detail), **attributes)


def telling(children: Content, style: str, detail: str) -> html.Button:
    """Return the message of an entry as what opens its drill-down: on a phone the button reaches further than the text, which is cut at its edge."""
    return html.Button(html.Span(children, className=f"message {style}".strip()), type="button", className="told plain", **facts(detail=detail))


def direction(value: float | None) -> str:
    """Return the class that colours a change: "up", "down" or none for zero and unknown."""
    return "" if not value else "up" if value > 0 else "down"


def empty(title: str, hint: str, call: str) -> html.Div:
    """Return the state of a panel that has nothing to show: what is missing, and which call would fill it."""
    return html.Div([html.I(className="empty-drawing", **DECORATION), html.B(title), html.Span([hint, " ", html.Code(call)])], className="empty")


def nothing_in_range() -> html.Div:
    """Return the state of a panel whose range or filters leave nothing; address.js does what its buttons say."""
    buttons = [
        html.Button(_("Show all time"), type="button", className="btn-line", **facts(range="all")),
        html.Button(_("Clear filters"), type="button", className="btn-line", **facts(address="clear")),
    ]
    words = [html.I(className="empty-drawing", **DECORATION), html.B(_("Nothing in this range and with these filters")), html.Span(buttons)]
    return html.Div(words, className="empty")


def failed(why: str | None) -> html.Div:
    """Return the state of a panel that could not be answered, with a button that asks again; live.js does it."""
    words = why or _("Something went wrong on the server; its log says more.")
    again = html.Button(_("Try again"), type="button", className="btn-line", **facts(again="true"))
    return html.Div([severity("CRITICAL"), html.B(_("This could not be shown")), html.Span(words), again], className="empty fault-state")


def skeleton(lines: int) -> html.Div:
    """Return grey lines in the place of rows that are on their way."""
    return html.Div([html.Div(className="skel") for _ in range(lines)], className="skeleton", **DECORATION)


def card(
    panel: Id,
    title: str,
    hint: Content = "",
    extra: str = "",
    *,
    lines: int = 3,
    tools: Sequence[Component] = (),
    below: Component | None = None,
    bots: str = "all",
) -> html.Section:
    """Return the card of a panel: a head with a place for the note, and a body that scrolls within itself; draw.js fills both from its store.

    `tools` stand at the end of the head, `below` under it. `bots` says whose silence makes it stale: of "all", of those
    in its "rows", or of those in the rows of the panel with that id.
    """
    note = html.Div(id=note_of(panel), className="note")
    chip_stale = html.Span([icon("clock"), html.Span(className="stale-at")], className="chip stale-chip", hidden=True)
    line = html.P([icon("warning"), html.Span(className="stale-why")], className="stale-line", hidden=True)
    head = html.Div(
        [html.H2(title), html.Span(hint, className="as-of"), html.Span(className="grow"), chip_stale, note, *tools], className="card-head"
    )
    body = html.Div(
        skeleton(lines), id=body_of(panel), className="card-scroll", tabIndex=0, role="group", **named(_("{title}, content").format(title=title))
    )
    parts = [dcc.Store(id=drawing_of(panel)), head, line, below, body]
    return html.Section(parts, id=str(panel), className=f"card {extra}".strip(), **named(title), **facts(bots=bots))


def plain_card(title: str, content: Content, hint: str = "", extra: str = "") -> html.Section:
    """Return a card that no panel fills: its title, what it is for, and its content."""
    head = html.Div([html.H2(title), *([html.Span(hint, className="as-of")] if hint else [])], className="card-head")
    return html.Section([head, html.Div(content, className="card-body")], className=f"card {extra}".strip(), **named(title))


def table_head(heads: Sequence[tuple[str, str]]) -> html.Thead:
    """Return a table's head: of each column its title, marked with `N_`, and its class."""
    return html.Thead(html.Tr([html.Th(_(title), className=style, scope="col") for title, style in heads]))


def tiles_card(panel: Id, title: str, count: int = 4) -> html.Section:
    """Return the place of a panel of key figures: its tiles are cards of their own, so it has neither head nor border."""
    waiting = html.Div([html.Div(skeleton(2), className="tile") for _tile in range(count)], className="tiles")
    body = html.Div(waiting, id=body_of(panel))
    return html.Section([dcc.Store(id=drawing_of(panel)), body], id=str(panel), className="tiles-card", **named(title))


def button(label: str, picture: str, extra: str = "", *, wordless: bool = False, **attributes: Any) -> html.Button:
    """Return a button with an icon; one without a word on it carries its label for screen readers and on hover."""
    if wordless:
        return html.Button(icon(picture), type="button", className=f"btn-flat {extra}".strip(), title=label, **named(label), **attributes)
    return html.Button([icon(picture), html.Span(label)], type="button", className=f"btn-line {extra}".strip(), **attributes)


def menu(label: str, face: Content, items: Content, extra: str = "") -> html.Details:
    """Return a button that opens a list of `items`; dialog.js closes it again on Esc and on a click elsewhere."""
    return html.Details([html.Summary(face, title=label, **named(label)), html.Div(items, className="pop")], className=f"menu-button {extra}".strip())


def export_menu(title: str, path: str) -> html.Details:
    """Return the menu that downloads a panel's rows, all of them, as CSV or JSON from the REST API."""
    links = [html.A(name.upper(), href=at(f"{path}?format={name}"), download="", **facts(export=path)) for name in ("csv", "json")]
    return menu(_("Export {title}").format(title=title), icon("download"), links)
