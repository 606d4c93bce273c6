"""Every id of a Dash component, in one place. Kebab-case `area-thing`; stylesheets use classes, never these."""

from enum import StrEnum


class Id(StrEnum):
    """An id that a layout carries and a callback or a script may name."""

    # frame
    URL = "frame-url"
    PAGE = "frame-page"
    TITLE = "frame-title"
    NAV_DASHBOARD = "nav-dashboard"
    NAV_PORTFOLIO = "nav-portfolio"
    NAV_STRATEGIES = "nav-strategies"
    NAV_TRADES = "nav-trades"
    NAV_MONITORING = "nav-monitoring"
    NAV_RISK = "nav-risk"
    NAV_MARKET = "nav-market"
    NAV_ALERTS = "nav-alerts"
    NAV_SETTINGS = "nav-settings"
    NAV_SYSTEM = "nav-system"
    BAR_DASHBOARD = "bar-dashboard"
    BAR_TRADES = "bar-trades"
    BAR_MONITORING = "bar-monitoring"
    BAR_ALERTS = "bar-alerts"
    DEMO = "frame-demo"
    BELL = "frame-bell"
    TOASTS = "frame-toasts"
    CONFIRM = "frame-confirm"
    DETAIL = "frame-detail"
    CHART_FILTERS = "frame-chart-filters"
    # the frame's menus and dialogs; frame.js, ask.js, views.js and palette.js fill them
    BOTS = "frame-bots"
    STRATEGIES = "frame-strategies"
    CURRENCIES = "frame-currencies"
    EXPORTS = "frame-exports"
    VIEWS = "frame-views"
    PILLS = "frame-pills"
    COLLAPSE = "frame-collapse"
    RANGE = "frame-range"
    COMPARE = "frame-compare"
    MORE = "frame-more"
    PALETTE = "frame-palette"
    HELP = "frame-help"
    CHART_TABLE = "frame-chart-table"
    CHART_RANGE = "frame-chart-range"
    CHART_NOTE = "frame-chart-note"
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
    # these follow the data that they are made of, and rarely: a chart costs more to draw than a row. live.js knows of what
    VERSION_PNL = "version-pnl"
    VERSION_MINUTES = "version-minutes"
    VERSION_BOOK = "version-book"
    VERSION_ACCOUNT = "version-account"
    VERSION_MARKET = "version-market"
    VERSION_MEASURED = "version-measured"
    VERSION_RULES = "version-rules"
    VERSION_HEALTH = "version-health"
    VERSION_DETAIL = "version-detail"

    # panels
    PANEL_ACTIVITY = "panel-activity"
    PANEL_SIGNALS = "panel-signals"
    PANEL_POSITIONS = "panel-positions"
    PANEL_ALERTS = "panel-alerts"
    PANEL_STATISTICS = "panel-statistics"
    PANEL_FEEDS = "panel-feeds"
    PANEL_PNL = "panel-pnl"
    PANEL_MINUTES = "panel-minutes"
    PANEL_CHOICES = "panel-choices"
    PANEL_KPIS = "panel-kpis"
    PANEL_EQUITY = "panel-equity"
    PANEL_DAILY = "panel-daily"
    PANEL_WATERFALL = "panel-waterfall"
    PANEL_PERFORMANCE = "panel-performance"
    PANEL_MONTHLY = "panel-monthly"
    PANEL_LATEST_TRADES = "panel-latest-trades"
    PANEL_LATEST_EVENTS = "panel-latest-events"
    PANEL_ACCOUNT = "panel-account"
    PANEL_TREEMAP = "panel-treemap"
    PANEL_PIE = "panel-pie"
    PANEL_FLOW = "panel-flow"
    PANEL_HOLDINGS = "panel-holdings"
    PANEL_STRATEGY_FIGURES = "panel-strategy-figures"
    PANEL_BUBBLES = "panel-bubbles"
    PANEL_BOXES = "panel-boxes"
    PANEL_RADAR = "panel-radar"
    PANEL_COMPARISON = "panel-comparison"
    PANEL_COMPARED = "panel-compared"
    PANEL_STRATEGIES = "panel-strategies"
    PANEL_TRADE_FIGURES = "panel-trade-figures"
    PANEL_HOURS = "panel-hours"
    PANEL_TRADES = "panel-trades"
    PANEL_RISK = "panel-risk"
    PANEL_DRAWDOWN = "panel-drawdown"
    PANEL_CORRELATION = "panel-correlation"
    PANEL_ROLLING = "panel-rolling"
    PANEL_VAR = "panel-var"
    PANEL_CANDLES = "panel-candles"
    PANEL_PRICES = "panel-prices"
    PANEL_ACTIVE_ALERTS = "panel-active-alerts"
    PANEL_ALERT_HISTORY = "panel-alert-history"
    PANEL_RULES = "panel-rules"
    PANEL_LAG = "panel-lag"
    PANEL_VITALS = "panel-vitals"
    PANEL_ERRORS = "panel-errors"
    PANEL_ONBOARDING = "panel-onboarding"

    # the form of an alert rule; actions.js fills it
    RULE_DIALOG = "rule-dialog"
    RULE_NAME = "rule-name"
    RULE_CONDITION = "rule-condition"
    RULE_THRESHOLD = "rule-threshold"
    RULE_SEVERITY = "rule-severity"
    RULE_COOLDOWN = "rule-cooldown"

    # onboarding on an empty store
    FIRST_NAME = "first-name"
    FIRST_MAKE = "first-make"
    FIRST_MADE = "first-made"

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
    ACCESS_EXPIRES = "access-expires"
    ACCESS_CREATE = "access-create"
    ACCESS_MADE = "access-made"

    # settings; settings.js fills the list of time zones
    SETTINGS_OPEN = "settings-open"
    SETTINGS_LANGUAGE = "settings-language"
    SETTINGS_NUMBERS = "settings-numbers"
    SETTINGS_ZONE = "settings-zone"
    SETTINGS_ZONES = "settings-zones"
    SETTINGS_CURRENCY = "settings-currency"
    SETTINGS_SAVED = "settings-saved"
    SETTINGS_FAULT = "settings-fault"
    SETTINGS_RETENTION = "settings-retention"
    SETTINGS_USERS = "settings-users"

    # people in the settings; people.js writes the second and the last, and fills the first
    PEOPLE_DIALOG = "people-dialog"
    PEOPLE_CHANGED = "people-changed"
    PEOPLE_ACCOUNT = "people-account"
    AUDIT = "audit"
    AUDIT_WANTED = "audit-wanted"

    # the drill-down dialog; details.js writes the second and the one after it, and draws the third
    DETAIL_TITLE = "detail-title"
    DETAIL_WANTED = "detail-wanted"
    DETAIL_DRAWING = "detail-drawing"
    DETAIL_CHART = "detail"


def key_of(panel: Id) -> str:
    """Return a panel's name in addresses: ``equity`` for ``panel-equity``."""
    return panel.removeprefix("panel-")


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


def grid_of(panel: Id) -> str:
    """Return the id of a table's grid."""
    return f"{panel}-grid"


def wanted_of(panel: Id) -> str:
    """Return the id of the store in which tables.js asks for a stretch of a long table's rows."""
    return f"{panel}-wanted"


def again_of(panel: Id) -> str:
    """Return the id of the store in which tables.js asks by itself, because rows have changed: so a session is not prolonged."""
    return f"version-{panel}-again"


def rows_of(panel: Id) -> str:
    """Return the id of the store in which the server answers with a stretch of a long table's rows."""
    return f"{panel}-rows"


def note_of(panel: Id) -> str:
    """Return the id of the note in a panel's head (count, sum, "as of")."""
    return f"{panel}-note"
