"""What a bot imports to report to a BotV2 Dashboard over HTTP: standard library only, never in the bot's way.

`monitor` holds the calls, `records` what is reported, `buffer` what waits, `sender` the thread that sends it, `verdict` what
to do after each answer, `wire` the connection.
"""

from .monitor import Monitor, connect
from .records import AlertSeverity, EventType, OpenPosition, StrategySignal

__all__ = ["AlertSeverity", "EventType", "Monitor", "OpenPosition", "StrategySignal", "connect"]
