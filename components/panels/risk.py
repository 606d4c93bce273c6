"""The panels of the Risk page."""

from components.charts.correlation import correlation_view
from components.charts.drawdown import drawdown_view
from components.charts.risk_table import risk_table_view
from components.charts.rolling import rolling_view
from components.charts.var_histogram import var_histogram_view
from components.ids import Id
from components.panels.base import OF_ACCOUNTS, Panel
from components.words import N_

PANELS = (
    Panel(Id.PANEL_RISK, N_("Risk figures"), Id.VERSION_MEASURED, lambda desk, chosen: desk.analytics.risk(chosen), risk_table_view),
    Panel(
        Id.PANEL_DRAWDOWN,
        N_("Drawdown"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.drawdown(chosen),
        drawdown_view,
        is_chart=True,
        is_timeline=True,
        brushes=True,
        filters=OF_ACCOUNTS,
    ),
    Panel(
        Id.PANEL_CORRELATION,
        N_("Correlation of strategies"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.correlation(chosen),
        correlation_view,
        is_chart=True,
        filters=OF_ACCOUNTS,
    ),
    Panel(
        Id.PANEL_ROLLING,
        N_("Rolling Sharpe and volatility"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.rolling(chosen),
        rolling_view,
        is_chart=True,
        is_timeline=True,
        filters=OF_ACCOUNTS,
    ),
    Panel(
        Id.PANEL_VAR,
        N_("Value at risk"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.histogram(chosen),
        var_histogram_view,
        is_chart=True,
        filters=OF_ACCOUNTS,
    ),
)
