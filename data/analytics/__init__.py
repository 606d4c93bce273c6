"""What the charts of the pages show: each a question about a `Selection`, answered as JSON and kept by the version of its data.

Money is in the answer's `currency`; `left_out` says what is in others. Ratios are fractions unless their name ends with ``_pct``, times
ISO, what is not defined None. `filtered_out` tells that nothing is in scope although the store has such data.
"""

from collections.abc import Callable

from data.analytics import breakdown, compared, curves, kpis
from data.analytics.ground import Ground, RecentEquity
from data.analytics.market import Candles
from data.answers import Answers
from data.balances import Balances
from data.columns import Columns
from data.entries import Row
from data.live import Live
from data.market import Market
from data.portfolio import Portfolio
from data.risk import Risk
from data.scope import Selection
from data.settings import Settings
from data.store import Store
from data.trades import Trades

__all__ = ["Analytics"]


class Analytics:
    """Answers what the charts show. Every method takes the selection of its panel; what is in the answer its function says."""

    def __init__(
        self, store: Store, columns: Columns, answers: Answers, *, trades: Trades, live: Live, market: Market, balances: Balances, settings: Settings
    ) -> None:
        """Ask the questions of other nouns where they answer already."""
        equity = RecentEquity(columns, balances, settings)
        self._answers = answers
        self._ground = Ground(store, columns, equity, trades, balances, settings)
        self._portfolio = Portfolio(store, columns, answers, equity, live, settings.botv2_currency)
        self._risk = Risk(store, columns, answers, equity, settings)
        self._live = live
        self._candles = Candles(store, market, trades)

    def _kept(self, name: str, selection: Selection, answer: Callable[[], Row], *kinds: str) -> Row:
        return self._answers.get(f"analytics.{name}", selection, self._ground.version(selection, "strategies", *kinds), answer)

    # --- curves --------------------------------------------------------------------------------------------------

    def equity(self, selection: Selection) -> Row:
        """Return `curves.equity`."""
        kinds = ("market",) if selection.benchmark else ()
        return self._kept("equity", selection, lambda: curves.equity(self._ground, self._portfolio, self._risk, selection), *kinds)

    def drawdown(self, selection: Selection) -> Row:
        """Return `curves.drawdown`."""
        return self._kept("drawdown", selection, lambda: curves.drawdown(self._ground, selection))

    def daily(self, selection: Selection) -> Row:
        """Return `curves.daily`."""
        return self._kept("daily", selection, lambda: curves.daily(self._ground, selection))

    def monthly(self, selection: Selection) -> Row:
        """Return `curves.monthly`."""
        return self._kept("monthly", selection, lambda: curves.monthly(self._ground, selection))

    def rolling(self, selection: Selection) -> Row:
        """Return `curves.rolling`."""
        return self._kept("rolling", selection, lambda: curves.rolling(self._ground, selection))

    def histogram(self, selection: Selection) -> Row:
        """Return `curves.histogram`."""
        return self._kept("histogram", selection, lambda: curves.histogram(self._ground, selection))

    # --- what the P&L is made of ---------------------------------------------------------------------------------

    def waterfall(self, selection: Selection) -> Row:
        """Return `breakdown.waterfall`."""
        return self._kept("waterfall", selection, lambda: breakdown.waterfall(self._ground, selection))

    def distribution(self, selection: Selection) -> Row:
        """Return `breakdown.distribution`."""
        return self._kept("distribution", selection, lambda: breakdown.distribution(self._ground, selection))

    def hours(self, selection: Selection) -> Row:
        """Return `breakdown.hours`."""
        return self._kept("hours", selection, lambda: breakdown.hours(self._ground, selection))

    def flow(self, selection: Selection) -> Row:
        """Return `breakdown.flow`."""
        return self._kept("flow", selection, lambda: breakdown.flow(self._ground, selection))

    def strategies(self, selection: Selection) -> Row:
        """Return `compared.strategies`."""
        return self._kept("strategies", selection, lambda: compared.strategies(self._ground, selection))

    def comparison(self, selection: Selection) -> Row:
        """Return `compared.comparison`."""
        return self._kept("comparison", selection, lambda: compared.comparison(self._ground, selection))

    def correlation(self, selection: Selection) -> Row:
        """Return `compared.correlation`."""
        return self._kept("correlation", selection, lambda: compared.correlation(self._ground, self._risk, selection))

    # --- figures -------------------------------------------------------------------------------------------------

    def kpis(self, selection: Selection) -> Row:
        """Return `kpis.kpis`."""
        return self._kept("kpis", selection, lambda: kpis.kpis(self._ground, selection))

    def risk(self, selection: Selection) -> Row:
        """Return `Risk.metrics` of the selection, with `filtered_out`."""
        answer = self._risk.metrics(selection.returns())
        return answer | {"filtered_out": not answer["days"] and not answer["total_trades"] and self._ground.any_equity()}

    # --- now -----------------------------------------------------------------------------------------------------

    def allocation(self, selection: Selection) -> Row:
        """Return `kpis.allocation`."""
        return kpis.allocation(self._ground, self._live, selection)

    def candles(self, selection: Selection) -> Row:
        """Return `Candles.of`."""
        return self._kept("candles", selection, lambda: self._candles.of(selection), "market", "signals")
