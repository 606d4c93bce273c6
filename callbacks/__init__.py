"""What happens when: every callback of the pages, registered on one app by functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dash import Dash

from callbacks import details, feed, grids, onboarding, panels, people, pulse, settings, tokens

if TYPE_CHECKING:
    from data.accounts import Principal
    from data.desk import Desk


def register(app: Dash, desk: "Desk", viewer: Callable[[], "Principal | None"]) -> None:
    """Register all callbacks on `app`; those that need data ask `desk`, those that change something ask who the `viewer` is."""
    pulse.register(app)
    panels.register(app, desk)
    feed.register(app, desk)
    grids.register(app, desk)
    tokens.register(app, desk, viewer)
    onboarding.register(app, desk, viewer)
    settings.register(app, desk, viewer)
    people.register(app, desk, viewer)
    details.register(app, desk)
