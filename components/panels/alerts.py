"""The panels of the Alerts page; its table of the past is a grid."""

from components.alert_center import active_alerts, alert_rules
from components.grids.alerts import alerts_asked, alerts_question, alerts_view
from components.ids import Id
from components.panels.base import Panel
from components.words import N_
from data.scope import AlertListScope

PANELS = (
    Panel(
        Id.PANEL_ACTIVE_ALERTS,
        N_("Active alerts"),
        Id.VERSION_RULES,
        lambda desk, chosen: desk.alerts.page(AlertListScope(status=("active", "acknowledged"), bot=chosen.bot)),
        active_alerts,
    ),
    Panel(Id.PANEL_RULES, N_("Rules"), Id.VERSION_RULES, lambda desk, _: desk.alerts.rules(), alert_rules, follows=False),
    Panel(Id.PANEL_ALERT_HISTORY, N_("Alert history"), Id.VERSION_RULES, alerts_question, alerts_view, reads=alerts_asked),
)
