"""A page's key figures in its document: they are on screen before the first script has run.

They are drawn as the panel's callback draws them, and make way for the panel as soon as that is drawn (see live.js). The service worker
keeps the document without them: it stands for every page, and for longer than figures are good.
"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import orjson

from app.pages import page_at
from callbacks.panels import drawing
from components.ids import Id
from components.markup import markup
from components.panels import PANEL_OF
from components.parts import View
from data.desk import Desk

BEGIN, END = "<!--figures-->", "<!--/figures-->"  # by which the service worker finds them
NOTHING = View(None, None).as_json()
PATIENCE_SECONDS = 0.15  # what takes longer comes with the panel, which then has not to wait for it anew
THREADS = 2


class Early:
    """The key figures of all pages. They never hold a document up: not while a store is locked, nor when much has to be read first."""

    def __init__(self, desk: Desk) -> None:
        """Ask `desk`; starts nothing before it is asked."""
        self._desk = desk
        self._threads = ThreadPoolExecutor(THREADS, "early")

    def figures(self, path: str, search: str) -> str:
        """Return the key figures of the page at `path` as HTML; "" where it begins with something else, or where they are not at hand."""
        panel = page_at(path).figures
        if panel is None:
            return ""
        asked = self._threads.submit(copy_context().run, self._drawn, panel, search)
        try:
            return asked.result(PATIENCE_SECONDS)
        except TimeoutError:
            return ""

    def _drawn(self, panel: Id, search: str) -> str:
        if drawing(PANEL_OF[Id.PANEL_ONBOARDING], self._desk, search) != NOTHING:
            return ""  # the first steps have that place
        _note, body, *_rest = orjson.loads(drawing(PANEL_OF[panel], self._desk, search))
        return f'{BEGIN}<div class="early" data-panel="{panel}" inert>{markup(body)}</div>{END}'
