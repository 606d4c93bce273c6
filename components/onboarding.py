"""The first steps on an empty store: make a token, copy a snippet, see the first record arrive.

The card stands on the Dashboard, hidden by the stylesheet until its panel says that nothing has been reported yet.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dash import dcc, html

from components import format as fmt
from components.ids import Id, body_of, drawing_of
from components.links import at
from components.parts import DECORATION, Content, Record, View, facts, named, severity
from components.words import N_, _
from data import times
from data.scope import ActivityScope

if TYPE_CHECKING:
    from data.desk import Desk

FRESH = timedelta(minutes=15)  # so long the first bot's arrival is news
# As README.md has them: in the folder of the program, beside the file.
IMPORTS = (
    (N_("Bring the trades of freqtrade, from its database"), ".venv/bin/python -m app import freqtrade tradesv3.sqlite --bot my-bot"),
    (N_("Bring trades from a table (CSV)"), ".venv/bin/python -m app import csv trades.csv --bot my-bot"),
)
MAY_NOT = N_("Your role may look at everything but make no token. Ask an operator or an admin for one.")


def first_steps(desk: "Desk") -> Record:
    """Return whether nobody has reported yet (`state` is "waiting"), one bot has just begun ("arrived"), or neither ("done")."""
    feeds = desk.live.feeds()
    if not feeds:
        return {"state": "waiting"}
    [first, *others] = feeds
    if others or first["demo"] or times.now() - times.parse_iso(first["first_seen"]) > FRESH:
        return {"state": "done"}
    events = desk.live.search(ActivityScope(bot=(first["bot"],), limit=1)).events
    return {"state": "arrived", "bot": first["bot"], "at": first["first_seen"], "event": events[0]["message"] if events else None}


def arrival(answer: Record, now: datetime) -> View:
    """Return the last step: that the first record is waited for, or that it is there."""
    if answer["state"] == "done":
        return View(None, None)
    if answer["state"] == "waiting":
        dot = html.I(className="dot waiting", **DECORATION)
        return View(None, html.Div([dot, _("Waiting for the first record …")], className="arrival", **facts(onboarding="waiting")))
    said: list[Any] = [_("The first record is here: {bot}, {time}.").format(bot=answer["bot"], time=fmt.moment(answer["at"], now))]
    if answer["event"]:
        said = [*said, " ", html.B(answer["event"])]
    link = html.A(_("Watch it on the Live Monitor"), href=at("/monitoring"), className="btn-main")
    return View(None, html.Div([severity("SUCCESS"), html.Span(said), link], className="arrival", **facts(onboarding="arrived")))


def onboarding(may_control: bool) -> html.Section:
    """Return the card with the three steps; who may not make tokens is told whom to ask."""
    if may_control:
        # Not Bootstrap's field: it would have its library loaded, for the first page and for nothing else on it.
        name = dcc.Input(id=Id.FIRST_NAME, className="form-control", placeholder="my-bot", maxLength=200, autoComplete="off", value="my-bot")
        form = html.Div(
            [
                html.Div([html.Label(_("Name of the bot"), htmlFor=Id.FIRST_NAME, className="form-label"), name]),
                html.Button(_("Make a token"), id=Id.FIRST_MAKE, type="button", className="btn-main"),
            ],
            className="first-form",
        )
        token: Content = [form, html.Div(id=Id.FIRST_MADE, role="status")]
    else:
        token = html.P(_(MAY_NOT), className="sec")
    live: dict[str, Any] = {"aria-live": "polite"}
    steps = [
        html.Li([html.B(_("Make a token for your bot")), html.Div(token)]),
        html.Li([html.B(_("Copy one of the snippets into it")), html.P(_("They appear with the token: Python, curl, freqtrade."), className="sec")]),
        html.Li([html.B(_("See its first record arrive")), html.Div(id=body_of(Id.PANEL_ONBOARDING), **live)]),
    ]
    hints = html.Dl(
        [
            html.Div([html.Dt(_("Look around first, with bots on a simulated market")), html.Dd(html.Code("make run"))]),
            *(html.Div([html.Dt(_(what)), html.Dd(html.Code(command))]) for what, command in IMPORTS),
        ],
        className="pairs",
    )
    head = html.Div(html.H2(_("Connect your first bot")), className="card-head")
    body = html.Div([html.Ol(steps, className="steps"), hints], className="card-body")
    store = dcc.Store(id=drawing_of(Id.PANEL_ONBOARDING))
    return html.Section([store, head, body], id=str(Id.PANEL_ONBOARDING), className="card wide onboarding", **named(_("Connect your first bot")))
