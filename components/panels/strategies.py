"""The panels of the Strategies page."""

from components.charts.comparison import comparison_table, comparison_view
from components.charts.return_distribution import return_distribution_view
from components.charts.risk_return import risk_return_view
from components.charts.strategy_radar import strategy_radar_view
from components.grids.strategies import listed_strategies, strategies_view
from components.ids import Id
from components.kpis import strategy_figures
from components.panels.base import OF_STRATEGIES, Panel
from components.parts import View
from components.words import N_

PANELS = (
    Panel(Id.PANEL_STRATEGY_FIGURES, N_("Key figures"), Id.VERSION_BOOK, lambda desk, chosen: desk.analytics.strategies(chosen), strategy_figures),
    Panel(
        Id.PANEL_BUBBLES,
        N_("Risk and return"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.strategies(chosen),
        risk_return_view,
        is_chart=True,
        filters=OF_STRATEGIES,
    ),
    Panel(
        Id.PANEL_BOXES,
        N_("Return distribution"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.distribution(chosen),
        return_distribution_view,
        is_chart=True,
        filters=OF_STRATEGIES,
    ),
    Panel(
        Id.PANEL_RADAR,
        N_("Strategy profile"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.strategies(chosen),
        strategy_radar_view,
        is_chart=True,
        filters=OF_STRATEGIES,
    ),
    Panel(
        Id.PANEL_COMPARISON,
        N_("Comparison"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.comparison(chosen),
        comparison_view,
        is_chart=True,
        is_timeline=True,
        filters=OF_STRATEGIES,
    ),
    Panel(
        Id.PANEL_COMPARED,
        N_("Compared figures"),
        Id.VERSION_BOOK,
        lambda desk, chosen: desk.analytics.comparison(chosen),
        lambda answer, _now: View(None, comparison_table(answer)),
    ),
    Panel(Id.PANEL_STRATEGIES, N_("All strategies"), Id.VERSION_BOOK, listed_strategies, strategies_view),
)
