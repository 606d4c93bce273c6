"""The panels as a table: to add one, write its function in a file of its own and a row here."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from components.activity import activity
from components.alerts import alerts
from components.ids import Id
from components.parts import View
from components.positions import positions
from components.signals import signals
from components.statistics import statistics
from data.scope import ActivityScope, PositionScope, SignalScope

if TYPE_CHECKING:
    from data.desk import Desk


class Panel(NamedTuple):
    """A panel: its id and title, which kind of data redraws it, what it asks the desk, and how the answer looks."""

    id: Id
    title: str
    version: Id
    question: Callable[["Desk"], Any]
    draw: Callable[[Any, datetime], View]


PANELS = (
    Panel(Id.PANEL_STATISTICS, "Statistics", Id.VERSION_STATS, lambda desk: desk.statistics(), statistics),
    Panel(Id.PANEL_ACTIVITY, "Activity", Id.VERSION_EVENTS, lambda desk: desk.live.activity(ActivityScope(limit=50)), activity),
    Panel(Id.PANEL_POSITIONS, "Open positions", Id.VERSION_POSITIONS, lambda desk: desk.live.positions(PositionScope()), positions),
    Panel(Id.PANEL_SIGNALS, "Signals", Id.VERSION_SIGNALS, lambda desk: desk.live.signals(SignalScope()), signals),
    Panel(Id.PANEL_ALERTS, "Alerts", Id.VERSION_ALERTS, lambda desk: desk.live.recent_alerts(20), alerts),
)
TITLES = {panel.id: panel.title for panel in PANELS}
