"""The panels of the Portfolio page."""

from components.charts.allocation_pie import allocation_pie_view
from components.charts.allocation_treemap import allocation_treemap_view
from components.charts.pnl_sankey import pnl_sankey_view
from components.grids.holdings import held, holdings_view
from components.ids import Id
from components.kpis import account
from components.panels.base import OF_TRADES, Panel
from components.words import N_
from data.scope import PortfolioScope

PANELS = (
    Panel(
        Id.PANEL_ACCOUNT,
        N_("Account"),
        Id.VERSION_ACCOUNT,
        lambda desk, chosen: desk.portfolio.current(PortfolioScope(bot=chosen.bot, currency=chosen.currency)),
        account,
    ),
    Panel(
        Id.PANEL_TREEMAP,
        N_("Allocation by strategy"),
        Id.VERSION_ACCOUNT,
        lambda desk, chosen: desk.analytics.allocation(chosen),
        allocation_treemap_view,
        is_chart=True,
        filters=("strategy",),
    ),
    Panel(
        Id.PANEL_PIE,
        N_("Allocation by symbol"),
        Id.VERSION_ACCOUNT,
        lambda desk, chosen: desk.analytics.allocation(chosen),
        allocation_pie_view,
        is_chart=True,
        filters=("strategy",),
    ),
    Panel(
        Id.PANEL_FLOW,
        N_("P&L flow"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.flow(chosen),
        pnl_sankey_view,
        is_chart=True,
        filters=OF_TRADES,
    ),
    Panel(Id.PANEL_HOLDINGS, N_("Open positions"), Id.VERSION_ACCOUNT, held, holdings_view),
)
