"""The way to every page: the sidebar, the bottom bar of a phone and the sheet behind its "More".

Links are `data-page`: address.js gives them what all pages share of the address, follows them and marks the current one.
"""

from typing import Any, NamedTuple

from dash import html

from components.ids import Id, body_of
from components.links import at
from components.parts import DECORATION, button, facts, hidden, icon, named
from components.switches import THEMES, amounts_switch, theme_button
from components.words import N_, _


class Entry(NamedTuple):
    """A page in the navigation.

    Attributes:
        path: where it leads.
        label: its title, in English, marked with `N_`; `short` is that of the phone's bottom bar.
        icon: how it looks.
        group: under which heading it stands.
        letter: what is pressed after ``g`` to go there.
        id: of its item in the sidebar; `bar_id` of that in the bottom bar, None for a page behind "More".
    """

    path: str
    label: str
    icon: str
    group: str
    letter: str
    id: Id
    bar_id: Id | None = None
    short: str = ""


LIVE_PATH = "/monitoring"
ALERTS_PATH = "/alerts"
SETTINGS_PATH = "/settings"
LIVE_VERSION = "v4.3"
MAIN, MONITORING, ANALYTICS, SYSTEM = N_("Main"), N_("Monitoring"), N_("Analytics"), N_("System")
NAVIGATION = (
    Entry("/", N_("Dashboard"), "dashboard", MAIN, "d", Id.NAV_DASHBOARD, Id.BAR_DASHBOARD, N_("Dashboard")),
    Entry("/portfolio", N_("Portfolio"), "pie", MAIN, "p", Id.NAV_PORTFOLIO),
    Entry("/strategies", N_("Strategies"), "layers", MAIN, "s", Id.NAV_STRATEGIES),
    Entry("/trades", N_("Trades"), "arrows", MAIN, "t", Id.NAV_TRADES, Id.BAR_TRADES, N_("Trades")),
    Entry(LIVE_PATH, N_("Live Monitor"), "live", MONITORING, "l", Id.NAV_MONITORING, Id.BAR_MONITORING, N_("Live")),
    Entry("/risk", N_("Risk"), "shield", ANALYTICS, "r", Id.NAV_RISK),
    Entry("/market", N_("Market"), "candles", ANALYTICS, "m", Id.NAV_MARKET),
    Entry(ALERTS_PATH, N_("Alerts"), "bell", SYSTEM, "a", Id.NAV_ALERTS, Id.BAR_ALERTS, N_("Alerts")),
    Entry(SETTINGS_PATH, N_("Settings"), "gear", SYSTEM, "e", Id.NAV_SETTINGS),
    Entry("/system", N_("System health"), "server", SYSTEM, "h", Id.NAV_SYSTEM),
)


def page_link(path: str, children: Any, extra: str = "", **attributes: Any) -> html.A:
    """Return a link to a page that keeps range and filters, and is marked while its page is shown."""
    return html.A(children, href=at(path), className=extra, **attributes, **facts(page="true"))


def sidebar() -> html.Nav:
    """Return the navigation with its groups, the bots that report, and the button that leaves only its icons."""
    brand = html.Div([html.I(className="brand-mark", **DECORATION), html.Span("BotV2")], className="brand")
    groups = []
    for group in dict.fromkeys(entry.group for entry in NAVIGATION):
        groups += [html.H2(_(group)), html.Ul([_entry(entry) for entry in NAVIGATION if entry.group == group])]
    bots = html.Div([html.H2(_("Feeds")), html.Div(id=body_of(Id.PANEL_FEEDS))], id=Id.PANEL_FEEDS, className="feeds")
    collapse = button(_("Icons only"), "sidebar", "collapse", wordless=True, id=Id.COLLAPSE)
    return html.Nav([brand, html.Div(groups, className="menu"), bots, collapse], className="side", **named(_("Main navigation")))


def _entry(entry: Entry) -> html.Li:
    label = _(entry.label)
    children = [icon(entry.icon), html.Span(label)]
    if entry.path == LIVE_PATH:
        children += [html.Span(LIVE_VERSION, className="version"), html.I(className="pulse", **DECORATION)]
    if entry.path == ALERTS_PATH:
        children += [_active_alerts()]
    letter = facts(letter=entry.letter)
    return html.Li(page_link(entry.path, children, "live" if entry.path == LIVE_PATH else "", title=label, **letter), id=entry.id)


def _active_alerts() -> html.Span:
    """Return the place of how many alerts are active; frame.js counts."""
    return html.Span([html.Span(className="count"), hidden(" " + _("active"))], className="active-alerts", hidden=True)


def bottom_bar() -> html.Nav:
    """Return the navigation of a phone: four pages, and the rest behind "More"."""
    entries = [_bar_entry(entry) for entry in NAVIGATION if entry.bar_id is not None]
    more = html.Button([icon("menu"), html.Span(_("More"))], type="button", **facts(open=Id.MORE))
    return html.Nav(html.Ul([*entries, html.Li(more)]), className="bottom", **named(_("Main navigation, compact")))


def _bar_entry(entry: Entry) -> html.Li:
    children = [icon(entry.icon), html.Span(_(entry.short))]
    return html.Li(page_link(entry.path, children, "live" if entry.path == LIVE_PATH else ""), id=entry.bar_id)


def more() -> list[Any]:
    """Return what the sheet behind "More" holds: the other pages, the themes, and what else the user menu has."""
    pages = [page_link(entry.path, [icon(entry.icon), html.Span(_(entry.label))]) for entry in NAVIGATION if entry.bar_id is None]
    themes = [button(_(label), picture, **theme_button(name)) for name, label, picture in THEMES]
    rest = [
        button(_("Hide amounts"), "eye-off", **amounts_switch()),
        page_link(SETTINGS_PATH, [icon("globe"), html.Span(_("Language"))], "btn-line"),
        html.A(_("Logout"), href=at("/logout"), className="btn-line"),
    ]
    return [
        html.Nav(pages, className="more-pages", **named(_("More pages"))),
        html.Div(themes, className="choices", role="group", **named(_("Theme"))),
        html.Div(rest, className="choices"),
    ]
