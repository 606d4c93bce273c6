"""The panels of the Trades page."""

from components.charts.hours_heatmap import hours_heatmap_view
from components.grids.trades import asked, trades_question, trades_view
from components.ids import Id
from components.kpis import trade_figures
from components.panels.base import OF_TRADES, Panel
from components.words import N_

PANELS = (
    Panel(Id.PANEL_TRADE_FIGURES, N_("Key figures"), Id.VERSION_BOOK, lambda desk, chosen: desk.trades.statistics(chosen.trades()), trade_figures),
    Panel(
        Id.PANEL_HOURS,
        N_("P&L by hour and weekday"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.hours(chosen),
        hours_heatmap_view,
        is_chart=True,
        filters=OF_TRADES,
    ),
    Panel(Id.PANEL_TRADES, N_("Trades"), Id.VERSION_BOOK, trades_question, trades_view, reads=asked),
)
