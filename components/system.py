"""The parts of the System health page."""

import platform
from datetime import datetime
from importlib.metadata import version
from typing import Any

from dash import html

from components import format as fmt
from components.feeds import feed_facts
from components.parts import DECORATION, Record, View, as_of_now, chip, empty, facts, opener, plain_card, severity, table_head, time
from components.words import N_, _

LAG_HEADS = ((N_("Bot"), ""), (N_("Last record"), "num"), (N_("Lag"), "num"), (N_("Heartbeat"), "num"), (N_("Silent after"), "num c-wide"))
LIBRARIES = ("dash", "plotly", "dash-ag-grid", "pandas", "numpy", "flask", "flask-socketio", "sqlalchemy", "gunicorn")


def lags(feeds: list[Record], now: datetime) -> View:
    """Return how far each bot is behind; stale.js counts on by the browser's clock."""
    if not feeds:
        return View(None, empty(_("No bot has reported yet"), _("One appears with its first record, such as"), "POST /api/monitoring/activity"))
    head = table_head(LAG_HEADS)
    rows = [_lag(feed, now) for feed in feeds]
    return View(html.Span(fmt.level(len(feeds)), className="as-of"), html.Table([head, html.Tbody(rows)], className="positions lags"))


def _lag(feed: Record, now: datetime) -> html.Tr:
    heartbeat = feed["heartbeat_seconds"]
    name = opener(feed["bot"], "sym", f"bot:{feed['bot']}")
    marks: list[Any] = [html.I(className="dot", **DECORATION), name]
    return html.Tr(
        [
            html.Td([*marks, " ", chip("DEMO", "demo-chip")] if feed["demo"] else marks),
            html.Td(time(feed["last_seen"], now), className="num mut"),
            html.Td(html.Span(className="lag"), className="num"),
            html.Td(fmt.UNKNOWN if heartbeat is None else f"{fmt.plain(heartbeat)}{fmt.THIN}s", className="num mut"),
            html.Td(fmt.UNKNOWN if heartbeat is None else f"{fmt.plain(3 * heartbeat)}{fmt.THIN}s", className="num mut c-wide"),
        ],
        **feed_facts(feed),
    )


def vitals(measured: Record, now: datetime) -> View:
    """Return what was measured of store, feed, queues and sockets."""
    database, feed, counts = measured["database"], measured["feed"], measured["counts"]
    healthy = database["state"] == "ok"
    answering = [
        severity("SUCCESS" if healthy else "CRITICAL"),
        " ",
        _("answers") if healthy else _("does not answer ({code})").format(code=database["state"]),
    ]
    latency = database.get("latency_ms")
    rows: list[tuple[str, Any]] = [
        (_("Store"), [*answering, f" ({measured['store']})"]),
        (_("Answer time of the store"), fmt.UNKNOWN if latency is None else f"{fmt.level(latency, 1)}{fmt.THIN}ms"),
        (_("Running for"), fmt.duration(measured["uptime_seconds"])),
        (_("Last record"), time(feed["last_record_at"], now) if feed["last_record_at"] else fmt.UNKNOWN),
        (_("Records not shown yet"), fmt.level(feed["records_behind"])),
        (_("Requests that wait for the writer"), fmt.level(feed["waiting"])),
        (_("Open pages and sockets"), fmt.level(measured["sockets"])),
        (_("Records in the journal"), fmt.level(counts.get("last_id"))),
        (_("Stored trades"), fmt.level(counts.get("trades"))),
        (_("Active alerts"), fmt.level(sum(counts["active_alerts"].values()) if counts else None)),
    ]
    if (state := measured["redis"]["state"]) != "unset":
        rows.insert(2, (_("Redis"), _redis(is_away=state == "away")))
    body = html.Dl([html.Div([html.Dt(name), html.Dd(value)], **facts(key=name)) for name, value in rows], className="pairs")
    return View(as_of_now(now), body)


def _redis(*, is_away: bool) -> list[Any]:
    if is_away:
        return [severity("WARNING"), " ", _("does not serve: each process limits and keeps answers by itself")]
    return [severity("SUCCESS"), " ", _("answers")]


def errors(recent: list[Record], now: datetime) -> View:
    """Return the warnings and errors that this process has logged, newest first."""
    if not recent:
        return View(as_of_now(now), html.Div([severity("SUCCESS"), html.B(_("No warning and no error since the start"))], className="empty"))
    rows = [
        html.Li(
            [
                time(line["timestamp"], now),
                severity(line["level"]),
                html.P(line["message"], className="message two"),
                html.Div([chip(line["level"], "type"), line["logger"]], className="labels"),
            ],
            className="entry",
            **facts(key=str(line["id"])),
        )
        for line in recent
    ]
    return View(html.Span(fmt.level(len(recent)), className="as-of"), html.Ol(rows, className="entries"))


def versions(release: str, api: str) -> html.Section:
    """Return the card of the versions that run here."""
    rows = [("BotV2 Dashboard", release), ("API", api), ("Python", platform.python_version()), *((name, version(name)) for name in LIBRARIES)]
    body = html.Dl([html.Div([html.Dt(name), html.Dd(number)]) for name, number in rows], className="pairs")
    return plain_card(_("Versions"), body, extra="four")
