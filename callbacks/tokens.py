"""Making, listing and revoking API tokens on the settings page. Each asks here, on the server, whether the viewer may."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from flask import request

from components.ids import Id
from components.parts import Content
from components.tokens import EXPIRES_DAYS, made_token, refused, token_table
from data import times
from data.errors import Code, Refused

if TYPE_CHECKING:
    from data.accounts import Principal
    from data.desk import Desk

    Viewer = Callable[[], Principal | None]


def register(app: Dash, desk: "Desk", viewer: "Viewer") -> None:
    """Register the callbacks of the token card on `app`."""

    @app.callback(
        Output(Id.ACCESS_MADE, "children"),
        Output(Id.ACCESS_CHANGED, "data", allow_duplicate=True),
        Output(Id.ACCESS_NAME, "value"),
        Input(Id.ACCESS_CREATE, "n_clicks"),
        State(Id.ACCESS_NAME, "value"),
        State(Id.ACCESS_SCOPES, "value"),
        State(Id.ACCESS_BOT, "value"),
        State(Id.ACCESS_EXPIRES, "value"),
        prevent_initial_call=True,
    )
    def create(clicks: object, name: object, scopes: object, bot: object, expires: object) -> tuple[Any, Any, Any]:
        who = controller(viewer)
        try:
            wanted = _form(name, scopes, bot)
            days = next((days for days in EXPIRES_DAYS if str(days) == expires), None)
            expires_in = None if days is None else timedelta(days=days)
            token = desk.accounts.create_token(**wanted, expires_in=expires_in, owner=who.number, actor=who.name, address=request.remote_addr or "")
        except Refused as refusal:
            return refused(refusal), no_update, no_update
        return made_token(token, wanted["name"], wanted["scopes"], wanted["bot"], request.root_url.rstrip("/")), clicks, ""

    @app.callback(Output(Id.ACCESS_CHANGED, "data"), Input(Id.ACCESS_REVOKE, "data"), prevent_initial_call=True)
    def revoke(number: object) -> str:
        who = controller(viewer)
        if not isinstance(number, str) or not number.isdecimal() or len(number) > 18:
            raise PreventUpdate
        desk.accounts.revoke_token(int(number), owner=owner_of(who), actor=who.name, address=request.remote_addr or "")
        return f"without {number}"

    @app.callback(Output(Id.ACCESS_LIST, "children"), Input(Id.ACCESS_CHANGED, "data"))
    def show(_change: object) -> Content:
        who = viewer()
        if who is None or "control" not in who.scopes or not who.is_session:
            raise PreventUpdate
        return token_table(desk.accounts.list_tokens(owner_of(who)), times.now())


def controller(viewer: "Viewer") -> "Principal":
    """Return who looks. Raises `Refused` (`forbidden`) for one who may not change things, and for a token: tokens make none."""
    who = viewer()
    if who is None or "control" not in who.scopes or not who.is_session:
        raise Refused(Code.FORBIDDEN, "this needs a person who may change things")
    return who


def owner_of(who: "Principal") -> int | None:
    """Return whose tokens a person sees and revokes: of an admin everybody's (None)."""
    return None if who.is_admin else who.number


def _form(name: object, scopes: object, bot: object) -> dict[str, Any]:
    """Return what the form says as `create_token` takes it; a browser may send anything."""
    texts = [value.strip() if isinstance(value, str) else "" for value in (name, bot)]
    chosen = [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []
    return {"name": texts[0], "scopes": sorted(chosen), "bot": texts[1] or None}
