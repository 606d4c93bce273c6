"""Every id of a Dash component, in one place. Kebab-case `area-thing`; stylesheets use classes, never these."""

from enum import StrEnum


class Id(StrEnum):
    """An id that a layout carries and a callback or a script may name."""

    # frame
    URL = "frame-url"
    PAGE = "frame-page"
    TITLE = "frame-title"
    NAV_MONITORING = "nav-monitoring"
    NAV_SETTINGS = "nav-settings"
    BAR_MONITORING = "bar-monitoring"
    BAR_SETTINGS = "bar-settings"
    USER_MENU = "frame-user-menu"
    DEMO = "frame-demo"
    BELL = "frame-bell"
    TOASTS = "frame-toasts"
    CONFIRM = "frame-confirm"
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
    VERSION_FEEDS = "version-feeds"
    # these two follow positions and events once a second at most: a chart costs more to draw than a row
    VERSION_PNL = "version-pnl"
    VERSION_MINUTES = "version-minutes"

    # panels
    PANEL_ACTIVITY = "panel-activity"
    PANEL_SIGNALS = "panel-signals"
    PANEL_POSITIONS = "panel-positions"
    PANEL_ALERTS = "panel-alerts"
    PANEL_STATISTICS = "panel-statistics"
    PANEL_FEEDS = "panel-feeds"
    PANEL_PNL = "panel-pnl"
    PANEL_MINUTES = "panel-minutes"

    # the feed; feed.js writes the first
    FEED_OLDER = "feed-older"
    FEED_OLDER_DRAWING = "feed-older-drawing"
    FEED_TEXT = "feed-text"

    # API tokens in the settings; dialog.js writes the second
    ACCESS_LIST = "access-list"
    ACCESS_REVOKE = "access-revoke"
    ACCESS_CHANGED = "access-changed"
    ACCESS_NAME = "access-name"
    ACCESS_SCOPES = "access-scopes"
    ACCESS_BOT = "access-bot"
    ACCESS_CREATE = "access-create"
    ACCESS_MADE = "access-made"


VERSIONS = tuple(id for id in Id if id.name.startswith("VERSION_"))


def drawing_of(panel: Id) -> str:
    """Return the id of the store into which a panel's callback puts what the panel shows; draw.js takes it from there."""
    return f"{panel}-drawing"


def body_of(panel: Id) -> str:
    """Return the id of the part of a panel that shows its values; the element itself stays, and with it its scroll position."""
    return f"{panel}-body"


def bar_of(panel: Id) -> str:
    """Return the id of what a panel shows beside its body: the feed's counts in its filters, the feeds in the bot menu."""
    return f"{panel}-bar"


def graph_of(panel: Id) -> str:
    """Return the id of a chart's graph."""
    return f"{panel}-graph"


def note_of(panel: Id) -> str:
    """Return the id of the note in a panel's head (count, sum, "as of")."""
    return f"{panel}-note"
