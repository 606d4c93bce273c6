"""What happens when: every callback of the pages, registered on one app by functions."""

from typing import TYPE_CHECKING

from dash import Dash

from callbacks import panels, pulse, theme

if TYPE_CHECKING:
    from data.desk import Desk


def register(app: Dash, desk: "Desk") -> None:
    """Register all callbacks on `app`; those that need data ask `desk`."""
    pulse.register(app)
    panels.register(app, desk)
    theme.register(app)
