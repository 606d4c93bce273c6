"""The feed's past: feed.js asks for the page before its last row when the end of the list comes near."""

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.browser import in_browser
from components.activity import older_events
from components.feed import activity_scope
from components.ids import Id
from data import times

if TYPE_CHECKING:
    from data.desk import Desk


def register(app: Dash, desk: "Desk") -> None:
    """Register the feed's own callbacks on `app`."""

    @app.callback(Output(Id.FEED_OLDER_DRAWING, "data"), Input(Id.FEED_OLDER, "data"), State(Id.URL, "search"), prevent_initial_call=True)
    def older(wanted: object, search: str | None) -> dict[str, Any]:
        before = wanted.get("before") if isinstance(wanted, dict) else None
        if not isinstance(before, int) or not 0 <= before < 2**63:
            raise PreventUpdate
        return older_events(desk.live.search(activity_scope(search, before)), before, times.now())

    in_browser(app, "older", Input(Id.FEED_OLDER_DRAWING, "data"))
    in_browser(app, "text", Input(Id.FEED_TEXT, "value"), at_first=True)
