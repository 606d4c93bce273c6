"""Questions about risk: the figures of daily returns and of closed trades, and how strategies move together."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import select

from data import metrics, times
from data.answers import Answers
from data.columns import Columns, Frame
from data.entries import Row
from data.equity import Basis, Equity
from data.metrics.checks import DayArray, FloatArray
from data.metrics.returns import DAY_US
from data.portfolio import in_range
from data.schema import MarketData
from data.scope import EquityFilter, RiskScope
from data.settings import Settings
from data.store import Store
from data.trade_filters import in_microseconds

CORRELATED = 50  # strategies at most: a matrix of more is neither read nor quick
HISTORY_DAYS = 400
ASKED_AT_ONCE = 500
# A day's last candle of a timeframe opens this many seconds before the day's end; the longest is the quickest read.
TIMEFRAMES = {
    "1d": 86_400, "12h": 43_200, "8h": 28_800, "6h": 21_600, "4h": 14_400, "2h": 7200, "1h": 3600, "30m": 1800, "15m": 900, "5m": 300, "3m": 180,
    "1m": 60,
}  # fmt: skip  # one a line would be a page
OF_TRADES = (
    "profit_factor", "recovery_factor", "expectancy", "win_rate", "sqn", "payoff_ratio", "longest_winning_streak", "longest_losing_streak",
    "total_trades",
)  # fmt: skip  # as above
OF_A_DAY = (
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "current_drawdown", "max_drawdown", "var_95", "var_99", "cvar_95", "volatility",
    "downside_volatility",
)  # fmt: skip  # as above


class Risk:
    """Answers questions about risk, on read, from snapshots and trades."""

    def __init__(self, store: Store, columns: Columns, answers: Answers, equity: Equity, settings: Settings) -> None:
        """Ask `equity` for returns and `store` for a benchmark's candles."""
        self._store = store
        self._columns = columns
        self._answers = answers
        self._equity = equity
        self._settings = settings

    # --- figures ---------------------------------------------------------------------------------------------

    def metrics(self, scope: RiskScope) -> Row:
        """Return every figure of `metrics.performance`, of the closed trades, and of the largest drawdown in money; `monthly` returns.

        Daily returns are those of the days in scope, each from the last value of an earlier day. `beta` and `alpha` compare
        with the benchmark's closes on the same days, None without common ones. Ratios are fractions.
        """
        benchmark = self._columns.version("market") if scope.benchmark else 0
        version = (*self._equity.version(), benchmark, times.minute() if scope.days else 0)
        return self._answers.get("risk.metrics", scope, version, lambda: self._metrics(scope))

    def _metrics(self, scope: RiskScope) -> Row:
        basis = self._equity.basis(scope)
        days, earlier, values = daily_returns(basis, scope)
        returns, trading_days = metrics.Returns(values), self._settings.botv2_trading_days
        drawdown = in_range(basis.curve, scope).largest_drawdown()
        return {
            **metrics.performance(returns, trading_days),
            **self._compared(scope.benchmark, days, earlier, values),
            **_of_trades(basis.closed.between(*in_microseconds(scope))),
            "largest_drawdown": None if drawdown is None else _drawdown(drawdown),
            "longest_drawdown_days": metrics.longest_drawdown_days(days, returns),
            "monthly": metrics.monthly_returns(days, returns),
            "days": returns.size,
            "trading_days": trading_days,
            "first_day": str(days[0]) if days.size else None,
            "last_day": str(days[-1]) if days.size else None,
            "source": basis.curve.source,
            "without_balance": basis.without_balance,
            "currency": basis.currency,
            "left_out": basis.left_out,
        }

    def _compared(self, symbol: str | None, days: DayArray, earlier: DayArray, values: FloatArray) -> Row:
        """Return beta and alpha against a symbol, from its closes on the same days as the values that made the returns."""
        wanted = np.union1d(days, earlier)
        closes = self.closes(symbol, wanted) if symbol is not None else np.full(wanted.size, np.nan)
        before, after = closes[np.searchsorted(wanted, earlier)], closes[np.searchsorted(wanted, days)]
        both = (before > 0) & ~np.isnan(after)
        own, market = values[both], after[both] / before[both] - 1.0
        return {
            "beta": metrics.beta(own, market),
            "alpha": metrics.alpha(own, market, self._settings.botv2_trading_days),
            "benchmark": symbol,
            "benchmark_days": int(both.sum()),
        }

    def closes(self, symbol: str, days: DayArray) -> FloatArray:
        """Return the close of the last candle of each UTC day, NaN for a day that lacks it; of the longest timeframe that there is."""
        closes = np.full(days.size, np.nan)
        table = MarketData
        with self._store.read() as connection:
            for timeframe, seconds in TIMEFRAMES.items():
                of_symbol = (table.symbol == symbol, table.timeframe == timeframe)
                if connection.execute(select(table.id).where(*of_symbol).limit(1)).first() is None:
                    continue
                for start in range(0, days.size, ASKED_AT_ONCE):
                    opened = {_moment(day, 86_400 - seconds): place for place, day in enumerate(days[start : start + ASKED_AT_ONCE].tolist(), start)}
                    for row in connection.execute(select(table.timestamp, table.close).where(*of_symbol, table.timestamp.in_(opened))):
                        closes[opened[row.timestamp]] = row.close
                break
        return closes

    # --- strategies --------------------------------------------------------------------------------------------

    def correlation(self, scope: EquityFilter) -> Row:
        """Return the names of `strategies` and the `matrix` of their daily returns' correlations (see `metrics.correlation`).

        A strategy's days are those from its first exit to its last. The 50 with the most trades are compared; `not_compared` names the others.
        """
        version = (*self._equity.version(), times.minute() if scope.days else 0)
        return self._answers.get("risk.correlation", scope, version, lambda: self._correlation(scope))

    def _correlation(self, scope: EquityFilter) -> Row:
        basis = self._equity.made_of(scope)
        trades = [(name, own) for name, own in basis.closed.between(*in_microseconds(scope)).groups("strategy") if name]
        trades.sort(key=lambda item: (-len(item[1]), item[0]))
        chosen = sorted(trades[:CORRELATED], key=lambda item: item[0])
        return {
            "strategies": [name for name, _ in chosen],
            # A balance would scale a strategy's returns, and with them no correlation: 1 will do.
            "matrix": metrics.correlation([metrics.daily_from_pnl(own["at"], own["net_pnl"], 1.0) for _, own in chosen]),
            "not_compared": sorted(name for name, _ in trades[CORRELATED:]),
            "currency": basis.currency,
            "left_out": basis.left_out,
        }

    # --- history ------------------------------------------------------------------------------------------------

    def series(self, bot: str) -> list[Row]:
        """Return a bot's risk at the end of each of the last 400 days with a return, over all of its history until then.

        The rows are those of the table `RiskMetrics` without their stamps; without a benchmark beta and alpha are None.
        """
        scope = EquityFilter(bot=(bot,))
        basis = self._equity.basis(scope)
        days, _, values = daily_returns(basis, scope)
        factors = _factors(basis.closed, days)
        return [
            {"bot": bot, "date": days[place].item(), **_risk_at(days[: place + 1], values[: place + 1], self._settings.botv2_trading_days)}
            | {name: _known(column[place]) for name, column in factors.items()}
            for place in range(max(0, days.size - HISTORY_DAYS), days.size)
        ]


