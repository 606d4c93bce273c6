"""Alerts: how one is raised, what a read gives, and what becomes of it."""

from data.edits import Edit
from data.entries import Effect, Outcome, Row
from data.errors import Code, Refused
from data.ledger import Ledger
from data.records import AlertIn
from data.rules import Raised
from data.schema import Alert, Strategy
from data.times import iso, iso_or_none

ACTIVE, ACKNOWLEDGED, RESOLVED = "active", "acknowledged", "resolved"
ALERT_FIELDS = (
    "id", "timestamp", "type", "severity", "title", "message", "action_url", "bot", "strategy_id", "trade_id", "status",
    "acknowledged_at", "resolved_at", "data", "created_at", "updated_at",
)  # fmt: skip  # one name a line would be a page


def alert_record(row: Row) -> Row:
    """Return a row of the alert table as a read gives it."""
    moments = ("timestamp", "acknowledged_at", "resolved_at", "created_at", "updated_at")
    return {name: iso_or_none(row[name]) if name in moments else row[name] for name in ALERT_FIELDS}


def post_alert(ledger: Ledger, draft: AlertIn, bot: str, effect: Effect = Effect.ADDED) -> Outcome:
    """Raise an alert, a bot's own or a rule's."""
    at = draft.timestamp or ledger.received_at
    body = {
        "timestamp": iso(at),
        "title": draft.title,
        "message": draft.message,
        "severity": draft.severity.value,
        "action_url": draft.action_url,
        "bot": bot,
    }
    entry = ledger.append("alert", bot, at, body, effect, severity=draft.severity.value)
    raised = draft if isinstance(draft, Raised) else None
    strategy = ledger.find(Strategy, raised.strategy) if raised and raised.strategy else None
    ledger.put(
        Alert,
        {
            **body,
            "id": entry.id,
            "type": raised.type if raised else "system",
            "strategy_id": strategy and strategy["id"],
            "trade_id": raised and raised.trade_id,
            "status": ACTIVE,
            "timestamp": at,
            "received_at": ledger.received_at,
            "acknowledged_at": None,
            "resolved_at": None,
            "data": raised and raised.data,
            "created_at": ledger.received_at,
            "updated_at": ledger.received_at,
        },
    )
    return Outcome(entry.record(), effect)


def change_status(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    """Acknowledge or resolve an alert; what is resolved cannot become less."""
    known = ledger.find(Alert, draft.target)
    if known is None:
        raise Refused(Code.NOT_FOUND, "there is no alert with this id")
    draft.refuse_foreign(known["bot"])
    wanted = ACKNOWLEDGED if draft.action == "alert.acknowledge" else RESOLVED
    if known["status"] == wanted:
        return Outcome(alert_record(known), Effect.SAME)
    if known["status"] == RESOLVED:
        raise Refused(Code.CONFLICT, "the alert is resolved already", fields={"status": "is resolved"})
    row = {**known, "status": wanted, f"{wanted}_at": ledger.received_at, "updated_at": ledger.received_at}
    ledger.put(Alert, row)
    ledger.append("alert_status", known["bot"], ledger.received_at, alert_record(row), Effect.EDITED)
    return Outcome(alert_record(row), Effect.EDITED, alert_record(known))
