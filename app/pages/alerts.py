"""The Alerts page: what is active, what was, which rules raise them, and how people hear of them."""

from dash import html

from components.alert_center import channels, rule_dialog
from components.grids.alerts import alert_history_grid_card
from components.ids import Id
from components.panels import heading
from components.parts import button, card, facts


def layout(may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    new = [button(heading(Id.PANEL_RULES), "plus", "needs-control", wordless=True, **facts(rule="new"))]
    cards = [
        card(Id.PANEL_ACTIVE_ALERTS, heading(Id.PANEL_ACTIVE_ALERTS), extra="six list", bots="none"),
        card(Id.PANEL_RULES, heading(Id.PANEL_RULES), extra="six list", bots="none", tools=new),
        alert_history_grid_card(),
        channels(),
        *([rule_dialog()] if may_control else []),
    ]
    return html.Div(cards, className="page board")
