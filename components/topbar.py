"""The top bar: title, range, filters, comparison, exports, saved views, theme, connection, alerts, and the person's own menu.

Menus are filled by frame.js and views.js; range and filters live in the address (address.js), the theme in head/theme.js.
"""

from typing import Any

from dash import html

from components.ids import Id
from components.links import at
from components.navigation import ALERTS_PATH, LIVE_PATH, SETTINGS_PATH, page_link
from components.parts import DECORATION, button, facts, hidden, icon, named, pressed
from components.switches import THEMES, amounts_switch, theme_button
from components.words import N_, _

RANGES = (
    ("24h", N_("24 h")),
    ("7d", N_("7 d")),
    ("30d", N_("30 d")),
    ("90d", N_("90 d")),
    ("ytd", N_("YTD")),
    ("all", N_("All")),
)
# What can be exported, and on which pages it is offered; a page's name is its path, see address.js.
EXPORTS = (
    ("trades", N_("Trades"), ("dashboard", "strategies", "trades", "market")),
    ("equity", N_("Equity"), ("dashboard", "portfolio", "risk")),
    ("positions", N_("Open positions"), ("portfolio", "monitoring")),
    ("activity", N_("Activity"), ("monitoring",)),
    ("strategies", N_("Strategies"), ("strategies",)),
    ("alerts", N_("Alerts"), ("alerts",)),
)


def top_bar(user_name: str) -> html.Header:
    """Return the top bar of the person with this name."""
    badge = html.Span("DEMO", id=Id.DEMO, className="demo", title=_("Simulated data: a demo bot reports"), hidden=True)
    tools = [
        _ranges(),
        _filter(Id.BOTS, "bot", _("All bots")),
        _filter(Id.STRATEGIES, "strategy", _("All strategies")),
        _filter(Id.CURRENCIES, "currency", _("Currency")),
        button(_("Compare"), "compare", "of-book shrinks", **facts(open=Id.COMPARE)),
        _exports(),
        _views(),
        button(_("Search"), "find", wordless=True, **facts(open=Id.PALETTE)),
        _themes(),
    ]
    row = html.Div(tools, className="tools", role="group", **named(_("What is shown")))
    parts = [html.H1(id=Id.TITLE), badge, html.Span(className="grow"), row, _connection(), _bell(), _user_menu(user_name)]
    return html.Header(parts, className="top")


def pills() -> html.Div:
    """Return the line of what is filtered; frame.js fills it, and hides it while there is nothing."""
    return html.Div(id=Id.PILLS, className="pills", role="region", hidden=True, **named(_("Filters that are set")))


def _ranges() -> html.Div:
    buttons = [html.Button(_(label), type="button", **facts(range=name), **pressed(False)) for name, label in RANGES]
    custom = html.Button(_("Custom"), type="button", **facts(open=Id.RANGE, own_range="true"), **pressed(False))
    return html.Div([*buttons, custom], className="segments ranges of-book", role="group", **named(_("Time range")))


def _filter(id: Id, name: str, face: str) -> html.Details:
    """A menu of names; its face says what is chosen, so it needs no other name."""
    summary = html.Summary([html.Span(face, **facts(none=face)), icon("chevron")])
    return html.Details([summary, html.Div(className="pop")], id=id, className="menu-button filter of-book", **facts(field=name))


def _exports() -> html.Details:
    rows = [_export(name, _(label), " ".join(pages)) for name, label, pages in EXPORTS]
    face = [icon("download"), html.Span(_("Export"))]
    return html.Details([html.Summary(face), html.Div(rows, className="pop")], id=Id.EXPORTS, className="menu-button exports shrinks", hidden=True)


def _export(name: str, label: str, pages: str) -> html.Div:
    path = f"/api/export/{name}"
    formats = [(kind, _("{what} as {format}").format(what=label, format=kind.upper())) for kind in ("csv", "json")]
    links = [html.A(kind.upper(), href=at(f"{path}?format={kind}"), download="", **facts(export=path), **named(words)) for kind, words in formats]
    return html.Div([html.Span(label, **DECORATION), *links], className="export-row", **facts(pages=pages, what=name))


def _views() -> html.Details:
    place = html.Div(className="pop", role="group", **named(_("Saved views")))
    summary = html.Summary([icon("views"), hidden(_("Saved views"))], title=_("Saved views"))
    return html.Details([summary, place], id=Id.VIEWS, className="menu-button wordless")


def _themes() -> html.Div:
    buttons = [button(_(label), picture, "theme", wordless=True, **theme_button(name)) for name, label, picture in THEMES]
    return html.Div(buttons, className="segments themes", role="group", **named(_("Theme")))


def _bell() -> html.A:
    """Leads to the alerts and counts those that nobody has looked at in this browser; alerts.js counts."""
    count = html.Span([html.Span(className="count"), hidden(" " + _("new alerts"))], className="badge-count", hidden=True)
    return page_link(ALERTS_PATH, [icon("bell"), hidden(_("Alerts")), count], "bell", id=Id.BELL, title=_("Alerts"))


def _connection() -> html.Div:
    """The word is announced when it changes; the figure beside it is not, as it changes all the time."""
    dot = html.I(id=Id.CONNECTION_DOT, className="dot waiting", **DECORATION)
    word = html.Span(_("Connecting"), id=Id.CONNECTION_WORD, role="status")
    lag = html.B(id=Id.CONNECTION_LAG, title=_("Live: the round trip to the server. Else: the time without an answer."))
    return html.Div([dot, word, lag], className="connection")


def _user_menu(user_name: str) -> html.Details:
    initials = user_name[:2].upper() or icon("user")
    label = _("User menu of {name}").format(name=user_name) if user_name else _("User menu")
    items: list[Any] = [
        page_link(LIVE_PATH, _("Live Monitor")),
        page_link(SETTINGS_PATH, _("Settings")),
        html.Button(_("Hide amounts"), type="button", className="menu-item", **amounts_switch()),
        page_link(SETTINGS_PATH, _("Language")),
        _themes(),  # shown where the bar is too narrow for them
        html.Button(_("Keyboard shortcuts"), type="button", className="menu-item", **facts(open=Id.HELP)),
        html.A(_("Logout"), href=at("/logout")),
    ]
    summary = html.Summary([initials, hidden(" " + label)], title=label)
    return html.Details([summary, html.Div(items, className="pop")], className="menu-button user")
