"""What surrounds every page: sidebar, top bar, bottom bar on a phone, the dialogs, and the parts that the pulse needs."""

from typing import Any

from dash import dcc, html

from components.charts.tools import chart_dialogs
from components.details.dialog import detail_dialog
from components.dialogs import dialogs
from components.ids import VERSIONS, Id, body_of, drawing_of
from components.navigation import bottom_bar, sidebar
from components.palette import palette
from components.parts import facts, named
from components.topbar import pills, top_bar
from components.words import _, speech

OF_THE_FRAME = (Id.PANEL_FEEDS, Id.PANEL_CHOICES)  # panels that every page has


def frame(refresh_ms: int, user_name: str = "", *, may_control: bool = False) -> html.Div:
    """Return the whole page around an empty place for the content; who may not control sees none of the buttons that do."""
    content = html.Main(id=Id.PAGE, className="content", tabIndex=-1)
    foot = html.Footer(_("All times are {zone}").format(zone=speech().zone), className="foot")
    main = html.Div([top_bar(user_name), pills(), content, foot], className="main")
    skip = html.A(_("Skip to content"), href=f"#{Id.PAGE}", className="skip")
    over = [_toasts(), _confirm(), *dialogs(), palette(), detail_dialog(), *chart_dialogs()]
    choices = html.Div(html.Div(id=body_of(Id.PANEL_CHOICES)), id=Id.PANEL_CHOICES, hidden=True)
    parts = [skip, sidebar(), main, bottom_bar(), *over, choices, *_plumbing(refresh_ms)]
    return html.Div(parts, className="app may-control" if may_control else "app")


def _toasts() -> html.Div:
    """Alerts appear here for a while; alerts.js builds them."""
    live: dict[str, Any] = {"aria-live": "polite", **named(_("New alerts"))}
    return html.Div(id=Id.TOASTS, className="toasts", role="region", **live)


def _confirm() -> html.Dialog:
    """The one question before something that cannot be undone; dialog.js fills it in."""
    answers = [
        html.Button(word, type="button", className=style, **facts(answer=answer))
        for word, style, answer in ((_("Cancel"), "btn-line", "no"), (_("Yes, do it"), "btn-main danger", "yes"))
    ]
    question = [html.P(className="question"), html.Div(answers, className="answers")]
    return html.Dialog(question, id=Id.CONFIRM, className="confirm", **named(_("Are you sure?")))


def _plumbing(refresh_ms: int) -> list[dcc.Location | dcc.Interval | dcc.Store]:
    """The address, the one interval, a version store per kind of data, and what the frame's own panels are drawn from."""
    stores = [dcc.Store(id=id) for id in (*VERSIONS, *(drawing_of(panel) for panel in OF_THE_FRAME))]
    return [dcc.Location(id=Id.URL, refresh=False), dcc.Interval(id=Id.PULSE, interval=refresh_ms), *stores]
