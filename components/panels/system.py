"""The panels of the System health page."""

from components.ids import Id
from components.panels.base import Panel
from components.system import errors, lags, vitals
from components.words import N_

PANELS = (
    Panel(Id.PANEL_LAG, N_("Bots"), Id.VERSION_HEALTH, lambda desk, _: desk.live.feeds(), lags, follows=False),
    Panel(Id.PANEL_VITALS, N_("Server and store"), Id.VERSION_HEALTH, lambda desk, _: desk.condition(), vitals, follows=False),
    Panel(Id.PANEL_ERRORS, N_("Warnings and errors"), Id.VERSION_HEALTH, lambda desk, _: desk.lately.newest(), errors, follows=False),
)
