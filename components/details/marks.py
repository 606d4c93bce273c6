"""The details of what people mark and are warned of: an annotation, an alert."""

from datetime import datetime
from typing import TYPE_CHECKING

from dash import html

from components import format as fmt
from components.details.base import Detail, Kind, action, field, form, link, moment, named_link, pairs, parameters, section, text
from components.details.trades import number
from components.grids.alerts import TYPES
from components.links import safe_url
from components.panels import PANELS
from components.parts import SEVERITIES, Record, chip, severity
from components.words import N_, _
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

STATES = {"active": N_("active"), "acknowledged": N_("acknowledged"), "resolved": N_("resolved")}
MARKS = {"trade": N_("Trade"), "signal": N_("Signal"), "news": N_("News"), "custom": N_("Note")}
TITLES = {panel.key: panel.title for panel in PANELS}
NOTE_LENGTH = 2000


def _annotation(desk: "Desk", given: str, _selection: Selection) -> Record:
    return desk.annotations.one(number(given))


def _draw_annotation(mark: Record, now: datetime) -> Detail:
    path = f"/api/annotations/{mark['id']}"
    known = pairs(
        (_("At"), moment(mark["date"], now)),
        (_("Chart"), _(TITLES.get(mark["chart_id"] or "", mark["chart_id"] or fmt.UNKNOWN))),
        (_("Type"), _(MARKS[mark["type"]])),
        (_("By"), mark["user"]),
        (_("Made"), moment(mark["created_at"], now)),
        (_("Last changed"), moment(mark["updated_at"], now)),
    )
    words = field("text", _("Text"), "lines", mark["text"], NOTE_LENGTH)
    question = _("Delete this annotation? It goes for everybody.")
    return Detail(
        title=_("Annotation {id}").format(id=mark["id"]),
        note=chip(_(MARKS[mark["type"]])),
        body=[html.P(mark["text"], className="sheet-text large"), known],
        actions=action(_("Delete"), f"DELETE {path}", _("The annotation is deleted"), "btn-line danger", question),
        form=form("PATCH", path, _("Change the text"), _("Save"), _("The annotation is changed"), words),
    )


def _alert(desk: "Desk", given: str, _selection: Selection) -> Record:
    return desk.alerts.one(number(given))


def _draw_alert(alert: Record, now: datetime) -> Detail:
    path = f"POST /api/alerts/{alert['id']}"
    known = pairs(
        (_("Severity"), html.Span([severity(alert["severity"], spoken=False), " ", _(SEVERITIES[alert["severity"]][1])])),
        (_("Type"), _(TYPES[alert["type"]])),
        (_("Raised"), moment(alert["timestamp"], now)),
        (_("Acknowledged"), moment(alert["acknowledged_at"], now)),
        (_("Resolved"), moment(alert["resolved_at"], now)),
        (_("Bot"), named_link("bot", alert["bot"])),
        (_("Trade"), fmt.UNKNOWN if alert["trade_id"] is None else link(f"trade:{alert['trade_id']}", str(alert["trade_id"]))),
    )
    url = safe_url(alert["action_url"])
    leads = html.A(_("Open what it leads to"), href=url, target="_blank", rel="noopener noreferrer", className="message") if url else None
    rule = section(_("The rule"), parameters(alert["data"])) if alert["data"] else None
    buttons = []
    if alert["status"] == "active":
        buttons.append(action(_("Acknowledge"), f"{path}/acknowledge", _("The alert is acknowledged")))
    if alert["status"] != "resolved":
        buttons.append(action(_("Resolve"), f"{path}/resolve", _("The alert is resolved")))
    return Detail(
        title=alert["title"],
        note=chip(_(STATES[alert["status"]])),
        body=[text(alert["message"]), leads, known, rule],
        actions=buttons,
    )


GONE_ANNOTATION = N_("There is no annotation with this number. Somebody may have deleted it.")
ANNOTATION = Kind(_annotation, _draw_annotation, lambda _desk, mark: [mark], ("annotations",), GONE_ANNOTATION)
ALERT = Kind(_alert, _draw_alert, lambda _desk, alert: [alert], ("alerts",), N_("There is no alert with this number."))
