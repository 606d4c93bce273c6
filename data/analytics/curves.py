"""Curves over time: equity, drawdown, the returns of days and months, and what moves along them."""

import numpy as np

from data import metrics, times
from data.analytics.ground import Ground, iso_days, plain, us, without_start
from data.analytics.markers import markers
from data.curve import NO_MONEY, Curve, thinned
from data.entries import Row
from data.equity import Basis
from data.metrics.checks import DayArray, FloatArray
from data.metrics.returns import DAY_US
from data.portfolio import Portfolio, in_range, iso_texts
from data.risk import Risk, daily_returns
from data.scope import EquityFilter, EquityScope, Selection
from data.trade_filters import in_microseconds

POINTS = 800  # of a curve, and half as many of what is drawn over it
SMA_DAYS = 20
WINDOW = 30
MOST_DAYS = 1000
COMPARED_DAYS = 3660  # with a benchmark, the newest ones: each is a search in the index of candles
WARNING = -0.10


def equity(ground: Ground, portfolio: Portfolio, risk: Risk, selection: Selection) -> Row:
    """Return the equity in the range with its moving average, a benchmark and the newest trades; see `Portfolio.equity`.

    `sma` is the mean of the last values of a day and of the 19 days with a value before it, at the time of that last value.
    `benchmark` holds a symbol's daily closes, scaled so that the first is the equity's start value. `markers`: see `markers`.
    """
    scope = selection.equity()
    basis = ground.equity.basis(scope)
    curve = in_range(basis.curve, scope)
    answer = portfolio.equity(EquityScope(**dict(scope), points=POINTS))
    return answer | {
        "sma": _moving_average(basis, scope),
        "benchmark": None if selection.benchmark is None else _benchmark(risk, selection.benchmark, curve),
        **markers(ground, selection, basis, curve),
        **ground.said(basis, empty=not curve.times.size),
    }