def daily_returns(basis: Basis, scope: EquityFilter) -> tuple[DayArray, DayArray, FloatArray]:
    """Return the days in scope, for each the day before that has a value, and the returns; none without a starting balance.

    Of strategies they are the net P&L of each exit day over what all of them began with.
    """
    end = in_microseconds(scope)[1]
    curve = basis.curve.until(end)
    days, earlier, returns = curve.daily()
    if basis.owner == "strategy" and curve.has_balance and curve.times.size:
        exits = basis.exits.between(None, end)
        days, returns = metrics.daily_from_pnl(exits["at"], exits["net_pnl"], float(curve.flows.sum()))
        earlier = np.maximum(days - 1, np.datetime64("0001-01-01"))
    since = scope.since(times.now())
    if since is not None:
        later = days >= np.datetime64(since.date())
        days, earlier, returns = days[later], earlier[later], returns[later]
    return days, earlier, returns


def _of_trades(trades: Frame) -> Row:
    figures = metrics.trade_statistics(trades["net_pnl"], [], [], trades["at"])
    return {name: figures[name] for name in OF_TRADES}


def _drawdown(drawdown: metrics.Drawdown) -> Row:
    row: Row = {name: getattr(drawdown, name) for name in metrics.Drawdown.__dataclass_fields__}
    return row | {name: times.iso_or_none(row[name]) for name in ("peak_at", "trough_at", "recovered_at")}


def _moment(day: date, seconds: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)


def _risk_at(days: DayArray, values: FloatArray, trading_days: int) -> Row:
    returns = metrics.Returns(values)
    figures = metrics.performance(returns, trading_days)
    duration = metrics.longest_drawdown_days(days, returns)
    return {name: figures[name] for name in OF_A_DAY} | {"drawdown_duration_days": duration, "beta": None, "alpha": None}


def _factors(trades: Frame, days: DayArray) -> dict[str, FloatArray]:
    """Return profit and recovery factor of the trades that were closed by the end of each day, NaN where there is none."""
    ends = (days.astype(np.int64) + 1) * DAY_US
    pnl = trades["net_pnl"]
    times_us, earned = metrics.curve_from_exits(trades["at"], pnl, 0.0)
    deepest = np.maximum.accumulate(np.maximum.accumulate(np.maximum(earned, 0.0)) - earned)
    by_trade, by_moment = np.searchsorted(trades["at"], ends), np.searchsorted(times_us, ends)
    won, lost, total, fall = (
        np.append(0.0, column)[places]
        for column, places in (
            (np.cumsum(np.maximum(pnl, 0.0)), by_trade),
            (np.cumsum(np.maximum(-pnl, 0.0)), by_trade),
            (earned, by_moment),
            (deepest, by_moment),
        )
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"profit_factor": won / lost, "recovery_factor": total / fall}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
