"""The alerts API, `/api/alerts`: what people were warned of, what became of it, and the rules that warn them."""

from typing import Annotated, Any

from pydantic import Field

from app.answers import success
from app.rest.editor import editor
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Count, Data, Id, Page, Shape, Time
from data.edits import RuleChange, RuleIn
from data.entries import Row
from data.fields import AlertSeverity, AlertStatus, AlertType, Condition
from data.scope import AlertHistoryScope, AlertListScope


class Alert(Shape):
    """An alert and what became of it; its id is the one under which it was pushed."""

    id: Id
    timestamp: Time
    type: AlertType
    severity: AlertSeverity
    title: str
    message: str
    action_url: str | None
    bot: str
    strategy_id: Id | None
    trade_id: Id | None
    status: AlertStatus
    acknowledged_at: Time | None
    resolved_at: Time | None
    data: Annotated[dict[str, Any] | None, Field(description="Of an alert that a rule raised: rule, condition, value and threshold")]
    created_at: Time
    updated_at: Time


class AlertPage(Page):
    """A page of alerts, newest first."""

    alerts: list[Alert]


class AlertRule(Shape):
    """A condition that raises an alert, once in each cool-down."""

    id: Id
    name: str
    condition: Condition
    threshold: Annotated[float | None, Field(description="In percent, of a stale feed in heartbeats; null where the condition has none")]
    severity: AlertSeverity
    cooldown_seconds: float
    enabled: bool


class AlertRules(Shape):
    """Every alert rule."""

    rules: list[AlertRule]
    count: Count


def get_alerts(call: Call) -> Row:
    """Return a page of the active alerts, or of those with another status, newest first."""
    return success(data=call.desk.alerts.page(call.query))


def get_history(call: Call) -> Row:
    """Return a page of all alerts that are kept, newest first."""
    return success(data=call.desk.alerts.page(call.query))


def get_rules(call: Call) -> Row:
    """Return every alert rule, in the order in which they were made."""
    rules = call.desk.alerts.rules()
    return success(data={"rules": rules, "count": len(rules)})


acknowledge = editor("alert.acknowledge", "Note that somebody has seen the alert; 409 for one that is resolved.")
resolve = editor("alert.resolve", "Note that the alert is over.")
create_rule = editor("rule.create", "Add an alert rule, which holds at once.")
change_rule = editor("rule.change", "Change the fields of an alert rule that are sent.")
delete_rule = editor("rule.delete", "Delete an alert rule; it is given back as it was.")

ENDPOINTS = (
    Endpoint("GET", "", "read", get_alerts, query=AlertListScope, returns=Data[AlertPage]),
    Endpoint("GET", "/history", "read", get_history, query=AlertHistoryScope, returns=Data[AlertPage]),
    Endpoint("POST", "/<int:record_id>/acknowledge", "control", acknowledge, returns=Data[Alert]),
    Endpoint("POST", "/<int:record_id>/resolve", "control", resolve, returns=Data[Alert]),
    Endpoint("GET", "/rules", "read", get_rules, returns=Data[AlertRules]),
    Endpoint("POST", "/rules", "control", create_rule, body=RuleIn, status=201, returns=Data[AlertRule]),
    Endpoint("PATCH", "/rules/<int:record_id>", "control", change_rule, body=RuleChange, returns=Data[AlertRule]),
    Endpoint("DELETE", "/rules/<int:record_id>", "control", delete_rule, returns=Data[AlertRule]),
)
