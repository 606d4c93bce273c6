"""What every detail is made of: the row of a kind, what it shows, and the few parts that they share."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import orjson
from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout
from components.charts.marks import amounts_format, frame, stamps
from components.latest import latest_trades
from components.links import query
from components.parts import Content, Record, direction, facts
from components.words import _, speech
from data import times
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

LISTED = 20
NO_END = timedelta(microseconds=1)


class Detail(NamedTuple):
    """What the dialog shows of one thing.

    Attributes:
        title: its name; text, because it also names the dialog.
        note: what stands beside the title.
        body: everything else; the first part of it stands above the chart.
        figure: its small chart, None for none.
        caption: what the chart shows.
        actions: buttons at the foot.
        form: what a person may change of it, see `form`.
        export: the address at which all that it lists can be downloaded; None for its own (`/api/details/…`).
    """

    title: str
    note: Content
    body: Sequence[Content]
    figure: Figure | None = None
    caption: Content = None
    actions: Content = None
    form: Record | None = None
    export: str | None = None


class Kind(NamedTuple):
    """A kind of detail.

    Attributes:
        question: what it asks the desk, about the thing that an id names, in the page's selection; raises `Refused` for one that is not there.
        draw: how the answer looks.
        rows: the answer as rows of a file, all of the same fields.
        follows: the kinds of data (keys of the pulse's versions) with which it changes.
        missing: what is said of one that is not there; in English, marked with `N_`.
    """

    question: Callable[["Desk", str, Selection], Any]
    draw: Callable[[Any, datetime], Detail]
    rows: Callable[["Desk", Any], Iterable[Record]]
    follows: tuple[str, ...]
    missing: str


# --- parts ---------------------------------------------------------------------------------------------------------


def pairs(*known: tuple[str, Content]) -> html.Dl:
    """Return names and values side by side; an element with a class of its own brings that to its value."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in known], className="sheet-pairs")


def section(title: str, *content: Content) -> html.Div:
    """Return a part with a heading."""
    heading: dict[str, Any] = {"role": "heading", "aria-level": "3"}
    parts: list[Any] = [html.P(title, className="sheet-heading", **heading), *content]
    return html.Div(parts, className="sheet-section")


def money(value: float | None, currency: str | None, *, signed: bool = True) -> html.Span:
    """Return an amount, hidden where amounts are, and coloured where it is a change."""
    if currency is None:
        text = (fmt.change if signed else fmt.level)(value, fmt.money_decimals([value]))
    else:
        text = (fmt.change_money if signed else fmt.money)(value, currency)
    return html.Span(text, className=f"num amount {direction(value) if signed else ''}".strip())


def figure_of(text: str, change: float | None = None) -> html.Span:
    """Return a figure in tabular digits, coloured by the `change` that it tells."""
    return html.Span(text, className=f"num {direction(change)}".strip())


def moment(when: str | None, now: datetime) -> Content:
    """Return a moment, exact on hover; older than a day it says the date, too."""
    return fmt.UNKNOWN if when is None else html.Time(fmt.moment(when, now), dateTime=when, title=when, className="num")


def link(ref: str | None, text: str | None) -> Content:
    """Return a button that opens another detail; a mere text where there is none to open."""
    if ref is None or text is None:
        return text or fmt.UNKNOWN
    return html.Button(text, type="button", className="link", **facts(detail=ref))


def named_link(kind: str, name: str | None) -> Content:
    """Return a button that opens the detail of a name."""
    return link(None if name is None else f"{kind}:{name}", name)


def text(value: str | None) -> Content:
    """Return what a bot or a person has written, its lines kept."""
    return html.P(value, className="sheet-text") if value else fmt.UNKNOWN


def pretty(value: Any) -> html.P:
    """Return any JSON value as text that a person can read."""
    return html.P(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), className="sheet-text code")


def parameters(values: Record | None) -> Content:
    """Return the values by name; what is no plain number or text as JSON."""
    return pairs(*((name, _plain(value)) for name, value in values.items())) if values else fmt.UNKNOWN


def _plain(value: Any) -> Content:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure_of(fmt.plain(value, 8))
    return value if isinstance(value, str) else pretty(value)


