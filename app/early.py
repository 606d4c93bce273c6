"""A page's key figures in its document: they are on screen before the first script has run.

They are drawn as the panel's callback draws them, and make way for the panel as soon as that is drawn (see live.js). The service worker
keeps the document without them: it stands for every page, and for longer than figures are good.
"""

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


def figures(desk: Desk, path: str, search: str) -> str:
    """Return the key figures of the page at `path` as HTML; "" where it begins with something else."""
    panel = page_at(path).figures
    if panel is None or drawing(PANEL_OF[Id.PANEL_ONBOARDING], desk, search) != NOTHING:
        return ""
    _note, body, *_rest = orjson.loads(drawing(PANEL_OF[panel], desk, search))
    return f'{BEGIN}<div class="early" data-panel="{panel}" inert>{markup(body)}</div>{END}'
