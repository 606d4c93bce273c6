"""The Python API for bots: `from data.live_monitor import get_live_monitor`. Names and signatures here are a contract.

A bot in a process of its own writes to the store that the environment names, and so to the same one that a running
server shows.
"""

import atexit
import threading

from data.desk import Desk
from data.fields import AlertSeverity, EventType
from data.monitor import LiveMonitoringSystem, OpenPosition, StrategySignal
from data.settings import Settings

__all__ = ["AlertSeverity", "EventType", "LiveMonitoringSystem", "OpenPosition", "StrategySignal", "get_live_monitor", "share_desk"]

_lock = threading.Lock()
_shared: list[Desk] = []


def get_live_monitor() -> LiveMonitoringSystem:
    """Return the process's one monitor; the first call opens (and migrates) the store and starts its writer.

    Raises `Refused`, a ValueError, when a setting is wrong or the store cannot be used.
    """
    with _lock:
        if not _shared:
            desk = Desk.open(Settings.load())
            desk.start()
            atexit.register(desk.close)
            _shared.append(desk)
        return _shared[0].monitor


def share_desk(desk: Desk) -> None:
    """Have `get_live_monitor` return this desk's monitor, in a process that has opened its store already."""
    with _lock:
        _shared[:] = [desk]
