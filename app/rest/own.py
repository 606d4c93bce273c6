"""What everybody may do about the own account, `/api/people`: password, sessions, tokens, second factor. Another's does not exist here."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from flask import request
from pydantic import Field, StringConstraints

from app.answers import success
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Count, Data, Id, Said, Shape, Time
from data.edits import Body
from data.entries import Row
from data.errors import Code, Refused
from data.fields import NO_NUL, Name
from data.times import iso, iso_or_none

ISSUER = "BotV2 Dashboard"
Password = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1024)]
TIMES = ("created_at", "expires_at", "last_used_at", "revoked_at")


class PasswordIn(Body):
    """A new password, for who knows the present one."""

    present: Password
    password: Password


class PresentIn(Body):
    """The present password: it is you who sits there."""

    present: Password


class CodeIn(Body):
    """A code that the authenticator app shows."""

    code: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=NO_NUL)]


class TokenIn(Body):
    """A new token; with a bot it speaks for that one alone, with days it ends then."""

    name: Name
    scopes: Annotated[list[Literal["read", "ingest", "control"]], Field(min_length=1, max_length=3)]
    bot: Name | None = None
    expires_days: Annotated[float, Field(strict=True, gt=0, le=36_500, allow_inf_nan=False)] | None = None


class Me(Shape):
    """Who is signed in."""

    name: str
    role: str
    two_factor: bool
    two_factor_since: Time | None
    recovery_codes: Annotated[Count, Field(description="How many are left")]


class Session(Shape):
    """A signed-in browser."""

    id: str
    created_at: Time
    last_used_at: Time
    address: str
    user_agent: str
    this: Annotated[bool, Field(description="Whether it is the one that asks")]


class Sessions(Shape):
    """Open sessions, the last used first."""

    sessions: list[Session]


class Token(Shape):
    """A token without its secret."""

    id: Id
    name: str
    prefix: str
    scopes: str
    bot: str | None
    created_by: Annotated[str | None, Field(description="Null: on the command line")]
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None
    revoked_at: Time | None


class Tokens(Shape):
    """Tokens, the newest first: of an admin all, of others those that they made."""

    tokens: list[Token]


class NewToken(Shape):
    """A token's text, told this once."""

    token: str


class Secret(Shape):
    """What an authenticator app wants to know, told this once: the secret, the address that holds it, and that as a picture."""

    secret: str
    address: str
    picture: Annotated[str, Field(description="A data: address of an SVG with the QR code")]


class Codes(Shape):
    """Recovery codes, told this once; each counts once."""

    codes: list[str]


def who(call: Call) -> dict[str, str]:
    """Return who does it and from where, as `Accounts` notes it."""
    return {"actor": call.principal.name, "address": request.remote_addr or ""}


def get_me(call: Call) -> Row:
    """Return who is signed in."""
    person = _person(call)
    state = call.desk.accounts.two_factor(call.principal.number)
    known = {"two_factor": state["enabled"], "two_factor_since": iso_or_none(state["since"]), "recovery_codes": state["recovery_codes"]}
    return success(data={"name": person, "role": call.principal.role, **known})


def change_password(call: Call) -> Row:
    """Change one's own password; all sessions end, this one too."""
    call.desk.accounts.change_password(_person(call), call.body.present, call.body.password, address=request.remote_addr or "")
    return success(message="changed; sign in again")


def get_sessions(call: Call) -> Row:
    """Return one's own open sessions, the last used first."""
    return success(data={"sessions": sessions_of(call, _person(call))})


def end_session(call: Call, identity: str) -> Row:
    """End one of one's own sessions; an admin ends anybody's."""
    person = _person(call)
    call.desk.accounts.end_session(identity, owner=None if call.principal.is_admin else person, **who(call))
    return success(message="ended")


def end_other_sessions(call: Call) -> Row:
    """End all of one's own sessions but this one."""
    _person(call)
    call.desk.accounts.revoke_other_sessions(call.principal, address=request.remote_addr or "")
    return success(message="ended")


def get_tokens(call: Call) -> Row:
    """Return one's own tokens without their secrets; an admin sees all."""
    rows = call.desk.accounts.list_tokens(_owner(call))
    return success(data={"tokens": [{**row, **{name: iso_or_none(row[name]) for name in TIMES}} for row in rows]})


