"""The panels of the Dashboard page."""

from components.charts.daily_returns import daily_returns_view
from components.charts.equity import equity_view
from components.charts.monthly_returns import monthly_returns_view
from components.charts.strategy_performance import strategy_performance_view
from components.charts.waterfall import waterfall_view
from components.ids import Id
from components.kpis import kpis
from components.latest import latest_events, latest_trades
from components.onboarding import arrival, first_steps
from components.panels.base import OF_ACCOUNTS, OF_STRATEGIES, OF_TRADES, Panel
from components.words import N_
from data.scope import ActivityScope

LATEST = 10

PANELS = (
    Panel(Id.PANEL_ONBOARDING, N_("First steps"), Id.VERSION_FEEDS, lambda desk, _: first_steps(desk), arrival, follows=False),
    Panel(Id.PANEL_KPIS, N_("Key figures"), Id.VERSION_BOOK, lambda desk, chosen: desk.analytics.kpis(chosen), kpis),
    Panel(
        Id.PANEL_EQUITY,
        N_("Equity"),
        Id.VERSION_MEASURED,
        lambda desk, chosen: desk.analytics.equity(chosen),
        equity_view,
        is_chart=True,
        is_timeline=True,
        brushes=True,
        filters=(*OF_ACCOUNTS, "benchmark"),
    ),
    Panel(
        Id.PANEL_WATERFALL,
        N_("P&L waterfall"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.waterfall(chosen),
        waterfall_view,
        is_chart=True,
        filters=OF_TRADES,
    ),
    Panel(
        Id.PANEL_PERFORMANCE,
        N_("Strategies"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.strategies(chosen),
        strategy_performance_view,
        is_chart=True,
        filters=OF_STRATEGIES,
    ),
    Panel(
        Id.PANEL_DAILY,
        N_("Daily returns"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.daily(chosen),
        daily_returns_view,
        is_chart=True,
        is_timeline=True,
        brushes=True,
        filters=OF_ACCOUNTS,
    ),
    Panel(
        Id.PANEL_MONTHLY,
        N_("Monthly returns"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.monthly(chosen),
        monthly_returns_view,
        is_chart=True,
        filters=OF_ACCOUNTS,
    ),
    Panel(
        Id.PANEL_LATEST_TRADES,
        N_("Latest trades"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.trades.latest(chosen.trade_page(limit=LATEST)),
        latest_trades,
    ),
    Panel(
        Id.PANEL_LATEST_EVENTS,
        N_("Latest events"),
        Id.VERSION_EVENTS,
        lambda desk, chosen: desk.live.search(ActivityScope(bot=chosen.bot, limit=LATEST)),
        latest_events,
    ),
)
