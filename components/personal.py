"""What the settings page shows that only the server knows: a person's choices, what is kept how long."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from components import format as fmt
from components.ids import Id
from components.parts import Content
from components.people import table
from components.words import LANGUAGES, Speech, _, plural, speaking, speech

AUTO = "auto"
SHOWN = datetime.fromisoformat("2026-01-22T20:35:12+00:00")


def formats_form() -> list[Any]:
    """Return the form; `callbacks.settings` fills in what was chosen, and settings.js the list of time zones."""
    languages = [{"label": label, "value": name} for name, label in LANGUAGES.items()]
    numbers = [{"label": f"{label}: {_example(name)}", "value": name} for name, label in LANGUAGES.items()]
    zone = dbc.Input(
        id=Id.SETTINGS_ZONE, type="text", list=Id.SETTINGS_ZONES, debounce=True, maxLength=80, autoComplete="off", placeholder=_("Like the server")
    )
    fields = [
        _field(_("Language"), dbc.Select([{"label": _("Like the browser"), "value": AUTO}, *languages], id=Id.SETTINGS_LANGUAGE)),
        _field(_("Numbers and dates"), dbc.Select([{"label": _("Like the language"), "value": AUTO}, *numbers], id=Id.SETTINGS_NUMBERS)),
        _field(_("Time zone"), zone),
        _field(_("Currency of figures"), dbc.Select([], id=Id.SETTINGS_CURRENCY)),
    ]
    now = _("Numbers and moments look like this: {example} ({zone})").format(example=_example(speech().numbers), zone=speech().zone)
    status = html.P(id=Id.SETTINGS_FAULT, role="status", className="sec")
    stores = [dcc.Store(id=Id.SETTINGS_OPEN), dcc.Store(id=Id.SETTINGS_SAVED), html.Datalist(id=Id.SETTINGS_ZONES)]
    return [html.Div(fields, className="form"), html.P(now, className="sec example"), status, *stores]


def currency_choices(known: Sequence[str]) -> list[dict[str, str]]:
    """Return the choices of the currency: none in particular, or one of those that the store has."""
    return [{"label": _("Automatic"), "value": AUTO}, *({"label": currency, "value": currency} for currency in known)]


def retention_table(days: int, idle_minutes: float, session_hours: float) -> Content:
    """Return what is kept how long, and the setting that changes it."""
    session = _("{hours} h, or {minutes} min without use").format(hours=fmt.plain(session_hours), minutes=fmt.plain(idle_minutes))
    rows = (
        (_("Trades, snapshots, candles, strategies, notes"), _("until somebody deletes them"), None),
        (_("Events and alerts"), plural("{n} day", "{n} days", days).format(n=fmt.level(days)), "BOTV2_RETENTION_DAYS"),
        (_("Past states of positions and signals"), _("one day all of them, then one a minute"), None),
        (_("Marks of retried requests"), _("{n} h").format(n=24), None),
        (_("Sign-in"), session, "BOTV2_SESSION_HOURS, BOTV2_SESSION_MINUTES"),
    )
    return table(
        _("Retention"),
        (_("What"), _("How long"), _("Setting")),
        [html.Tr([html.Td(what), html.Td(span), html.Td(html.Code(name) if name else fmt.UNKNOWN)]) for what, span, name in rows],
    )


def _field(label: str, control: Any) -> html.Div:
    return html.Div([dbc.Label(label, html_for=control.id), control])


def _example(numbers: str) -> str:
    with speaking(Speech(numbers=numbers, zone=speech().zone)):
        return f"{fmt.change(-126_309.5)} · {fmt.day(SHOWN.date().isoformat())}"