def make_token(call: Call) -> Row:
    """Make a token; it may never do more than who made it may at the time."""
    _person(call)
    days = call.body.expires_days
    expires = None if days is None else timedelta(days=days)
    scopes = frozenset(call.body.scopes)
    token = call.desk.accounts.create_token(call.body.name, scopes, call.body.bot, expires, owner=call.principal.number, **who(call))
    return success(data={"token": token})


def end_token(call: Call, number: int) -> Row:
    """Make one of one's own tokens useless from now on; an admin ends anybody's."""
    if not call.desk.accounts.revoke_token(number, owner=_owner(call), **who(call)):
        raise Refused(Code.NOT_FOUND, "there is no token in force with this number")
    return success(message="revoked")


def begin_two_factor(call: Call) -> Row:
    """Begin to switch one's own second factor on: return a secret for an authenticator app. Nothing is asked for before it is confirmed."""
    import pyotp
    import segno  # both here: few people ever need them

    person = _person(call)
    secret = call.desk.accounts.begin_two_factor(person, call.body.present, address=request.remote_addr or "")
    address = pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=ISSUER)
    return success(
        data={"secret": secret, "address": address, "picture": segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff")}
    )


def confirm_two_factor(call: Call) -> Row:
    """Switch one's own second factor on with a first code of the app, and return the recovery codes."""
    return success(data={"codes": call.desk.accounts.confirm_two_factor(_person(call), call.body.code, address=request.remote_addr or "")})


def renew_codes(call: Call) -> Row:
    """Make new recovery codes; the old ones count no more."""
    return success(data={"codes": call.desk.accounts.renew_recovery_codes(_person(call), call.body.present, address=request.remote_addr or "")})


def end_two_factor(call: Call) -> Row:
    """Switch one's own second factor off."""
    call.desk.accounts.end_own_two_factor(_person(call), call.body.present, address=request.remote_addr or "")
    return success(message="switched off")


def sessions_of(call: Call, name: str) -> list[dict[str, Any]]:
    """Return the open sessions of a user as the API tells them."""
    listed = call.desk.accounts.list_sessions(name)
    return [
        {
            **{field: row[field] for field in ("id", "address", "user_agent")},
            **{field: iso(row[field]) for field in ("created_at", "last_used_at")},
            "this": row["digest"] == call.principal.digest,
        }
        for row in listed
    ]


def _person(call: Call) -> str:
    if not call.principal.is_session:
        raise Refused(Code.FORBIDDEN, "this is about a person's account: sign in; a token has none")
    return call.principal.name


def _owner(call: Call) -> int | None:
    """Return whose tokens the caller may know of: None for everybody's."""
    _person(call)
    return None if call.principal.is_admin else call.principal.number


ENDPOINTS = (
    Endpoint("GET", "/me", "read", get_me, returns=Data[Me]),
    Endpoint("POST", "/me/password", "read", change_password, body=PasswordIn, returns=Said),
    Endpoint("POST", "/me/two-factor", "read", begin_two_factor, body=PresentIn, returns=Data[Secret]),
    Endpoint("POST", "/me/two-factor/confirm", "read", confirm_two_factor, body=CodeIn, returns=Data[Codes]),
    Endpoint("POST", "/me/two-factor/codes", "read", renew_codes, body=PresentIn, returns=Data[Codes]),
    Endpoint("POST", "/me/two-factor/off", "read", end_two_factor, body=PresentIn, returns=Said),
    Endpoint("GET", "/sessions", "read", get_sessions, returns=Data[Sessions]),
    Endpoint("DELETE", "/sessions", "read", end_other_sessions, returns=Said),
    Endpoint("DELETE", "/sessions/<path:identity>", "read", end_session, returns=Said),
    Endpoint("GET", "/tokens", "control", get_tokens, returns=Data[Tokens]),
    Endpoint("POST", "/tokens", "control", make_token, body=TokenIn, status=201, returns=Data[NewToken]),
    Endpoint("DELETE", "/tokens/<int:number>", "control", end_token, returns=Said),
)
