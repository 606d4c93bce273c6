"""The people API, `/api/people`: for admins the users and the audit log; for everybody what is in `app.rest.own`."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import Field

from app.answers import success
from app.rest import own
from app.rest.endpoint import Call, Endpoint
from app.rest.exporting import MEDIA_TYPES
from app.rest.shapes import Data, Id, Said, Shape, Time
from data.accounts import chain
from data.accounts.history import COLUMNS, AuditFileScope, AuditScope, History
from data.edits import Body, Change, Switch
from data.entries import Row
from data.export import csv_lines, json_lines
from data.fields import Name
from data.times import iso

Role = Literal["admin", "operator", "viewer"]


class UserIn(Body):
    """A new user, who chooses the password by the link that the answer holds."""

    name: Name
    role: Role = "viewer"


class UserChange(Change):
    """Another role, or whether somebody is shut out; either ends all sessions of that user."""

    never_empty = frozenset({"role", "disabled"})
    role: Role | None = None
    disabled: Switch | None = None


class User(Shape):
    """Somebody who may sign in."""

    id: Id
    name: str
    role: Role
    disabled: bool
    has_password: bool
    two_factor: bool
    created_at: Time


class Users(Shape):
    """Every user, by name."""

    users: list[User]


class NewUser(Shape):
    """A user that was made, and the link by which a password is chosen; it is told this once."""

    user: User
    link: str


class ResetLink(Shape):
    """A link that sets a new password, once, within 24 hours; it is told this once."""

    link: str


class Entry(Shape):
    """A row of the audit log. `hash` covers the row and `previous_hash`."""

    id: Id
    at: Time
    actor: str
    action: str
    target: str | None
    address: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    previous_hash: str
    hash: str


class Entries(Shape):
    """A page of the audit log, newest first."""

    entries: list[Entry]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page; null on the last")]


class Head(Shape):
    """The last row of the audit log."""

    id: Id
    hash: str


class Broken(Shape):
    """The first row that is not as it was written, and why."""

    id: Id
    why: str


class Verified(Shape):
    """What came of computing every hash again: how many rows held, the last of them, and the first that does not."""

    rows: Id
    head: Head
    broken: Broken | None


def get_users(call: Call) -> Row:
    """Return every user."""
    return success(data={"users": [_user(row) for row in call.desk.accounts.list_users()]})


def add_user(call: Call) -> Row:
    """Add a user, and return the link by which that user chooses a password."""
    accounts = call.desk.accounts
    accounts.add_user(call.body.name, None, call.body.role, **own.who(call))
    link = accounts.create_link(call.body.name, resets_password=True, **own.who(call))
    return success(data={"user": _one(call, call.body.name), "link": _address_of(link)})


def change_user(call: Call, number: int) -> Row:
    """Give a user another role, shut one out or let one in again; 409 for the last admin."""
    accounts, name = call.desk.accounts, call.desk.accounts.name_of(number)
    if call.body.role is not None:
        accounts.set_role(name, call.body.role, **own.who(call))
    if call.body.disabled is not None:
        accounts.set_disabled(name, call.body.disabled, **own.who(call))
    return success(data=_one(call, name))


def make_link(call: Call, number: int) -> Row:
    """Make a link by which a user chooses a new password, once, within 24 hours; hand it on by a way that you trust."""
    accounts = call.desk.accounts
    link = accounts.create_link(accounts.name_of(number), resets_password=True, **own.who(call))
    return success(data={"link": _address_of(link)})


def get_sessions(call: Call, number: int) -> Row:
    """Return the open sessions of a user, the last used first."""
    return success(data={"sessions": own.sessions_of(call, call.desk.accounts.name_of(number))})


def end_sessions(call: Call, number: int) -> Row:
    """End all sessions of a user."""
    accounts = call.desk.accounts
    accounts.revoke_sessions(accounts.name_of(number), **own.who(call))
    return success(message="ended")


def end_two_factor(call: Call, number: int) -> Row:
    """Switch a user's second factor off, for one who has lost it."""
    accounts = call.desk.accounts
    was_on = accounts.end_two_factor(accounts.name_of(number), **own.who(call))
    return success(message="switched off" if was_on else "it was off")


def get_audit(call: Call) -> Row:
    """Return a page of the audit log, newest first."""
    return success(data=History(call.desk.store).page(call.query))


def verify_audit(call: Call) -> Row:
    """Compute the hash of every row of the audit log again, and return the first that does not hold."""
    return success(data=chain.verify(call.desk.store))


def export_audit(call: Call) -> Response:
    """Stream all matching rows as audit.csv or audit.json."""
    rows, file_format = History(call.desk.store).every(call.query), call.query.format
    lines = csv_lines(rows, COLUMNS) if file_format == "csv" else json_lines(rows)
    headers = {"Content-Disposition": f'attachment; filename="audit.{file_format}"'}
    return Response(lines, content_type=MEDIA_TYPES[file_format], headers=headers)


def _one(call: Call, name: str) -> Row:
    return next(_user(row) for row in call.desk.accounts.list_users() if row["name"] == name)


def _user(row: Row) -> Row:
    return {**row, "created_at": iso(row["created_at"])}


def _address_of(link: str) -> str:
    return f"{request.root_url}login/once/{link}"


def _admins(method: str, path: str, answer: Callable[..., Row | Response], **more: Any) -> Endpoint:
    return Endpoint(method, path, "admin", answer, **more)


ENDPOINTS = (
    _admins("GET", "/users", get_users, returns=Data[Users]),
    _admins("POST", "/users", add_user, body=UserIn, status=201, returns=Data[NewUser]),
    _admins("PATCH", "/users/<int:number>", change_user, body=UserChange, returns=Data[User]),
    _admins("POST", "/users/<int:number>/link", make_link, status=201, returns=Data[ResetLink]),
    _admins("GET", "/users/<int:number>/sessions", get_sessions, returns=Data[own.Sessions]),
    _admins("DELETE", "/users/<int:number>/sessions", end_sessions, returns=Said),
    _admins("DELETE", "/users/<int:number>/two-factor", end_two_factor, returns=Said),
    _admins("GET", "/audit", get_audit, query=AuditScope, returns=Data[Entries]),
    _admins("GET", "/audit/verify", verify_audit, returns=Data[Verified]),
    _admins("GET", "/audit/export", export_audit, query=AuditFileScope, streams=Entry),
    *own.ENDPOINTS,
)
