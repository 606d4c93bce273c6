"""The newest trades and events, in short, for the Dashboard."""

from datetime import datetime
from typing import Any

from dash import html

from components import format as fmt
from components.parts import DECORATION, Record, View, direction, empty, facts, opener, severity, table_head, telling, time, with_amounts
from components.words import N_, _
from data.activity import Found

HEADS = (
    (N_("Closed"), "sorted"),
    (N_("Symbol"), ""),
    (N_("Side"), ""),
    (N_("Strategy"), "c-wide"),
    (N_("Size"), "num c-wide"),
    (N_("Entry"), "num c-wide"),
    (N_("Exit"), "num c-wide"),
    (N_("Net P&L"), "num"),
    (N_("Held"), "num c-wide"),
)
SIDES = {"long": ("▲", N_("Long")), "short": ("▼", N_("Short"))}


def side(value: str) -> list[Any]:
    """Return which way a trade went: an arrow and a word; neither is good or bad, so both are grey."""
    arrow, word = SIDES[value]
    return [html.Span(arrow, className="tri", **DECORATION), _(word)]


def latest_trades(answer: Record, now: datetime) -> View:
    """Return the table of the newest trades, and how many there are in the head."""
    trades = answer["trades"]
    if not trades:
        return View(None, empty(_("No trades yet"), _("One appears as soon as a bot closes a position or sends"), "POST /api/trades"))
    total = fmt.level(answer["total"])
    note = _("{n} of about {total}") if answer["total_is_estimate"] else _("{n} of {total}")
    head = table_head(HEADS)
    decimals = fmt.money_decimals(trade["net_pnl"] for trade in trades)
    table = html.Table([head, html.Tbody([_trade(trade, decimals, now) for trade in trades])], className="positions latest")
    return View(html.Span(note.format(n=fmt.level(len(trades)), total=total), className="as-of"), table)


def _trade(trade: Record, decimals: int, now: datetime) -> html.Tr:
    places = fmt.price_decimals(trade["entry_price"], trade["exit_price"])
    at = trade["exit_time"] or trade["entry_time"]
    result = trade["net_pnl"]
    look = f"num {direction(result)}".strip()
    return html.Tr(
        [
            html.Td(time(at, now), className="mut"),
            html.Td(opener(trade["symbol"], "sym", f"trade:{trade['id']}")),
            html.Td(side(trade["direction"]), className="sec"),
            html.Td(trade["strategy"] or fmt.UNKNOWN, className="c-strategy c-wide sec"),
            html.Td(html.Span(fmt.plain(trade["size"], 5), className="amount"), className="c-wide num sec"),
            html.Td(fmt.level(trade["entry_price"], places), className="c-wide num sec"),
            html.Td(fmt.level(trade["exit_price"], places), className="c-wide num"),
            html.Td(_("open") if trade["status"] == "open" else html.Span(fmt.change(result, decimals), className="amount"), className=look),
            html.Td(fmt.duration(trade["duration_seconds"]), className="c-wide num mut"),
        ],
        **facts(key=str(trade["id"]), row=trade["updated_at"], detail=f"trade:{trade['id']}"),
    )


def latest_events(found: Found, now: datetime) -> View:
    """Return the newest events, a line each, the time of the newest in the head."""
    if not found.events:
        return View(None, empty(_("No events yet"), _("One appears as soon as a bot sends"), "POST /api/monitoring/activity"))
    return View(html.Span(time(found.events[0]["timestamp"], now), className="as-of"), html.Ol([_event(event, now) for event in found.events]))


def _event(event: Record, now: datetime) -> html.Li:
    words = telling(with_amounts(event["message"]), "", f"event:{event['id']}")
    return html.Li([time(event["timestamp"], now), severity(event["severity"]), words], className="entry short", **facts(key=str(event["id"])))
