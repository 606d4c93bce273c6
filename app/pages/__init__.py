"""The pages: a table of paths, and one callback that puts the right one into the frame.

Dash's own page registry is global to the process, so that two apps would share their pages; hence this table.
"""

from collections.abc import Callable
from typing import NamedTuple

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from app.pages import monitoring, not_found
from app.pages import settings as settings_page
from components.frame import LIVE_PATH, NAVIGATION, SETTINGS_PATH, frame
from components.ids import Id
from data.accounts import Principal
from data.settings import Settings

APP_TITLE = "BotV2 Dashboard"


class Page(NamedTuple):
    """A page: its title, and a function of whether the viewer may change things that returns its layout."""

    title: str
    layout: Callable[[bool], Component]


PAGES = {LIVE_PATH: Page("Live Monitor", monitoring.layout), SETTINGS_PATH: Page("Settings", settings_page.layout)}
NOT_FOUND = Page("Page not found", not_found.layout)
REDIRECTS = {"/": LIVE_PATH}  # until the Dashboard page exists


def may_control(viewer: Principal | None) -> bool:
    """Return whether this viewer may change things; the server asks again when something is changed."""
    return viewer is not None and "control" in viewer.scopes


def build_layout(settings: Settings, viewer: Principal | None = None) -> html.Div:
    """Return the frame, which every page shares; the content follows from the address, in the browser."""
    return frame(settings.botv2_refresh_ms, "" if viewer is None else viewer.name, may_control=may_control(viewer))


def validation_layout(settings: Settings) -> html.Div:
    """Return the frame with all pages in it at once: every id that a callback may name."""
    return html.Div([build_layout(settings), *(page.layout(True) for page in [*PAGES.values(), NOT_FOUND])])


def page_at(path: object) -> tuple[str, Page]:
    """Return the path after redirects, and its page; `NOT_FOUND` for an unknown one. What is no text counts as ``/``."""
    wanted = path if isinstance(path, str) and path else "/"
    target = REDIRECTS.get(wanted, wanted)
    return target, PAGES.get(target, NOT_FOUND)


def register_pages(app: Dash, viewer: Callable[[], Principal | None]) -> None:
    """Register the callback that shows the page of the address and marks it in the navigation."""
    entries = [(id, entry.path) for entry in NAVIGATION for id in (entry.id, entry.bar_id)]

    @app.callback(
        Output(Id.PAGE, "children"),
        Output(Id.TITLE, "children"),
        *(Output(id, "aria-current") for id, _ in entries),
        Input(Id.URL, "pathname"),
    )
    def show(path: object) -> tuple[object, ...]:
        target, page = page_at(path)
        return page.layout(may_control(viewer())), page.title, *("page" if target == entry_path else None for _, entry_path in entries)
