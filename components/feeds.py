"""The bots that report: the list in the sidebar, and the same as choices of the feed's filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from components.parts import DECORATION, Record, View, facts
from components.words import _


def feeds(known: Sequence[Record], now: datetime) -> View:
    """Return the list of `known` bots; stale.js keeps their lag up to date between two drawings, by the browser's clock."""
    if not known:
        nothing = html.P(_("No bot has reported yet"), className="mut")
        return View(None, nothing, bar=nothing)
    choices = [_choice(feed["bot"]) for feed in known]
    return View(None, html.Ul([_feed(feed) for feed in known]), bar=choices)


def feed_facts(feed: Record) -> dict[str, Any]:
    """Return the attributes by which stale.js knows a bot, and how far it may be behind."""
    heartbeat = feed["heartbeat_seconds"]
    return facts(
        key=feed["bot"],
        feed_bot=feed["bot"],
        last_seen=feed["last_seen"],
        heartbeat=None if heartbeat is None else str(heartbeat),
        demo="true" if feed["demo"] else None,
    )


def _feed(feed: Record) -> html.Li:
    lag = html.Span(className="lag")
    name = html.Span(feed["bot"], className="bot", title=feed["bot"])
    return html.Li([html.I(className="dot", **DECORATION), name, lag], **feed_facts(feed))


def _choice(bot: str) -> html.Button:
    return html.Button(bot, className="menu-item", **facts(filter="bot", value=bot, key=bot))
