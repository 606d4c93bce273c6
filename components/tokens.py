"""The API tokens on the settings page: the form, the one time that a token is shown, and the list."""

from collections.abc import Sequence
from datetime import datetime

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import format as fmt
from components import snippets
from components.ids import Id
from components.parts import Content, Record, button, chip, facts, hidden, named
from components.words import N_, _, plural
from data.errors import Refused

NEVER = "never"
EXPIRES_DAYS = (1, 7, 30, 90, 365)
SCOPES = (
    ("ingest", N_("ingest: report as a bot")),
    ("read", N_("read: look at everything")),
    ("control", N_("control: clear, remove, change settings")),
)


HEADS = (N_("Name"), N_("Begins with"), N_("Scopes"), N_("Bot"), N_("Made"), N_("By"), N_("Last used"), N_("Ends"))


def token_form() -> html.Div:
    """Return the form, the place where a new token is shown once, and the place of the list."""
    scopes = dbc.Checklist([{"label": _(label), "value": name} for name, label in SCOPES], value=["ingest"], id=Id.ACCESS_SCOPES, inline=True)
    fields = [
        html.Div(
            [
                dbc.Label(_("Name"), html_for=Id.ACCESS_NAME),
                dbc.Input(id=Id.ACCESS_NAME, placeholder=_("what it is for"), maxLength=200, autoComplete="off"),
            ]
        ),
        html.Div(
            [
                dbc.Label(_("Bot (optional)"), html_for=Id.ACCESS_BOT),
                dbc.Input(id=Id.ACCESS_BOT, placeholder=_("any"), maxLength=200, autoComplete="off"),
            ]
        ),
        html.Div([dbc.Label(_("Ends"), html_for=Id.ACCESS_EXPIRES), dbc.Select(_expiries(), value=NEVER, id=Id.ACCESS_EXPIRES)]),
        html.Div([html.P(_("Scopes"), className="form-label"), scopes], role="group", className="scopes", **named(_("Scopes"))),
        html.Button(_("Create token"), id=Id.ACCESS_CREATE, type="button", className="btn-main"),
    ]
    stores = [dcc.Store(id=Id.ACCESS_CHANGED), dcc.Store(id=Id.ACCESS_REVOKE)]
    return html.Div([html.Div(fields, className="form"), html.Div(id=Id.ACCESS_MADE, role="status"), html.Div(id=Id.ACCESS_LIST), *stores])


def _expiries() -> list[dict[str, str]]:
    known = [{"label": plural("{n} day", "{n} days", days).format(n=days), "value": str(days)} for days in EXPIRES_DAYS]
    return [{"label": _("never"), "value": NEVER}, *known]


def made_token(token: str, name: str, scopes: Sequence[str], bot: str | None, server: str) -> html.Div:
    """Return the new token with what to do with it; the text stands nowhere else.

    A token that is bound to no bot speaks for one of its own name in the snippets: each bot should have a name.
    """
    speaker = bot or name
    if "ingest" in scopes:
        shown = [
            (_("Five lines for a bot in Python"), snippets.python(token, speaker, server)),
            (_("The same with curl"), snippets.curl(token, speaker, server)),
            (_("For freqtrade, in its config.json"), snippets.freqtrade(token, speaker, server)),
        ]
    else:
        shown = [(_("Try it with curl"), snippets.curl_reading(token, server))]
    head = html.P([html.B(_("Token “{name}” is made.").format(name=name)), " ", _("It is shown this once: copy it now.")])
    return html.Div([head, *(_copyable(label, text) for label, text in [(_("The token"), token), *shown])], className="made")


def _copyable(label: str, text: str) -> html.Div:
    return html.Div(
        [
            html.P(label, className="form-label"),
            html.Pre(text, tabIndex=0, **named(label)),
            button(_("Copy: {label}").format(label=label), "copy", wordless=True, **facts(copy="true")),
        ],
        className="copyable",
    )


def refused(refusal: Refused) -> html.P:
    """Return in words why no token was made."""
    faults = "; ".join(f"{name} {fault}" for name, fault in refusal.fields.items())
    return html.P(_("No token was made: {why}.").format(why=faults or refusal.message), className="fault")


def token_table(tokens: Sequence[Record], now: datetime) -> Content:
    """Return the list of `tokens` without their secrets, those in force with a button that revokes them."""
    if not tokens:
        return html.P(_("No token yet. A bot needs one with the scope “ingest”."), className="sec")
    heads = [*(html.Th(_(head), scope="col") for head in HEADS), html.Th(hidden(_("In force")), scope="col")]
    return html.Div(
        html.Table([html.Thead(html.Tr(heads)), html.Tbody([_row(token, now) for token in tokens])], className="tokens"),
        className="table-scroll",
        tabIndex=0,
        role="group",
        **named(_("API tokens")),
    )


def _row(token: Record, now: datetime) -> html.Tr:
    expired = token["expires_at"] is not None and token["expires_at"] <= now
    ended = _("revoked") if token["revoked_at"] else _("expired") if expired else ""
    words = _("Revoke the token “{name}”? What uses it is refused from now on.").format(name=token["name"])
    question = facts(confirm=words, store=Id.ACCESS_REVOKE, value=str(token["id"]))
    spoken = named(_("Revoke {name}").format(name=token["name"]))
    revoke = html.Button(_("Revoke"), type="button", className="btn-line", **spoken, **question)
    return html.Tr(
        [
            html.Td(token["name"], className="sym"),
            html.Td(html.Code(f"{token['prefix']}…")),
            html.Td([chip(scope) for scope in token["scopes"].split()], className="chips"),
            html.Td(token["bot"] or _("any")),
            html.Td(fmt.moment(token["created_at"], now)),
            html.Td(token["created_by"] or _("command line")),
            html.Td(fmt.moment(token["last_used_at"], now)),
            html.Td(fmt.moment(token["expires_at"], now) if token["expires_at"] else _("never")),
            html.Td(ended or revoke),
        ],
        className="ended" if ended else "",
    )
