"""The API tokens on the settings page: the form, the one time that a token is shown, and the list."""

import json
import shlex
from collections.abc import Sequence
from datetime import datetime

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import format as fmt
from components.ids import Id
from components.parts import Content, Record, button, chip, facts, hidden, named
from data.errors import Refused

SCOPES = (
    ("ingest", "ingest: report as a bot"),
    ("read", "read: look at everything"),
    ("control", "control: clear, remove, change settings"),
)


def token_form() -> html.Div:
    """Return the form, the place where a new token is shown once, and the place of the list."""
    scopes = dbc.Checklist([{"label": label, "value": name} for name, label in SCOPES], value=["ingest"], id=Id.ACCESS_SCOPES, inline=True)
    fields = [
        html.Div(
            [
                dbc.Label("Name", html_for=Id.ACCESS_NAME),
                dbc.Input(id=Id.ACCESS_NAME, placeholder="what it is for", maxLength=200, autoComplete="off"),
            ]
        ),
        html.Div(
            [
                dbc.Label("Bot (optional)", html_for=Id.ACCESS_BOT),
                dbc.Input(id=Id.ACCESS_BOT, placeholder="any", maxLength=200, autoComplete="off"),
            ]
        ),
        html.Div([html.P("Scopes", className="form-label"), scopes], role="group", className="scopes", **named("Scopes")),
        html.Button("Create token", id=Id.ACCESS_CREATE, type="button", className="btn-main"),
    ]
    stores = [dcc.Store(id=Id.ACCESS_CHANGED), dcc.Store(id=Id.ACCESS_REVOKE)]
    return html.Div([html.Div(fields, className="form"), html.Div(id=Id.ACCESS_MADE, role="status"), html.Div(id=Id.ACCESS_LIST), *stores])


def made_token(token: str, name: str, scopes: Sequence[str], bot: str | None, server: str) -> html.Div:
    """Return the new token with what to do with it; the text stands nowhere else.

    A token that is bound to no bot speaks for one of its own name in the snippets: each bot should have a name.
    """
    speaker = bot or name
    snippet = "\n".join(
        [
            "from client import connect, EventType",
            f'monitor = connect("{server}", "{token}", bot={json.dumps(speaker)})',
            'monitor.log_event(EventType.SYSTEM, "Hello from my bot")',
            "# ... trade: monitor.update_signal, update_position, send_alert ...",
            "monitor.close()",
        ]
    )
    body = shlex.quote(json.dumps({"event_type": "SYSTEM", "message": "Hello from my bot", "bot": speaker}))
    curl = f'curl {server}/api/monitoring/activity -H "Authorization: Bearer {token}" -H "Content-Type: application/json" -d {body}'
    reads_only = "ingest" not in scopes
    if reads_only:
        curl = f'curl {server}/api/monitoring/activity -H "Authorization: Bearer {token}"'
    shown = [
        ("The token", token),
        *([] if reads_only else [("Five lines for a bot in Python", snippet)]),
        ("The same with curl" if not reads_only else "Try it with curl", curl),
    ]
    head = html.P([html.B(f"Token “{name}” is made."), " It is shown this once: copy it now."])
    return html.Div([head, *(_copyable(label, text) for label, text in shown)], className="made")


def _copyable(label: str, text: str) -> html.Div:
    return html.Div(
        [
            html.P(label, className="form-label"),
            html.Pre(text, tabIndex=0, **named(label)),
            button(f"Copy: {label}", "copy", wordless=True, **facts(copy="true")),
        ],
        className="copyable",
    )


def refused(refusal: Refused) -> html.P:
    """Return in words why no token was made."""
    faults = "; ".join(f"{name} {fault}" for name, fault in refusal.fields.items())
    return html.P(f"No token was made: {faults or refusal.message}.", className="fault")


def token_table(tokens: Sequence[Record], now: datetime) -> Content:
    """Return the list of `tokens` without their secrets, those in force with a button that revokes them."""
    if not tokens:
        return html.P("No token yet. A bot needs one with the scope “ingest”.", className="sec")
    heads = [html.Th(text, scope="col") for text in ("Name", "Begins with", "Scopes", "Bot", "Made", "Last used", hidden("In force"))]
    return html.Div(
        html.Table([html.Thead(html.Tr(heads)), html.Tbody([_row(token, now) for token in tokens])], className="tokens"), className="table-scroll"
    )


def _row(token: Record, now: datetime) -> html.Tr:
    expired = token["expires_at"] is not None and token["expires_at"] <= now
    ended = "revoked" if token["revoked_at"] else "expired" if expired else ""
    question = facts(
        confirm=f"Revoke the token “{token['name']}”? What uses it is refused from now on.", store=Id.ACCESS_REVOKE, value=str(token["id"])
    )
    revoke = html.Button("Revoke", type="button", className="btn-line", **named(f"Revoke {token['name']}"), **question)
    return html.Tr(
        [
            html.Td(token["name"], className="sym"),
            html.Td(html.Code(f"{token['prefix']}…")),
            html.Td([chip(scope) for scope in token["scopes"].split()], className="chips"),
            html.Td(token["bot"] or "any"),
            html.Td(fmt.moment(token["created_at"], now)),
            html.Td(fmt.moment(token["last_used_at"], now)),
            html.Td(ended or revoke),
        ],
        className="ended" if ended else "",
    )
