"""The parts of the Alerts page: what is active, the rules, and the channels."""

from datetime import datetime, timedelta
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components import format as fmt
from components.ids import Id
from components.links import safe_url
from components.parts import SEVERITIES, Record, View, button, empty, facts, icon, named, plain_card, pressed, severity, telling, time, with_amounts
from components.switches import switch
from components.words import N_, _
from data.times import clock

CONDITIONS = {
    "circuit_breaker": N_("A RISK event says that a circuit breaker has opened"),
    "critical_event": N_("An event of severity CRITICAL"),
    "drawdown": N_("Drawdown of a bot beyond … %"),
    "stop_loss_hit": N_("A position was closed at its stop loss"),
    "closed_above": N_("A position was closed with a gain beyond … %"),
    "closed_below": N_("A position was closed with a loss beyond … %"),
    "stale_feed": N_("A bot has missed … heartbeats"),
}
SEVERITY_WORDS = {name: word for name, (_shape, word) in SEVERITIES.items()}
RULE_HEADS = (N_("Rule"), N_("When"), N_("Cool-down"), N_("On"), "")


# --- active alerts -------------------------------------------------------------------------------------------------


def active_alerts(answer: Record, now: datetime) -> View:
    """Return the alerts that nobody has resolved, newest first, with the buttons that say somebody has seen them, or that they are over."""
    if not answer["alerts"]:
        return View(None, empty(_("No active alerts"), _("A rule that fires raises one; so does"), "POST /api/monitoring/alerts"))
    total = fmt.level(answer["total"])
    note = html.Span(_("{n} of {total}").format(n=fmt.level(len(answer["alerts"])), total=total), className="as-of")
    return View(note, html.Ol([_active(alert, now) for alert in answer["alerts"]], className="entries"))


def _active(alert: Record, now: datetime) -> html.Li:
    title = telling(alert["title"], "title", f"alert:{alert['id']}")
    words: list[Any] = with_amounts(alert["message"])
    if url := safe_url(alert["action_url"]):
        words += [" ", html.A(_("Open"), href=url, target="_blank" if url.startswith("https:") else None, rel="noopener noreferrer")]
    buttons = []
    if alert["status"] == "active":
        seen = facts(send=f"POST /api/alerts/{alert['id']}/acknowledge")
        buttons.append(
            html.Button(_("Acknowledge"), type="button", className="btn-line", **named(_("Acknowledge: {t}").format(t=alert["title"])), **seen)
        )
    over = facts(send=f"POST /api/alerts/{alert['id']}/resolve")
    buttons.append(html.Button(_("Resolve"), type="button", className="btn-line", **named(_("Resolve: {t}").format(t=alert["title"])), **over))
    state = [html.Span(_("acknowledged"), className="chip")] if alert["status"] == "acknowledged" else []
    return html.Li(
        [
            time(alert["timestamp"], now),
            severity(alert["severity"]),
            title,
            html.P(words, className="message two sec"),
            html.Div(
                [html.Span(alert["bot"], className="by"), *state, html.Span(buttons, className="row-actions needs-control")], className="labels"
            ),
        ],
        className="entry critical" if alert["severity"] == "CRITICAL" else "entry",
        **facts(key=str(alert["id"]), row=alert["updated_at"]),
    )


# --- rules ---------------------------------------------------------------------------------------------------------


def alert_rules(rules: list[Record], _now: datetime) -> View:
    """Return the table of the rules, each with a switch; who may control can change and delete them."""
    if not rules:
        return View(None, empty(_("No rules"), _("Without one no alert is raised. One is made with +, or with"), "POST /api/alerts/rules"))
    head = html.Thead(html.Tr([html.Th(_(text) if text else html.Span(_("Change"), className="sr"), scope="col") for text in RULE_HEADS]))
    on = sum(rule["enabled"] for rule in rules)
    note = html.Span(_("{n} of {total} on").format(n=fmt.level(on), total=fmt.level(len(rules))), className="as-of")
    return View(note, html.Table([head, html.Tbody([_rule(rule) for rule in rules])], className="positions rules"))


def when(rule: Record) -> str:
    """Return a rule's condition in words, with its threshold."""
    threshold = rule["threshold"]
    return _(CONDITIONS[rule["condition"]]).replace("…", fmt.UNKNOWN if threshold is None else fmt.plain(threshold))


