"""What surrounds every page: sidebar, top bar, bottom bar on a phone, and the parts that the pulse needs."""

from typing import Any, NamedTuple

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.ids import VERSIONS, Id
from components.parts import DECORATION, hidden, icon, named


class Entry(NamedTuple):
    """A page in the navigation: its ids in the sidebar and the phone's bottom bar, where it leads and how it looks."""

    id: Id
    bar_id: Id
    path: str
    label: str
    short: str
    icon: str
    group: str


NAVIGATION = (Entry(Id.NAV_MONITORING, Id.BAR_MONITORING, "/monitoring", "Live Monitor", "Live", "live", "Monitoring"),)
LIVE_PATH = "/monitoring"
LIVE_VERSION = "v4.3"
THEMES = (
    (Id.THEME_LIGHT, "Light theme", "sun"),
    (Id.THEME_DARK, "Dark theme", "moon"),
    (Id.THEME_AUTO, "Automatic theme", "auto"),
    (Id.THEME_TERMINAL, "Terminal theme", "terminal"),
)
UNPRESSED: dict[str, Any] = {"aria-pressed": "false"}


def frame(refresh_ms: int, user_name: str = "", demo: bool = False) -> html.Div:
    """Return the whole page around an empty place for the content; `demo` shows the badge for simulated data."""
    content = html.Main(id=Id.PAGE, className="content", tabIndex=-1)
    main = html.Div([_top(user_name, demo), content, html.Footer("All times are UTC", className="foot")], className="main")
    skip = html.A("Skip to content", href=f"#{Id.PAGE}", className="skip")
    return html.Div([skip, _sidebar(), main, _bottom_bar(), *_plumbing(refresh_ms)], className="app")


def _plumbing(refresh_ms: int) -> list[dcc.Location | dcc.Interval | dcc.Store]:
    """The address, the one interval, and a version store per kind of data."""
    return [dcc.Location(id=Id.URL, refresh=False), dcc.Interval(id=Id.PULSE, interval=refresh_ms), *(dcc.Store(id=version) for version in VERSIONS)]


def _sidebar() -> html.Nav:
    brand = html.Div([html.I(className="brand-mark", **DECORATION), html.Span("BotV2")], className="brand")
    groups = []
    for group in dict.fromkeys(entry.group for entry in NAVIGATION):
        groups += [html.H2(group), html.Ul([_entry(entry) for entry in NAVIGATION if entry.group == group])]
    return html.Nav([brand, html.Div(groups, className="menu")], className="side", **named("Main navigation"))


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


def _top(user_name: str, demo: bool) -> html.Header:
    badge = html.Span("DEMO", className="demo", title="Simulated data", hidden=not demo)
    tools = html.Div(_themes(), className="tools")
    return html.Header([html.H1(id=Id.TITLE), badge, html.Span(className="grow"), tools, _connection(), _user_menu(user_name)], className="top")


def _themes() -> html.Div:
    buttons = [
        html.Button(icon(picture), id=id, title=label, type="button", className="theme", **named(label), **UNPRESSED) for id, label, picture in THEMES
    ]
    return html.Div(buttons, className="segments", role="group", **named("Theme"))


def _connection() -> html.Div:
    """The word is announced when it changes; the figure beside it is not, as it changes all the time."""
    dot = html.I(id=Id.CONNECTION_DOT, className="dot waiting", **DECORATION)
    word = html.Span("Connecting", id=Id.CONNECTION_WORD, role="status")
    lag = html.B(id=Id.CONNECTION_LAG, title="Live: the round trip to the server. Else: the time without an answer.")
    return html.Div([dot, word, lag], className="connection")


def _user_menu(user_name: str) -> dbc.DropdownMenu:
    initials = user_name[:2].upper() or html.Span(icon("user"))
    return dbc.DropdownMenu(
        [dbc.DropdownMenuItem("Live Monitor", href=LIVE_PATH), dbc.DropdownMenuItem("Logout", href="/logout", external_link=True)],
        id=Id.USER_MENU,
        label=[initials, hidden(f"User menu of {user_name}" if user_name else "User menu")],
        align_end=True,
        caret=False,
        toggle_class_name="avatar",
    )
