"""The people on the settings page: what each may see is asked here, on the server; what is done goes through the REST API."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate
from pydantic import ValidationError

from components import audit, people
from components.ids import Id
from components.parts import Content
from components.words import _
from data import times
from data.accounts import chain
from data.accounts.history import AuditScope, History

if TYPE_CHECKING:
    from data.accounts import Principal
    from data.desk import Desk

    Viewer = Callable[[], Principal | None]


def register(app: Dash, desk: "Desk", viewer: "Viewer") -> None:
    """Register the callbacks of the cards about people on `app`."""

    @app.callback(
        Output(Id.PEOPLE_ACCOUNT, "children"),
        Output(Id.SETTINGS_USERS, "children"),
        Input(Id.PEOPLE_CHANGED, "data"),
    )
    def show(_change: object) -> tuple[Content, Content]:
        who = viewer()
        if who is None:
            raise PreventUpdate
        return _account(desk, who), _users(desk, who)

    @app.callback(Output(Id.AUDIT, "children"), Input(Id.AUDIT_WANTED, "data"))
    def show_audit(wanted: object) -> Content:
        who = viewer()
        if who is None or not who.is_admin:
            raise PreventUpdate
        asked = dict(wanted) if isinstance(wanted, dict) else {}
        verified = chain.verify(desk.store) if asked.pop("verify", False) else None
        try:
            scope = AuditScope.model_validate({name: value for name, value in asked.items() if value not in (None, "")})
        except ValidationError:
            scope = AuditScope()
        return audit.audit_card(History(desk.store).page(scope), scope, verified, times.now())


def _account(desk: "Desk", who: "Principal") -> Content:
    if not who.is_session:
        return _(people.NO_PERSON)
    sessions = desk.accounts.list_sessions(who.name)
    return people.account(desk.accounts.two_factor(who.number), sessions, who.digest, times.now())


def _users(desk: "Desk", who: "Principal") -> Content:
    return people.users(desk.accounts.list_users(), times.now()) if who.is_admin else _(people.ONLY_ADMINS)
