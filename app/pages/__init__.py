"""The pages: a table of paths, and one callback that puts the right one into the frame.

Dash's own page registry is global to the process, so that two apps would share their pages; hence this table.
"""

from collections.abc import Callable
from typing import NamedTuple

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from app.pages import monitoring, not_found
from components.frame import LIVE_PATH, NAVIGATION, frame
from components.ids import Id
from data.settings import Settings

APP_TITLE = "BotV2 Dashboard"


class Page(NamedTuple):
    """A page: its title and a function that returns its layout."""

    title: str
    layout: Callable[[], Component]


PAGES = {LIVE_PATH: Page("Live Monitor", monitoring.layout)}
NOT_FOUND = Page("Page not found", not_found.layout)
REDIRECTS = {"/": LIVE_PATH}  # until the Dashboard page exists


def build_layout(settings: Settings, user_name: str = "", demo: bool = False) -> html.Div:
    """Return the frame, which every page shares; the content follows from the address, in the browser."""
    return frame(settings.botv2_refresh_ms, user_name, demo)


def validation_layout(settings: Settings) -> html.Div:
    """Return the frame with all pages in it at once: every id that a callback may name."""
    return html.Div([build_layout(settings), *(page.layout() for page in [*PAGES.values(), NOT_FOUND])])


def page_at(path: str | None) -> tuple[str, Page]:
    """Return the path after redirects, and its page; `NOT_FOUND` for an unknown one."""
    target = REDIRECTS.get(path or "/", path or "/")
    return target, PAGES.get(target, NOT_FOUND)


def register_pages(app: Dash) -> None:
    """Register the callback that shows the page of the address and marks it in the navigation."""
    entries = [(id, entry.path) for entry in NAVIGATION for id in (entry.id, entry.bar_id)]

    @app.callback(
        Output(Id.PAGE, "children"),
        Output(Id.TITLE, "children"),
        *(Output(id, "aria-current") for id, _ in entries),
        Input(Id.URL, "pathname"),
    )
    def show(path: str | None) -> tuple[object, ...]:
        target, page = page_at(path)
        return page.layout(), page.title, *("page" if target == entry_path else None for _, entry_path in entries)
