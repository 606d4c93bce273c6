"""The audit log on the settings page, for admins: newest first, filtered, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from dash import dcc, html
from dash.development.base_component import Component

from components import format as fmt
from components.ids import Id
from components.links import at, query
from components.parts import Content, Record, button, facts, named, plain_card
from components.people import table
from components.words import _, plural
from data.accounts.history import AuditFilter

EXPORT = "/api/people/audit/export"


def audit_card(page: Record, scope: AuditFilter, verified: Record | None, now: datetime) -> html.Section:
    """Return the card: the filters, files of all that is in `scope`, what came of `verified` where that was asked for, a page of rows and the
    way to older ones.
    """  # noqa: D205  # a list needs two lines
    chosen = query(AuditFilter(**{name: getattr(scope, name) for name in AuditFilter.model_fields}))
    filters = html.Div(
        [_filter("actor", _("Who")), _filter("action", _("What")), _filter("days", _("Of the last days"))], className="form audit-filter"
    )
    tools = html.Div(
        [
            html.Button(_("Show"), type="button", className="btn-main", **facts(audit="show")),
            html.Button(_("Verify"), type="button", className="btn-line", **facts(audit="verify")),
            *(
                html.A(_("Export {title}").format(title=name.upper()), href=at(f"{EXPORT}?format={name}&{chosen}".rstrip("&")), download="")
                for name in ("csv", "json")
            ),
        ],
        className="choices",
    )
    parts: list[Any] = [
        filters,
        tools,
        html.P(_said(verified), role="status", className="sec") if verified else None,
        _rows(page["entries"], now),
    ]
    if page["has_more"]:
        older = facts(audit="older", cursor=page["next_cursor"])
        parts.append(button(_("Older"), "clock", **older))
    hint = _("Who did what, when and from where. Rows are only ever added, and each seals the one before it.")
    return plain_card(_("Audit log"), parts, hint, "settings-card wide")


def place() -> list[Component]:
    """Return the place of the card, and what people.js asks for it with."""
    return [html.Div(id=Id.AUDIT, className="wide audit-place"), dcc.Store(id=Id.AUDIT_WANTED)]


def _filter(name: str, label: str) -> html.Div:
    # people.js puts the input in: Dash has none that keeps what is typed while the rows below it change
    return html.Div(html.P(label, className="form-label"), **facts(audit_field=name, label=label))


def _file(file_format: str, chosen: str) -> html.A:
    return html.A(_("Export {title}").format(title=file_format.upper()), href=at(f"{EXPORT}?format={file_format}&{chosen}"), download="")


def _said(verified: Record) -> str:
    rows = verified["rows"]
    if (broken := verified["broken"]) is None:
        return plural("{n} row is as it was written.", "{n} rows are as they were written.", rows).format(n=fmt.level(rows))
    return _("Row {id} is not as it was written, or what stood before or after it is missing.").format(id=broken["id"])


def _rows(entries: Sequence[Record], now: datetime) -> Content:
    if not entries:
        return html.P(_("Nothing was done that fits."), className="sec")
    heads = (_("When"), _("Who"), _("What"), _("To what"), _("From where"), _("Before and after"))
    return table(_("Audit log"), heads, [_row(entry, now) for entry in entries])


def _row(entry: Record, now: datetime) -> html.Tr:
    texts = [orjson.dumps(entry[name]).decode() for name in ("before", "after") if entry[name]]
    return html.Tr(
        [
            html.Td(html.Time(fmt.moment(entry["at"], now), dateTime=entry["at"], title=f"{entry['id']} · {entry['at']}")),
            html.Td(entry["actor"], className="sym"),
            html.Td(html.Code(entry["action"])),
            html.Td(entry["target"] or ""),
            html.Td(entry["address"]),
            html.Td(html.Code(" → ".join(texts)), className="audit-change", **(named(" → ".join(texts)) if texts else {})),
        ]
    )
