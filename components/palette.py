"""The command palette: one field that finds pages, ranges, strategies, bots, symbols, saved views, themes and actions.

palette.js fills it and does what is chosen; it follows the combobox pattern: the focus stays in the field.
"""

from dash import html

from components.ids import Id
from components.parts import named
from components.words import _


def palette() -> html.Dialog:
    """Return the dialog, empty."""
    return html.Dialog(id=Id.PALETTE, className="sheet palette", **named(_("Search pages, strategies, symbols and actions")))
