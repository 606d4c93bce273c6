"""The panels as a table. To add one: its drawing in a file of its own, a row in the module of its page, its card on the page."""

from components.ids import Id
from components.panels import alerts, dashboard, live, market, portfolio, risk, strategies, system, trades
from components.panels.base import Panel

PANELS: tuple[Panel, ...] = tuple(
    panel for page in (live, dashboard, portfolio, strategies, trades, risk, market, alerts, system) for panel in page.PANELS
)
PANEL_OF = {panel.id: panel for panel in PANELS}


def heading(panel: Id) -> str:
    """Return a panel's title in the language that is spoken."""
    return PANEL_OF[panel].heading


__all__ = ["PANELS", "PANEL_OF", "Panel", "heading"]
