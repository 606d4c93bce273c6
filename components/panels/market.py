"""The panels of the Market page."""

from components.charts.candlestick import candlestick_view
from components.ids import Id
from components.panels.base import Panel
from components.prices import prices
from components.words import N_
from data.scope import MarketScope

PANELS = (
    Panel(
        Id.PANEL_CANDLES,
        N_("Price"),
        Id.VERSION_MARKET,
        lambda desk, chosen: desk.analytics.candles(chosen),
        candlestick_view,
        is_chart=True,
        is_timeline=True,
        filters=("range", "strategy"),
    ),
    Panel(Id.PANEL_PRICES, N_("Last prices"), Id.VERSION_MARKET, lambda desk, _: desk.market.symbols(MarketScope(limit=200)), prices),
)