def trade_list(page: Record, now: datetime) -> html.Div:
    """Return the trades of a page of them, each of which opens its own detail, and how many there are."""
    shown = latest_trades(page, now)
    body = shown.body if page["trades"] else html.P(_("No trades"), className="sec")
    return section(_("Trades"), html.Div(shown.note, className="sheet-count"), html.Div(body, className="sheet-table"))


# --- selection -----------------------------------------------------------------------------------------------------


def between(selection: Selection, start: datetime, end: datetime) -> Selection:
    """Return the same selection from `start` up to `end`, that moment left out."""
    return selection.model_copy(update={"range": "custom", "start": start, "end": end - NO_END, "brush": None})


def utc(year: int, month: int, day: int = 1) -> datetime:
    """Return when a UTC day begins. Raises ValueError for one that is none."""
    return datetime(year, month, day, tzinfo=UTC)


def exported(path: str, scope: Any = None) -> str:
    """Return the address of an export; the format is still to be added."""
    asked = "" if scope is None else query(scope)
    return f"{quote(path)}?{asked}" if asked else quote(path)


def range_words(selection: Selection) -> str:
    """Return which range the figures are of."""
    chosen = {
        "24h": _("last 24 hours"),
        "7d": _("last 7 days"),
        "30d": _("last 30 days"),
        "90d": _("last 90 days"),
        "ytd": _("this year"),
        "all": _("all time"),
    }
    return _("chosen range") if selection.brush is not None else chosen.get(selection.range, _("chosen range"))


# --- changes -------------------------------------------------------------------------------------------------------


def form(method: str, path: str, legend: str, submit: str, done: str, *fields: Record, **fixed: Any) -> Record:
    """Return what details.js makes a form of: it sends `fields` and the `fixed` values as JSON, and then says `done`."""
    return {"method": method, "path": path, "legend": legend, "submit": submit, "done": done, "fields": fields, "fixed": fixed}


def field(name: str, label: str, kind: str, value: Any, longest: int | None = None) -> Record:
    """Return a field of a form; `kind` is ``lines``, ``names`` (several, with commas between them) or ``number``."""
    return {"name": name, "label": label, "kind": kind, "value": value, "longest": longest}


def action(label: str, call: str, done: str, extra: str = "btn-line", question: str | None = None) -> html.Button:
    """Return a button that does `call` ("POST /api/…"), after a question where there is one, and says `done`."""
    known = facts(act=call, done=done) if question is None else facts(confirm=question, send=call, done=done)
    return html.Button(label, type="button", className=f"{extra} needs-control", **known)


# --- charts --------------------------------------------------------------------------------------------------------


def earned_chart(title: str, curve: Record) -> Figure | None:
    """Return the line of a cumulative net P&L (`timestamps` ISO, `net_pnl` in `currency`); None without two points."""
    if len(curve["timestamps"]) < 2:
        return None
    currency = curve["currency"]
    unit = _("net P&L, {currency}").format(currency=currency)
    return value_line(title, unit, curve["timestamps"], curve["net_pnl"], amounts_format(currency, signed=True), amounts=True)


def value_line(title: str, unit: str, moments: Sequence[str], values: Sequence[float], hover: str, *, amounts: bool = False) -> Figure:
    """Return a line over time with its area; `hover` is the format of its values."""
    shown = stamps(moments)
    layout = base_layout(title, _("time, {zone}").format(zone=speech().zone), unit)
    layout["xaxis"]["autorangeoptions"] = frame(shown)
    layout["yaxis"] |= {"hoverformat": hover, "zeroline": amounts}
    if amounts:
        layout["yaxis"]["tickformatstops"] = AMOUNTS
        layout["meta"] = {"amounts": ["yaxis"]}
    line: Figure = {"type": "scatter", "mode": "lines", "x": shown, "y": list(values), "name": unit}
    line |= {"line": {"color": "--bv-accent", "width": 1.6}, "hovertemplate": "%{y}<extra></extra>"}
    if amounts:
        line |= {"fill": "tozeroy", "fillcolor": "--bv-accent/0.12"}
    return {"data": [line], "layout": layout}


def ago(when: str, now: datetime) -> str:
    """Return how long ago something was, as HH:MM:SS."""
    return times.clock(max(timedelta(0), now - times.parse_iso(when)))
