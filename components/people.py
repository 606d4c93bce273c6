"""The people on the settings page: one's own account with its sessions, and for admins all users.

A button's `data-people` is the call that it makes ("POST /api/…"), `data-fields` what is asked first, `data-question` what is said to it,
`data-then` what its answer is; people.js asks in one dialog.
"""

from collections.abc import Sequence
from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from components import format as fmt
from components.dialogs import sheet
from components.ids import Id
from components.parts import Content, Record, chip, facts, named
from components.words import N_, _, plural

API = "/api/people"
ROLES = {"admin": N_("Admin"), "operator": N_("Operator"), "viewer": N_("Viewer")}
ONLY_ADMINS = N_("Admins see who may sign in, and change it.")
NO_PERSON = N_("This belongs to people: sign in.")
# What a browser calls itself names others, too: the first that is found counts.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))


def place() -> list[Component]:
    """Return the dialog in which people.js asks, and what tells the server that something was changed."""
    body = [html.Div(className="people-ask")]
    return [sheet(Id.PEOPLE_DIALOG, _("Account"), body, extra="small"), dcc.Store(id=Id.PEOPLE_CHANGED)]


def account(state: Record, sessions: Sequence[Record], this: str, now: datetime) -> Content:
    """Return what a person may change about the own account, and the browsers that are signed in; `this` is the digest of the one that asks."""
    password = action(_("Change password"), "POST", "/me/password", fields="present password", then="out")
    return [
        html.Div([password, *_two_factor(state)], className="choices"),
        html.P(_second_factor_words(state), className="sec"),
        html.H3(_("Where you are signed in")),
        _sessions(sessions, this, now),
        action(_("End all other sessions"), "DELETE", "/sessions", question=_("End all your sessions but this one?")) if len(sessions) > 1 else None,
    ]


def _two_factor(state: Record) -> list[html.Button]:
    if not state["enabled"]:
        return [action(_("Switch two-factor sign-in on"), "POST", "/me/two-factor", fields="present", then="enrol")]
    return [
        action(_("New recovery codes"), "POST", "/me/two-factor/codes", fields="present", then="codes"),
        action(_("Switch two-factor sign-in off"), "POST", "/me/two-factor/off", fields="present"),
    ]


def _second_factor_words(state: Record) -> str:
    if not state["enabled"]:
        return _("Two-factor sign-in is off: who knows your password gets in. With it a code of an app on your phone is asked for, too.")
    left = state["recovery_codes"]
    return _("Two-factor sign-in is on.") + " " + plural("{n} recovery code is left.", "{n} recovery codes are left.", left).format(n=fmt.level(left))


def _sessions(sessions: Sequence[Record], this: str, now: datetime) -> html.Div:
    heads = (_("Browser"), _("Address"), _("Signed in"), _("Last used"), _("Access"))
    return table(_("Sessions"), heads, [_session(session, session["digest"] == this, now) for session in sessions])


def _session(session: Record, is_this: bool, now: datetime) -> html.Tr:
    question = _("End this session? That browser has to sign in again.")
    end = action(_("End"), "DELETE", f"/sessions/{session['id']}", question=question, of=session["id"][:6])
    return html.Tr(
        [
            html.Td(browser_name(session["user_agent"]), title=session["user_agent"]),
            html.Td(session["address"] or fmt.UNKNOWN),
            html.Td(fmt.moment(session["created_at"], now)),
            html.Td(fmt.moment(session["last_used_at"], now)),
            html.Td(chip(_("this one")) if is_this else end),
        ]
    )


def browser_name(user_agent: str) -> str:
    """Return which browser, on which system, calls itself so; what is neither as it stands."""
    found = [
        next(name for mark, name in marks if mark in user_agent) for marks in (BROWSERS, SYSTEMS) if any(mark in user_agent for mark, _name in marks)
    ]
    return " · ".join(found) or user_agent[:80] or fmt.UNKNOWN


def users(known: Sequence[Record], now: datetime) -> Content:
    """Return the list of users, each with what an admin may do about it, and the button that adds one."""
    add = action(_("Add a user"), "POST", "/users", fields="name role", then="link")
    heads = (_("Name"), _("Role"), _("Since"), _("Access"), _("Change"))
    return [add, table(_("Users"), heads, [_user(user, now) for user in known])]


def _user(user: Record, now: datetime) -> html.Tr:
    name, path = user["name"], f"/users/{user['id']}"
    out = (_("shut out") if user["disabled"] else _("allowed")) + (" · " + _("two-factor") if user["two_factor"] else "")
    reset = _("Make a link by which {name} chooses a new password? It works once, within 24 hours.").format(name=name)
    end = _("End all sessions of {name}?").format(name=name)
    buttons = [
        action(_("Role"), "PATCH", path, fields="role", value=user["role"], of=name),
        action(_("Reset password"), "POST", f"{path}/link", question=reset, then="link", of=name),
        action(_("End sessions"), "DELETE", f"{path}/sessions", question=end, of=name),
        _lock(user, path),
    ]
    if user["two_factor"]:
        off = _("Switch two-factor sign-in of {name} off?").format(name=name)
        buttons.append(action(_("Two-factor off"), "DELETE", f"{path}/two-factor", question=off, of=name))
    cells = [html.Td(name, className="sym"), html.Td(_(ROLES[user["role"]])), html.Td(fmt.moment(user["created_at"], now)), html.Td(out)]
    return html.Tr([*cells, html.Td(html.Div(buttons, className="choices"))], className="ended" if user["disabled"] else "")


def _lock(user: Record, path: str) -> html.Button:
    name = user["name"]
    if user["disabled"]:
        let_in = _("Let {name} in again?").format(name=name)
        return action(_("Let in"), "PATCH", path, question=let_in, body='{"disabled": false}', of=name)
    question = _("Shut {name} out? All sessions end at once, and the tokens that {name} made count no more until then.").format(name=name)
    return action(_("Shut out"), "PATCH", path, question=question, body='{"disabled": true}', of=name)


def action(label: str, method: str, path: str, *, of: str | None = None, **more: str) -> html.Button:
    """Return a button that people.js does, `of` whom or what is said to screen readers; `more` are its other facts."""
    attributes = named(f"{label}: {of}") if of else {}
    return html.Button(label, type="button", className="btn-line", **attributes, **facts(people=f"{method} {API}{path}", **more))


def table(name: str, heads: Sequence[str], rows: Sequence[html.Tr]) -> html.Div:
    """Return a table that scrolls sideways within its card."""
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    body = html.Table([head, html.Tbody(list(rows))], className="tokens wraps")
    return html.Div(body, className="table-scroll", tabIndex=0, role="group", **named(name))
