"""The settings page's own callbacks: what a person has chosen is shown and kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, ctx
from dash.exceptions import PreventUpdate

from callbacks.browser import in_browser
from components.ids import Id
from components.parts import Content
from components.personal import AUTO, currency_choices, retention_table
from components.words import _
from data.errors import Code, Refused

if TYPE_CHECKING:
    from data.accounts import Principal
    from data.desk import Desk

    Viewer = Callable[[], Principal | None]

# The form's fields, the preference that each sets, and what it shows where nothing was chosen.
FIELDS = (
    (Id.SETTINGS_LANGUAGE, "language", AUTO),
    (Id.SETTINGS_NUMBERS, "number_format", AUTO),
    (Id.SETTINGS_ZONE, "time_zone", ""),
    (Id.SETTINGS_CURRENCY, "currency", AUTO),
)


def register(app: Dash, desk: "Desk", viewer: "Viewer") -> None:
    """Register the callbacks of the settings page on `app`."""

    @app.callback(
        *(Output(field, "value") for field, _name, _empty in FIELDS),
        Output(Id.SETTINGS_CURRENCY, "options"),
        Output(Id.SETTINGS_RETENTION, "children"),
        Input(Id.SETTINGS_OPEN, "data"),
    )
    def show(_opened: object) -> tuple[Any, ...]:
        who = viewer()
        if who is None:
            raise PreventUpdate
        shown = _shown(desk, who)
        currencies = desk.currencies()
        return *shown, currency_choices(currencies), _retention(desk)

    @app.callback(
        Output(Id.SETTINGS_SAVED, "data"),
        Output(Id.SETTINGS_FAULT, "children"),
        *(Input(field, "value") for field, _name, _empty in FIELDS),
        prevent_initial_call=True,
    )
    def save(*values: object) -> tuple[object, str]:
        who = viewer()
        if who is None or not who.is_session:
            raise Refused(Code.FORBIDDEN, "preferences belong to people: sign in; a token has none")
        touched = {str(each).partition(".")[0] for each in ctx.triggered_prop_ids}  # another tab may have changed the others
        fields = zip(FIELDS, values, _shown(desk, who), strict=True)
        changed = {name: value for (field, name, _empty), value, before in fields if value != before and str(field) in touched}
        if not changed:  # the form was filled in, not changed
            raise PreventUpdate
        for name, value in changed.items():
            try:
                _keep(desk, who, name, value)
            except Refused:
                return None, _("That cannot be chosen. A time zone has a name like Europe/Berlin.")
        return sorted(changed), _("Saved")

    in_browser(app, "reload", Input(Id.SETTINGS_SAVED, "data"))


def _shown(desk: "Desk", who: "Principal") -> list[Any]:
    preferred = desk.preferences.of(who.number) if who.is_session else {}
    return [empty if preferred.get(name) in {None, AUTO} else preferred[name] for _field, name, empty in FIELDS]


def _keep(desk: "Desk", who: "Principal", name: str, value: object) -> None:
    """An empty field is no choice."""
    if value in (None, "", AUTO):
        desk.preferences.remove(who.number, name)
    else:
        desk.preferences.put(who.number, name, value)


def _retention(desk: "Desk") -> Content:
    settings = desk.settings
    return retention_table(settings.botv2_retention_days, settings.botv2_session_minutes, settings.botv2_session_hours)
