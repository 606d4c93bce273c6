"""The first token, made on the Dashboard of an empty store."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dash import Dash, Input, Output, State
from flask import request

from callbacks.tokens import controller
from components.ids import Id
from components.parts import Content
from components.tokens import made_token, refused
from data.errors import Refused

if TYPE_CHECKING:
    from data.accounts import Principal
    from data.desk import Desk

INGEST = ["ingest"]


def register(app: Dash, desk: "Desk", viewer: "Callable[[], Principal | None]") -> None:
    """Register the callback of the button on `app`."""

    @app.callback(Output(Id.FIRST_MADE, "children"), Input(Id.FIRST_MAKE, "n_clicks"), State(Id.FIRST_NAME, "value"), prevent_initial_call=True)
    def make(_clicks: object, name: object) -> Content:
        who = controller(viewer)
        bot = name.strip() if isinstance(name, str) else ""
        try:
            token = desk.accounts.create_token(
                bot, frozenset(INGEST), bot=bot or None, owner=who.number, actor=who.name, address=request.remote_addr or ""
            )
        except Refused as refusal:
            return refused(refusal)
        return made_token(token, bot, INGEST, bot, request.root_url.rstrip("/"))
