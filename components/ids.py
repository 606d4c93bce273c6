"""Every id of a Dash component, in one place. Kebab-case `area-thing`; stylesheets use classes, never these."""

from enum import StrEnum


class Id(StrEnum):
    """An id that a layout carries and a callback or a script may name."""

    # frame
    URL = "frame-url"
    PAGE = "frame-page"
    TITLE = "frame-title"
    NAV_MONITORING = "nav-monitoring"
    BAR_MONITORING = "bar-monitoring"
    USER_MENU = "frame-user-menu"
    THEME_LIGHT = "theme-light"
    THEME_DARK = "theme-dark"
    THEME_AUTO = "theme-auto"
    THEME_TERMINAL = "theme-terminal"

    # connection state; live.js writes the first three
    CONNECTION_WORD = "connection-word"
    CONNECTION_LAG = "connection-lag"
    CONNECTION_DOT = "connection-dot"

    # the pulse; live.js writes the stores and slows the interval
    PULSE = "pulse-interval"
    # the prefix `version-` is a contract with the gate: a callback triggered by one does not prolong a session
    VERSION_EVENTS = "version-events"
    VERSION_SIGNALS = "version-signals"
    VERSION_POSITIONS = "version-positions"
    VERSION_ALERTS = "version-alerts"
    VERSION_STATS = "version-stats"

    # panels
    PANEL_ACTIVITY = "panel-activity"
    PANEL_SIGNALS = "panel-signals"
    PANEL_POSITIONS = "panel-positions"
    PANEL_ALERTS = "panel-alerts"
    PANEL_STATISTICS = "panel-statistics"


VERSIONS = (Id.VERSION_EVENTS, Id.VERSION_SIGNALS, Id.VERSION_POSITIONS, Id.VERSION_ALERTS, Id.VERSION_STATS)


def drawing_of(panel: Id) -> str:
    """Return the id of the store into which a panel's callback puts what the panel shows; draw.js takes it from there."""
    return f"{panel}-drawing"


def body_of(panel: Id) -> str:
    """Return the id of the part of a panel that shows its values; the element itself stays, and with it its scroll position."""
    return f"{panel}-body"


def note_of(panel: Id) -> str:
    """Return the id of the note in a panel's head (count, sum, "as of")."""
    return f"{panel}-note"