def _moving_average(basis: Basis, scope: EquityFilter) -> Row:
    curve = in_range(basis.curve, without_start(scope))
    days, values = metrics.last_of_day(curve.times, curve.values)
    if values.size < SMA_DAYS:
        return {"timestamps": [], "values": []}
    summed = np.convolve(values, np.full(SMA_DAYS, 1.0 / SMA_DAYS), mode="valid")
    moments = curve.times[np.searchsorted(curve.times, us(days[SMA_DAYS - 1 :]) + DAY_US) - 1]
    since = scope.since(times.now())
    shown = moments >= (moments[0] if since is None else times.microseconds(since))
    summed, moments = summed[shown], moments[shown]
    places = thinned(summed, POINTS // 2, [])
    return {"timestamps": iso_texts(moments[places]), "values": summed[places].tolist()}


def _benchmark(risk: Risk, symbol: str, curve: Curve) -> Row:
    none: Row = {"symbol": symbol, "timestamps": [], "values": []}
    if not curve.times.size or curve.values[0] <= 0:
        return none
    first, last = (int(moment) // DAY_US for moment in curve.times[[0, -1]])
    days = np.arange(max(first - 1, last - COMPARED_DAYS), last + 1).astype("datetime64[D]")
    closes = risk.closes(symbol, days)
    known = np.flatnonzero(closes > 0)
    if not known.size:
        return none
    moments = np.maximum(us(days[known]) + DAY_US, curve.times[0])
    scaled = closes[known] / closes[known[0]] * curve.values[0]
    places = thinned(scaled, POINTS // 2, [])
    return {"symbol": symbol, "timestamps": iso_texts(moments[places]), "values": scaled[places].tolist()}


def drawdown(ground: Ground, selection: Selection) -> Row:
    """Return how far below its highest growth so far the equity in the range stood, and where it was `worst` (None if it never fell).

    `drawdown` holds fractions, 0 or below; nothing without a starting balance. `warning` is the level that a chart marks.
    """
    basis = ground.equity.basis(selection.equity())
    curve = in_range(basis.curve, selection.equity())
    below = NO_MONEY if curve.underwater is None else curve.underwater
    lowest = int(below.argmin()) if below.size else 0
    places = thinned(below, POINTS, [lowest])
    moments = iso_texts(curve.times[places])
    worst = None
    if below.size and below[lowest] < 0:
        worst = {"timestamp": iso_texts(curve.times[lowest : lowest + 1])[0], "drawdown": float(below[lowest])}
    return {"timestamps": moments, "drawdown": below[places].tolist(), "worst": worst, "warning": WARNING} | ground.said(
        basis, empty=not curve.times.size
    )


def daily(ground: Ground, selection: Selection) -> Row:
    """Return each UTC day's return (a fraction, None without a starting balance) and the money earned; of more than 1,000 days the newest.

    `has_more` tells that there are earlier ones. What was paid in or out is neither. The days are those of `data.risk.daily_returns`.
    """
    scope = selection.equity()
    basis = ground.equity.basis(scope)
    days, pnl = _earned(basis, scope)
    known, _, values = daily_returns(basis, scope)
    returns = np.full(days.size, np.nan)
    returns[np.searchsorted(days, known)] = values
    shown = slice(max(0, days.size - MOST_DAYS), None)
    return {
        "days": iso_days(days[shown]),
        "returns": plain(returns[shown]),
        "pnl": pnl[shown].tolist(),
        "has_more": days.size > MOST_DAYS,
        **ground.said(basis, empty=not days.size),
    }


def _earned(basis: Basis, scope: EquityFilter) -> tuple[DayArray, FloatArray]:
    """Return the days in scope and the money earned on each, also where nobody knows what share of a balance that is."""
    curve = in_range(basis.curve, without_start(scope))
    if basis.owner == "strategy":
        exits = basis.exits.between(None, in_microseconds(scope)[1])
        days, pnl = metrics.daily_from_pnl(exits["at"], exits["net_pnl"], 1.0)
    else:
        moments, places = curve.day_ends
        days, values = metrics.last_of_day(moments, curve.earned[places])
        days, pnl = days[1:], np.diff(values)
    since = scope.since(times.now())
    later = slice(0 if since is None else int(np.searchsorted(days, np.datetime64(since.date()))), None)
    return days[later], pnl[later]


def monthly(ground: Ground, selection: Selection) -> Row:
    """Return the compounded returns of each calendar month and year in the range; see `metrics.monthly_returns`."""
    basis = ground.equity.basis(selection.equity())
    days, _, returns = daily_returns(basis, selection.equity())
    return {"years": metrics.monthly_returns(days, returns)} | ground.said(basis, empty=not in_range(basis.curve, selection.equity()).times.size)


def rolling(ground: Ground, selection: Selection) -> Row:
    """Return Sharpe ratio and volatility of the 30 returns that end on each day of the range; those before the range count, too.

    None on days with fewer returns behind them, and a Sharpe ratio without variance. See `metrics.rolling_sharpe`.
    """
    scope = selection.equity()
    basis = ground.equity.basis(scope)
    days, _, returns = daily_returns(basis, without_start(scope))
    trading_days = ground.settings.botv2_trading_days
    sharpe = metrics.rolling_sharpe(returns, WINDOW, trading_days)
    volatility = metrics.rolling_volatility(returns, WINDOW, trading_days)
    since = scope.since(times.now())
    first = 0 if since is None else int(np.searchsorted(days, np.datetime64(since.date())))
    places = first + thinned(np.nan_to_num(sharpe[first:]), POINTS, [])
    return {
        "days": iso_days(days[places]),
        "sharpe": plain(sharpe[places]),
        "volatility": plain(volatility[places]),
        "window": WINDOW,
        "trading_days": trading_days,
        **ground.said(basis, empty=not in_range(basis.curve, scope).times.size),
    }


def histogram(ground: Ground, selection: Selection) -> Row:
    """Return how often daily returns of the range lay between which edges (fractions), with value at risk and expected shortfall.

    The bins are as wide as Freedman and Diaconis say (at least 5, at most 60 of them), `var_…` and `cvar_95` historical; see `metrics`.
    """
    basis = ground.equity.basis(selection.equity())
    _, _, values = daily_returns(basis, selection.equity())
    returns = metrics.Returns(values)
    edges, counts = _bins(values)
    return {
        "edges": edges,
        "counts": counts,
        "var_95": metrics.value_at_risk(returns, 0.95),
        "var_99": metrics.value_at_risk(returns, 0.99),
        "cvar_95": metrics.conditional_value_at_risk(returns, 0.95),
        "mean": float(values.mean()) if values.size else None,
        "days": int(values.size),
        **ground.said(basis, empty=not in_range(basis.curve, selection.equity()).times.size),
    }


def _bins(values: FloatArray) -> tuple[list[float], list[int]]:
    if not values.size:
        return [], []
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        return [lowest - 0.0005, lowest + 0.0005], [int(values.size)]
    q1, q3 = np.quantile(values, [0.25, 0.75])
    width = 2.0 * float(q3 - q1) / values.size ** (1 / 3)
    number = int(min(max((highest - lowest) / width if width > 0 else 5, 5), 60))
    counts, edges = np.histogram(values, number)
    return edges.tolist(), counts.tolist()
