"""What surrounds every page: sidebar, top bar, bottom bar on a phone, and the parts that the pulse needs."""

from typing import Any, NamedTuple

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.ids import VERSIONS, Id, body_of, drawing_of
from components.parts import DECORATION, button, facts, hidden, icon, named
from components.switches import THEMES, theme_button


class Entry(NamedTuple):
    """A page in the navigation: its ids in the sidebar and the phone's bottom bar, where it leads and how it looks."""

    id: Id
    bar_id: Id
    path: str
    label: str
    short: str
    icon: str
    group: str


LIVE_PATH = "/monitoring"
SETTINGS_PATH = "/settings"
LIVE_VERSION = "v4.3"
NAVIGATION = (
    Entry(Id.NAV_MONITORING, Id.BAR_MONITORING, LIVE_PATH, "Live Monitor", "Live", "live", "Monitoring"),
    Entry(Id.NAV_SETTINGS, Id.BAR_SETTINGS, SETTINGS_PATH, "Settings", "Settings", "gear", "System"),
)


def frame(refresh_ms: int, user_name: str = "", *, may_control: bool = False) -> html.Div:
    """Return the whole page around an empty place for the content; who may not control sees none of the buttons that do."""
    content = html.Main(id=Id.PAGE, className="content", tabIndex=-1)
    main = html.Div([_top(user_name), content, html.Footer("All times are UTC", className="foot")], className="main")
    skip = html.A("Skip to content", href=f"#{Id.PAGE}", className="skip")
    parts = [skip, _sidebar(), main, _bottom_bar(), _toasts(), _confirm(), *_plumbing(refresh_ms)]
    return html.Div(parts, className="app may-control" if may_control else "app")


def _toasts() -> html.Div:
    """Alerts appear here for a while; alerts.js builds them."""
    live: dict[str, Any] = {"aria-live": "polite", **named("New alerts")}
    return html.Div(id=Id.TOASTS, className="toasts", role="region", **live)


def _confirm() -> html.Dialog:
    """The one question before something that cannot be undone; dialog.js fills it in."""
    answers = [
        html.Button(word, type="button", className=style, **facts(answer=answer))
        for word, style, answer in (("Cancel", "btn-line", "no"), ("Yes, do it", "btn-main danger", "yes"))
    ]
    return html.Dialog(
        [html.P(className="question"), html.Div(answers, className="answers")], id=Id.CONFIRM, className="confirm", **named("Are you sure?")
    )


def _plumbing(refresh_ms: int) -> list[dcc.Location | dcc.Interval | dcc.Store]:
    """The address, the one interval, a version store per kind of data, and what the feeds' panel is drawn from."""
    stores = [dcc.Store(id=id) for id in (*VERSIONS, drawing_of(Id.PANEL_FEEDS))]
    return [dcc.Location(id=Id.URL, refresh=False), dcc.Interval(id=Id.PULSE, interval=refresh_ms), *stores]


def _sidebar() -> html.Nav:
    brand = html.Div([html.I(className="brand-mark", **DECORATION), html.Span("BotV2")], className="brand")
    groups = []
    for group in dict.fromkeys(entry.group for entry in NAVIGATION):
        groups += [html.H2(group), html.Ul([_entry(entry) for entry in NAVIGATION if entry.group == group])]
    bots = html.Div([html.H2("Feeds"), html.Div(id=body_of(Id.PANEL_FEEDS))], id=Id.PANEL_FEEDS, className="feeds")
    return html.Nav([brand, html.Div(groups, className="menu"), bots], className="side", **named("Main navigation"))


def _entry(entry: Entry) -> html.Li:
    children = [icon(entry.icon), html.Span(entry.label)]
    live = entry.path == LIVE_PATH
    if live:
        children += [html.Span(LIVE_VERSION, className="version"), html.I(className="pulse", **DECORATION)]
    return html.Li(dcc.Link(children, href=entry.path, title=entry.label, className="live" if live else ""), id=entry.id)


def _bottom_bar() -> html.Nav:
    return html.Nav(html.Ul([_bar_entry(entry) for entry in NAVIGATION]), className="bottom", **named("Main navigation, compact"))


def _bar_entry(entry: Entry) -> html.Li:
    children = [icon(entry.icon), html.Span(entry.short)]
    return html.Li(dcc.Link(children, href=entry.path, className="live" if entry.path == LIVE_PATH else ""), id=entry.bar_id)


def _top(user_name: str) -> html.Header:
    badge = html.Span("DEMO", id=Id.DEMO, className="demo", title="Simulated data: a demo bot reports", hidden=True)
    tools = html.Div(_themes(), className="tools")
    parts = [html.H1(id=Id.TITLE), badge, html.Span(className="grow"), tools, _connection(), _bell(), _user_menu(user_name)]
    return html.Header(parts, className="top")


def _themes() -> html.Div:
    buttons = [button(label, picture, "theme", wordless=True, **theme_button(name)) for name, label, picture in THEMES]
    return html.Div(buttons, className="segments", role="group", **named("Theme"))


def _bell() -> dcc.Link:
    """Leads to the alerts and counts those that nobody has looked at in this browser; alerts.js counts."""
    count = html.Span([html.Span(className="count"), hidden(" new alerts")], className="badge-count", hidden=True)
    return dcc.Link([icon("bell"), hidden("Alerts"), count], id=Id.BELL, href=f"{LIVE_PATH}#{Id.PANEL_ALERTS}", className="bell", title="Alerts")


def _connection() -> html.Div:
    """The word is announced when it changes; the figure beside it is not, as it changes all the time."""
    dot = html.I(id=Id.CONNECTION_DOT, className="dot waiting", **DECORATION)
    word = html.Span("Connecting", id=Id.CONNECTION_WORD, role="status")
    lag = html.B(id=Id.CONNECTION_LAG, title="Live: the round trip to the server. Else: the time without an answer.")
    return html.Div([dot, word, lag], className="connection")


def _user_menu(user_name: str) -> dbc.DropdownMenu:
    initials = user_name[:2].upper() or html.Span(icon("user"))
    return dbc.DropdownMenu(
        [
            dbc.DropdownMenuItem("Live Monitor", href=LIVE_PATH),
            dbc.DropdownMenuItem("Settings", href=SETTINGS_PATH),
            dbc.DropdownMenuItem("Logout", href="/logout", external_link=True),
        ],
        id=Id.USER_MENU,
        label=[initials, hidden(f"User menu of {user_name}" if user_name else "User menu")],
        align_end=True,
        caret=False,
        toggle_class_name="avatar",
    )
