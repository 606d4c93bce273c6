"""The frame's own dialogs: a range of one's own, the strategies to compare, what a phone's "More" holds, shortcuts.

`data-open` names the dialog that a button opens, `data-close` closes the one around it; frame.js does both.
"""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.ids import Id
from components.navigation import NAVIGATION, more
from components.parts import button, facts, named
from components.words import N_, _

SHORTCUTS = (
    (("Ctrl", "K"), N_("Search pages, strategies, symbols and actions")),
    (("/",), N_("Type into the filter of the activity feed")),
    (("?",), N_("Show these shortcuts")),
    (("Esc",), N_("Close what is open")),
)


def sheet(id: Id, title: str, body: Sequence[Any], foot: Sequence[Any] = (), extra: str = "") -> html.Dialog:
    """Return a dialog: a head with its title and what closes it, its body, and where it has some its buttons."""
    close = button(_("Close"), "close", wordless=True, **facts(close="true"))
    head = html.Div([html.H2(title), html.Span(className="grow"), close], className="sheet-head")
    parts = [head, html.Div(list(body), className="sheet-body")]
    if foot:
        parts.append(html.Div(list(foot), className="sheet-foot"))
    return html.Dialog(parts, id=id, className=f"sheet {extra}".strip(), **named(title))


def dialogs() -> list[html.Dialog]:
    """Return the dialogs that stand in every page."""
    return [_range(), _compare(), sheet(Id.MORE, _("More"), more(), extra="more"), _help()]


def _fault() -> html.P:
    return html.P(className="fault", role="alert", hidden=True)


def _range() -> html.Dialog:
    """The two moments; ask.js puts the inputs in, as Dash has none for a date with its time."""
    apply = html.Button(_("Show this range"), type="button", className="btn-main", **facts(ask="range"))
    return sheet(Id.RANGE, _("Custom range"), [html.Div(className="moments"), _fault()], [apply], "small")


def _compare() -> html.Dialog:
    go = html.Button(_("Compare"), type="button", className="btn-main", **facts(ask="compare"))
    body = [html.P(className="sec", role="status"), html.Div(className="choices", role="group", **named(_("Strategies")))]
    return sheet(Id.COMPARE, _("Compare strategies"), body, [go], "small")


def _help() -> html.Dialog:
    rows = [(keys, _(words)) for keys, words in SHORTCUTS]
    rows += [(("g", entry.letter), _("Go to: {page}").format(page=_(entry.label))) for entry in NAVIGATION]
    pairs = [html.Div([html.Dt([html.Kbd(key) for key in keys]), html.Dd(words)]) for keys, words in rows]
    return sheet(Id.HELP, _("Keyboard shortcuts"), [html.Dl(pairs, className="shortcuts")], extra="small")
