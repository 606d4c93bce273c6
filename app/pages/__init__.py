"""The pages: a table of paths, and one callback that puts the right one into the frame.

Dash's own page registry is global to the process, so that two apps would share their pages; hence this table.
"""

from collections.abc import Callable
from typing import NamedTuple

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from app.pages import alerts, dashboard, market, monitoring, not_found, portfolio, risk, strategies, system, trades
from app.pages import settings as settings_page
from components.frame import frame
from components.ids import Id
from components.links import path_in
from components.navigation import LIVE_PATH, SETTINGS_PATH
from components.plain import plain
from components.words import N_, _
from data.accounts import Principal
from data.settings import Settings

APP_TITLE = "BotV2 Dashboard"


class Page(NamedTuple):
    """A page: its title, a function of whether the viewer may change things that returns its layout, and the key figures it begins with."""

    title: str
    layout: Callable[[bool], Component]
    figures: Id | None = None


PAGES = {
    "/": Page(N_("Dashboard"), dashboard.layout, Id.PANEL_KPIS),
    "/portfolio": Page(N_("Portfolio"), portfolio.layout, Id.PANEL_ACCOUNT),
    "/strategies": Page(N_("Strategies"), strategies.layout, Id.PANEL_STRATEGY_FIGURES),
    "/trades": Page(N_("Trades"), trades.layout, Id.PANEL_TRADE_FIGURES),
    LIVE_PATH: Page(N_("Live Monitor"), monitoring.layout),
    "/risk": Page(N_("Risk"), risk.layout),
    "/market": Page(N_("Market"), market.layout),
    "/alerts": Page(N_("Alerts"), alerts.layout),
    SETTINGS_PATH: Page(N_("Settings"), settings_page.layout),
    "/system": Page(N_("System health"), system.layout),
}
NOT_FOUND = Page(N_("Page not found"), not_found.layout)


def may_control(viewer: Principal | None) -> bool:
    """Return whether this viewer may change things; the server asks again when something is changed."""
    return viewer is not None and "control" in viewer.scopes


def build_layout(settings: Settings, viewer: Principal | None = None) -> html.Div:
    """Return the frame, which every page shares; the content follows from the address, in the browser."""
    return frame(settings.botv2_refresh_ms, "" if viewer is None else viewer.name, may_control=may_control(viewer))


def validation_layout(settings: Settings) -> html.Div:
    """Return the frame with all pages in it at once: every id that a callback may name."""
    return html.Div([build_layout(settings), *(page.layout(True) for page in [*PAGES.values(), NOT_FOUND])])


def page_at(path: object) -> Page:
    """Return the page of an address's path, `NOT_FOUND` for an unknown one. What is no text counts as ``/``."""
    return PAGES.get(path_in(path) if isinstance(path, str) and path else "/", NOT_FOUND)


def register_pages(app: Dash, viewer: Callable[[], Principal | None]) -> None:
    """Register the callback that shows the page of the address; the navigation marks it by itself, see address.js."""

    @app.callback(Output(Id.PAGE, "children"), Output(Id.TITLE, "children"), Input(Id.URL, "pathname"))
    def show(path: object) -> tuple[object, object]:
        page = page_at(path)
        return plain(page.layout(may_control(viewer())), named_ids(app)), _(page.title)


def named_ids(app: Dash) -> set[str]:
    """Return every id that a callback of `app` names: what has one stays a component of Dash."""
    ends = {end["id"] for callback in app.callback_map.values() for end in (*callback["inputs"], *callback["state"])}
    return ends | {end.rpartition(".")[0] for outputs in app.callback_map for end in outputs.strip(".").split("...") if "." in end}
