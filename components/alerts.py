"""Alerts of the last 24 hours, newest first."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components.links import safe_url
from components.parts import Content, Record, View, as_of, empty, facts, row, severity, telling, time, with_amounts
from components.words import _


def alerts(recent: Sequence[Record], now: datetime) -> View:
    """Return the list of `recent` alerts; an action address that is neither https nor a path here is left out."""
    if not recent:
        return View(None, empty(_("No alerts in the last 24 hours"), _("A rule that fires raises one; so does"), "POST /api/monitoring/alerts"))
    return View(as_of(recent, now), html.Ol([_entry(alert, now) for alert in recent], className="entries"))


def _entry(alert: Record, now: datetime) -> html.Li:
    return html.Li(
        [time(alert["timestamp"], now), severity(alert["severity"]), telling(alert["title"], "title", f"alert:{alert['id']}"), _detail(alert)],
        className="entry critical" if alert["severity"] == "CRITICAL" else "entry",
        **row(alert, alert["id"]),
        **facts(detail=f"alert:{alert['id']}"),
    )


def _detail(alert: Record) -> html.P:
    children: Content = with_amounts(alert["message"])
    if url := safe_url(alert.get("action_url")):
        target = "_blank" if url.lower().startswith("https:") else None
        children = [*with_amounts(alert["message"]), " ", html.A(_("Open"), href=url, title=url, target=target, rel="noopener noreferrer")]
    return html.P(children, className="message two sec")
