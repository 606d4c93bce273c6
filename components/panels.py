"""The panels as a table: to add one, write its function in a file of its own and a row here."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from components.activity import activity
from components.alerts import alerts
from components.charts.events_per_minute import events_per_minute_view
from components.charts.live_pnl import live_pnl_view
from components.feed import found_events
from components.feeds import feeds
from components.ids import Id
from components.parts import View
from components.positions import positions
from components.signals import signals
from components.statistics import statistics
from data.scope import PositionScope, SignalScope

if TYPE_CHECKING:
    from data.desk import Desk


class Panel(NamedTuple):
    """A panel: its id and title, which kind of data redraws it, what it asks the desk, and how the answer looks.

    The question gets the URL's query; it is asked again when that changes only where `filtered` says so.
    """

    id: Id
    title: str
    version: Id
    question: Callable[["Desk", str | None], Any]
    draw: Callable[[Any, datetime], View]
    filtered: bool = False


PANELS = (
    Panel(Id.PANEL_FEEDS, "Feeds", Id.VERSION_FEEDS, lambda desk, _: desk.live.feeds(), feeds),
    Panel(Id.PANEL_STATISTICS, "Statistics", Id.VERSION_STATS, lambda desk, _: desk.statistics(), statistics),
    Panel(Id.PANEL_ACTIVITY, "Activity", Id.VERSION_EVENTS, found_events, activity, filtered=True),
    Panel(Id.PANEL_PNL, "P&L of open positions", Id.VERSION_PNL, lambda desk, _: desk.live.trend()["pnl"], live_pnl_view),
    Panel(Id.PANEL_MINUTES, "Events per minute", Id.VERSION_MINUTES, lambda desk, _: desk.live.trend()["events"], events_per_minute_view),
    Panel(Id.PANEL_POSITIONS, "Open positions", Id.VERSION_POSITIONS, lambda desk, _: desk.live.positions(PositionScope()), positions),
    Panel(Id.PANEL_SIGNALS, "Signals", Id.VERSION_SIGNALS, lambda desk, _: desk.live.signals(SignalScope()), signals),
    Panel(Id.PANEL_ALERTS, "Alerts", Id.VERSION_ALERTS, lambda desk, _: desk.live.recent_alerts(20), alerts),
)
TITLES = {panel.id: panel.title for panel in PANELS}
