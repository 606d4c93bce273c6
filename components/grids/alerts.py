"""The table of all alerts that are kept: its columns, its rows, and which alerts the address asks for."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dash import html
from pydantic import ValidationError

from components import format as fmt
from components.alert_center import SEVERITY_WORDS
from components.grids.address import given, parts_of
from components.grids.card import long_grid_card
from components.grids.columns import Column, by_choice, by_text, column, drawn
from components.grids.pills import pills
from components.ids import Id, key_of
from components.links import query
from components.parts import Record, View, as_of_now, empty, facts, nothing_in_range, severity
from components.words import N_, _, plural
from data.exports import AlertFileScope, narrowed
from data.scope import AlertHistoryScope, Selection

if TYPE_CHECKING:
    from data.desk import Desk

PATH = "/api/export/alerts"
TYPES = {"risk": N_("Risk"), "trade": N_("Trade"), "system": N_("System"), "performance": N_("Performance")}
STATUSES = {"active": N_("Active"), "acknowledged": N_("Acknowledged"), "resolved": N_("Resolved")}
SEVERITIES = {name.lower(): word for name, word in SEVERITY_WORDS.items()}
FIELDS = ("type", "severity", "status")
FILTERS = {
    "type": N_("Type: {value}"),
    "severity": N_("Severity: {value}"),
    "status": N_("Status: {value}"),
    "bot_has": N_("Bot contains {value}"),
}


class Asked(NamedTuple):
    """What an address asks of the table: when and whose by the page's selection, its own fields, and a part of the bot's name."""

    selection: Selection
    own: Mapping[str, str]
    has: Mapping[str, str]


def alerts_asked(search: str | None, key: str) -> Asked:
    """Return what an address's query asks of the table; what is no filter, or no value of one, is left out."""
    own = given(search, key)
    has = parts_of(own, ("bot",))
    kept = {name: value for name, value in own.items() if name.removesuffix("_has") in has or (name in FIELDS and _is_right({name: value}))}
    return Asked(Selection.parse(search, key), kept, has)


def _is_right(fields: dict[str, str]) -> bool:
    try:
        AlertHistoryScope.model_validate(fields)
    except ValidationError:
        return False
    return True


def _scope(desk: "Desk", wanted: Asked, **page: Any) -> AlertHistoryScope:
    fields = {name: value for name, value in wanted.own.items() if name in FIELDS}
    scope = AlertHistoryScope(**fields, **wanted.selection.times(), bot=wanted.selection.bot, **page)
    return narrowed(scope, wanted.has, lambda _field: [feed["bot"] for feed in desk.live.feeds()])


def alerts_question(desk: "Desk", wanted: Asked) -> Record:
    """Return how many alerts the table has, at which `version` of them, what an export has to ask for, and the table's own filters."""
    version = _version(desk)
    file = AlertFileScope(**wanted.own, **wanted.selection.times(), bot=wanted.selection.bot)
    page = desk.alerts.page(_scope(desk, wanted, limit=1))
    return {
        "total": page["total"],
        "is_estimate": page["total_is_estimate"],
        "any": page["total"] or desk.alerts.page(AlertHistoryScope(limit=1))["total"],
        "version": version,
        "query": query(file),
        "own": wanted.own,
    }


def alerts_view(answer: Record, now: datetime) -> View:
    """Return the table's head: how many alerts, and as of when; its filters; and why there are none. The rows come by `alert_rows`."""
    bar = pills(key_of(Id.PANEL_ALERT_HISTORY), answer["own"], FILTERS, TYPES | STATUSES | SEVERITIES)
    if not answer["total"]:
        nothing = empty(_("No alerts yet"), _("A rule that fires raises one; so does"), "POST /api/monitoring/alerts")
        return View(None, nothing_in_range() if answer["any"] else nothing, bar)
    total = fmt.level(answer["total"])
    count = _("more than {n} alerts").format(n=total) if answer["is_estimate"] else plural("{n} alert", "{n} alerts", answer["total"]).format(n=total)
    known = facts(version=answer["version"], query=answer["query"])
    return View([html.Span(count, className="as-of", **known), as_of_now(now)], None, bar)


def alert_rows(desk: "Desk", search: str, _sort: str, start: int, stop: int, now: datetime) -> Record:
    """Return the `rows` from one place of the table to another, and of which `version` they are.

    `total` says how many there are, None where that is not counted to the end.
    """
    version = _version(desk)
    if stop <= start:
        return {"rows": [], "total": None, "version": version}
    wanted = alerts_asked(search, key_of(Id.PANEL_ALERT_HISTORY))
    page = desk.alerts.page(_scope(desk, wanted, offset=start, limit=stop - start))
    rows = [alert_row(alert, now) for alert in page["alerts"]]
    end = None if page["has_more"] else start + len(rows)
    return {"rows": rows, "total": end if page["total_is_estimate"] else page["total"], "version": version}


def _version(desk: "Desk") -> str:
    versions = desk.versions()
    return f"{versions['alerts']}.{versions['rules']}"


def alert_row(alert: Record, now: datetime) -> Record:
    """Return an alert as the table shows it."""
    word = _(SEVERITY_WORDS[alert["severity"]])
    return {
        "id": str(alert["id"]),
        "detail": f"alert:{alert['id']}",
        "timestamp": fmt.moment(alert["timestamp"], now),
        "severity": alert["severity"],
        "type": _(TYPES[alert["type"]]),
        "title": alert["title"],
        "message": alert["message"],
        "bot": alert["bot"],
        "status": _(STATUSES[alert["status"]]),
        "resolved_at": fmt.moment(alert["resolved_at"], now),
        "shown": {"severity": [severity(alert["severity"], spoken=False), html.Span(word)]},
    }


def alert_columns() -> list[Column]:
    """Return the columns; the newest stand first, always."""
    types, statuses, severities = ({value: _(word) for value, word in words.items()} for words in (TYPES, STATUSES, SEVERITIES))
    return [
        column("timestamp", _("Time"), 104, style="mut", phone=True),
        by_choice(drawn(column("severity", _("Severity"), 100, phone=True)), "severity", severities),
        by_choice(column("type", _("Type"), 110, style="sec"), "type", types),
        column("title", _("Title"), 160, style="sym", grows=True, phone=True),
        column("message", _("Message"), 320, style="sec", grows=True),
        by_text(column("bot", _("Bot"), 110, style="sec"), "bot_has"),
        by_choice(column("status", _("Status"), 120, style="sec"), "status", statuses),
        column("resolved_at", _("Resolved"), 110, style="mut", hidden=True),
    ]


def alert_history_grid_card() -> html.Section:
    """Return the card of the table."""
    return long_grid_card(Id.PANEL_ALERT_HISTORY, _("Alert history"), alert_columns(), "wide fitted", export=PATH)
