"""The tables. `Journal` is the truth; every other table of facts is its projection, written in the same transaction."""

from data.schema.base import Base, Stamped, UtcDateTime
from data.schema.book import MarketData, Portfolio, Strategy, Trade
from data.schema.figures import RiskMetrics, StrategyPerformance
from data.schema.live import AlertCursor, AlertFiring, AlertRule, BotState, Counter, Idempotency, Journal, Position, Signal
from data.schema.marks import Alert, Annotation
from data.schema.people import ApiToken, AuditEntry, PendingSignIn, Preference, RecoveryCode, Session, SignInLink, User

__all__ = [
    "Alert",
    "AlertCursor",
    "AlertFiring",
    "AlertRule",
    "Annotation",
    "ApiToken",
    "AuditEntry",
    "Base",
    "BotState",
    "Counter",
    "Idempotency",
    "Journal",
    "MarketData",
    "PendingSignIn",
    "Portfolio",
    "Position",
    "Preference",
    "RecoveryCode",
    "RiskMetrics",
    "Session",
    "SignInLink",
    "Signal",
    "Stamped",
    "Strategy",
    "StrategyPerformance",
    "Trade",
    "User",
    "UtcDateTime",
]
