"""The panels of the Live Monitor, and those of the frame."""

from typing import TYPE_CHECKING

from components.activity import activity
from components.alerts import alerts
from components.charts.events_per_minute import events_per_minute_view
from components.charts.live_pnl import live_pnl_view
from components.feed import found_events
from components.feeds import feeds
from components.ids import Id
from components.known import choices, known_choices
from components.panels.base import Panel
from components.parts import Record
from components.positions import positions
from components.signals import signals
from components.statistics import statistics
from components.words import N_
from data.scope import PositionScope, Selection, SignalScope

if TYPE_CHECKING:
    from data.desk import Desk


def _positions(desk: "Desk", chosen: Selection) -> list[Record]:
    return desk.live.positions(PositionScope(bot=chosen.bot, strategy=chosen.strategy))


def _signals(desk: "Desk", chosen: Selection) -> list[Record]:
    return desk.live.signals(SignalScope(bot=chosen.bot, strategy=chosen.strategy))


PANELS = (
    Panel(Id.PANEL_FEEDS, N_("Feeds"), Id.VERSION_FEEDS, lambda desk, _: desk.live.feeds(), feeds, follows=False),
    Panel(Id.PANEL_CHOICES, N_("Choices"), Id.VERSION_MEASURED, known_choices, choices, follows=False),
    Panel(Id.PANEL_STATISTICS, N_("Statistics"), Id.VERSION_STATS, lambda desk, _: desk.statistics(), statistics, follows=False),
    Panel(
        Id.PANEL_PNL,
        N_("P&L of open positions"),
        Id.VERSION_PNL,
        lambda desk, _: desk.live.trend()["pnl"],
        live_pnl_view,
        follows=False,
        is_chart=True,
        is_timeline=True,
    ),
    Panel(
        Id.PANEL_MINUTES,
        N_("Events per minute"),
        Id.VERSION_MINUTES,
        lambda desk, _: desk.live.trend()["events"],
        events_per_minute_view,
        follows=False,
        is_chart=True,
        is_timeline=True,
    ),
    Panel(Id.PANEL_ACTIVITY, N_("Activity"), Id.VERSION_EVENTS, found_events, activity, reads=lambda search, _: search),
    Panel(Id.PANEL_POSITIONS, N_("Open positions"), Id.VERSION_POSITIONS, _positions, positions),
    Panel(Id.PANEL_SIGNALS, N_("Signals"), Id.VERSION_SIGNALS, _signals, signals),
    Panel(Id.PANEL_ALERTS, N_("Alerts"), Id.VERSION_ALERTS, lambda desk, _: desk.live.recent_alerts(20), alerts, follows=False),
)