def _rule(rule: Record) -> html.Tr:
    name = rule["name"]
    path = f"/api/alerts/rules/{rule['id']}"
    flip = facts(send=f"PATCH {path}", body='{"enabled": %s}' % ("false" if rule["enabled"] else "true"))  # JSON's braces
    state = html.Button(
        _("on") if rule["enabled"] else _("off"),
        type="button",
        className="chip-switch needs-control",
        **named((_("on, rule {name}") if rule["enabled"] else _("off, rule {name}")).format(name=name)),
        **pressed(rule["enabled"]),
        **flip,
    )
    known = {field: "" if rule[field] is None else str(rule[field]) for field in ("name", "condition", "threshold", "severity", "cooldown_seconds")}
    change = button(_("Change {name}").format(name=name), "gear", "needs-control", wordless=True, **facts(rule=str(rule["id"]), **known))
    question = _("Delete the rule “{name}”? Alerts that it raised stay.").format(name=name)
    delete = button(_("Delete {name}").format(name=name), "close", "needs-control", wordless=True, **facts(confirm=question, send=f"DELETE {path}"))
    return html.Tr(
        [
            html.Td([severity(rule["severity"]), " ", html.Span(name, className="sym")]),
            html.Td(when(rule), className="sec wrap"),
            html.Td(clock(timedelta(seconds=rule["cooldown_seconds"])), className="num mut"),
            html.Td(state),
            html.Td([change, delete], className="row-actions"),
        ],
        **facts(key=str(rule["id"])),
    )


def rule_dialog() -> html.Dialog:
    """Return the form in which a rule is made or changed; actions.js opens, fills and sends it."""
    options = [{"label": _(words), "value": name} for name, words in CONDITIONS.items()]
    severities = [{"label": _(words), "value": name} for name, words in SEVERITY_WORDS.items()]
    fields = [
        _field(Id.RULE_NAME, _("Name"), dbc.Input(id=Id.RULE_NAME, maxLength=200, autoComplete="off")),
        _field(Id.RULE_CONDITION, _("When"), dbc.Select(id=Id.RULE_CONDITION, options=options, value="drawdown")),
        _field(Id.RULE_THRESHOLD, _("Threshold (…)"), dbc.Input(id=Id.RULE_THRESHOLD, type="number", step="any")),
        _field(Id.RULE_SEVERITY, _("Severity"), dbc.Select(id=Id.RULE_SEVERITY, options=severities, value="WARNING")),
        _field(Id.RULE_COOLDOWN, _("Cool-down, seconds"), dbc.Input(id=Id.RULE_COOLDOWN, type="number", min=0, step=1, value=300)),
    ]
    foot = html.Div(
        [
            html.P(className="fault", role="alert", hidden=True),
            html.Button(_("Cancel"), type="button", className="btn-line", **facts(rule="close")),
            html.Button(_("Save"), type="button", className="btn-main", **facts(rule="save")),
        ],
        className="sheet-foot",
    )
    head = html.Div(html.H2(_("Alert rule")), className="sheet-head")
    return html.Dialog([head, html.Div(fields, className="sheet-body form"), foot], id=Id.RULE_DIALOG, className="sheet", **named(_("Alert rule")))


def _field(name: Id, label: str, control: Any) -> html.Div:
    return html.Div([dbc.Label(label, html_for=name), control])


# --- channels ------------------------------------------------------------------------------------------------------


def channels() -> html.Section:
    """Return how people hear of alerts: in this browser, and through the API."""
    switches = [button(_("Browser notifications"), "bell", **switch("notifications")), button(_("Sound"), "sound", **switch("sound"))]
    said = html.P(role="status", className="sec", **facts(said="notifications"))
    rows = [
        (icon("bell"), _("This browser"), html.Div([*switches, said], className="choices")),
        (
            icon("live"),
            _("Other programs"),
            html.P([_("Socket.IO message"), " ", html.Code("alert"), ", ", html.Code("GET /api/alerts")], className="sec"),
        ),
    ]
    body = html.Dl([html.Div([html.Dt([picture, " ", name]), html.Dd(content)]) for picture, name, content in rows], className="pairs")
    return plain_card(_("Channels"), body, _("how you hear of an alert"), "wide")
