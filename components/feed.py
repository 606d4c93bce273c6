"""The frame of the activity feed: its head with pause and follow, and its filters. What they do is in feed.js.

The filters live in the URL's query; `activity_scope` is how the server reads it.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import dash_bootstrap_components as dbc
from dash import dcc, html
from pydantic import ValidationError

from components.activity import PAGE_ROWS, TYPES
from components.ids import Id, bar_of
from components.parts import Record, button, card, export_menu, facts, hidden, icon, menu, named, pressed
from components.words import _
from data.fields import EventType
from data.scope import ActivityScope

if TYPE_CHECKING:
    from data.desk import Desk

PATH = "/api/monitoring/activity"
FILTERS = ("event_type", "severity", "bot", "q")


def feed_card(title: str) -> html.Section:
    """Return the card of the feed; its rows, its severity chips and its bot menu are drawn into it."""
    question = _("Clear the activity log for everyone? What was recorded stays in the store and in exports.")
    clear = facts(confirm=question, post=f"{PATH}/clear")
    tools = [
        button(_("Pause"), "pause", **facts(feed="pause"), **pressed(False)),
        button(_("Follow"), "follow", **facts(feed="follow"), **pressed(True)),
        export_menu(title, f"{PATH}/export"),
        button(_("Clear activity"), "broom", "needs-control", wordless=True, **clear),
    ]
    stores = [dcc.Store(id=Id.FEED_OLDER), dcc.Store(id=Id.FEED_OLDER_DRAWING)]
    return card(Id.PANEL_ACTIVITY, title, extra="feed", lines=8, tools=tools, below=html.Div([_filters(), *stores], className="filters"))


def _filters() -> html.Div:
    text = dbc.Input(id=Id.FEED_TEXT, type="search", placeholder=_("Filter by text"), debounce=300, maxLength=200)
    find = html.Label(
        [hidden(_("Filter by text")), icon("find"), text, html.Kbd("/", title=_("Press / to type here"))], className="find", htmlFor=Id.FEED_TEXT
    )
    bots = menu(_("Filter by bot"), [_("Bot"), icon("chevron")], html.Div(id=bar_of(Id.PANEL_FEEDS)), "bots")
    types = html.Div([_type_chip(kind.value) for kind in EventType], className="filter-chips", role="group", **named(_("Type")))
    return html.Div([html.Div([find, bots], className="find-row"), html.Div(id=bar_of(Id.PANEL_ACTIVITY)), types], className="filter-rows")


def _type_chip(name: str) -> html.Button:
    return html.Button(_(TYPES[name]), type="button", className="filter-chip", **facts(filter="event_type", value=name), **pressed(True))


def activity_scope(search: str | None, before_id: int | None = None) -> ActivityScope:
    """Return which events the URL's query asks for, a page of them; what is no filter, or no value of one, is left out."""
    given = dict(parse_qsl((search or "").removeprefix("?")))
    wanted: dict[str, Any] = {name: given[name] for name in FILTERS if name in given}
    try:
        return ActivityScope(**wanted, before_id=before_id, limit=PAGE_ROWS)
    except ValidationError as error:
        for fault in error.errors():
            wanted.pop(str(fault["loc"][0]), None)
        return ActivityScope(**wanted, before_id=before_id, limit=PAGE_ROWS)


def found_events(desk: "Desk", search: str | None) -> Record:
    """Return the newest page of the feed that the URL's query asks for."""
    scope = activity_scope(search)
    filters = scope.model_dump_json(include=set(FILTERS), exclude_none=True)
    counts = desk.live.severity_counts()
    found = desk.live.search(scope)
    return {"events": found.events, "searched_to": found.searched_to_id, "counts": counts, "filtered": filters != "{}", "scope": filters}
