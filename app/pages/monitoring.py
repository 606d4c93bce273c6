"""The Live Monitor page."""

from dash import html

from components.charts.card import chart_card
from components.feed import feed_card
from components.ids import Id
from components.panels import heading
from components.parts import button, card, export_menu
from components.switches import switch
from components.words import N_, _

API = "/api/monitoring"


def layout(_may_control: bool) -> html.Div:
    """Return the page with skeletons; the panels' callbacks fill it."""
    right = html.Div(
        [
            card(Id.PANEL_STATISTICS, heading(Id.PANEL_STATISTICS), extra="statistics", lines=1),
            chart_card(Id.PANEL_PNL, "seven", bots=str(Id.PANEL_POSITIONS)),
            chart_card(Id.PANEL_MINUTES, "five", legend=_keys(), bots="all"),
            card(
                Id.PANEL_POSITIONS, heading(Id.PANEL_POSITIONS), extra="wide", lines=4, tools=[_export(Id.PANEL_POSITIONS, "positions")], bots="rows"
            ),
            card(
                Id.PANEL_SIGNALS, heading(Id.PANEL_SIGNALS), _("confidence"), "seven tall", tools=[_export(Id.PANEL_SIGNALS, "signals")], bots="rows"
            ),
            card(Id.PANEL_ALERTS, heading(Id.PANEL_ALERTS), _("last 24 h"), "five tall", tools=[*_switches(), _export(Id.PANEL_ALERTS, "alerts")]),
        ],
        className="columns",
    )
    return html.Div([feed_card(heading(Id.PANEL_ACTIVITY)), right], className="page monitor")


def _keys() -> list[html.Span]:
    return [html.Span([html.I(className=f"key {key}"), _(key)], className="legend") for key in (N_("all"), N_("warnings"))]


def _export(panel: Id, name: str) -> html.Details:
    return export_menu(heading(panel), f"{API}/{name}/export")


def _switches() -> list[html.Button]:
    return [
        button(_("Browser notifications"), "bell", wordless=True, **switch("notifications")),
        button(_("Sound"), "sound", wordless=True, **switch("sound")),
    ]
