"""Risk and reward of daily returns.

Returns are fractions, the risk-free rate is 0, `days` is the number of returns in a year (BOTV2_TRADING_DAYS).
Annualisation is empyrical's: means × days, deviations × √days. With fewer than two returns, without variance or
without losses where these are divided by, the answer is None. NaN and infinity raise ValueError, naming the place.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from data.metrics.checks import FloatArray, finite_array, number, ratio
from data.metrics.drawdown import max_drawdown
from data.metrics.returns import annual_return
from data.metrics.sample import Returns

FLAT = 1e-30  # a benchmark's variance below this is rounding, as for empyrical


def volatility(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return the annualised sample standard deviation (n - 1) × √days, as a fraction. Source: empyrical, `annual_volatility`."""
    return number(Returns.of(returns).deviation * math.sqrt(days))


def downside_volatility(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return √(mean of min(r, 0)²) × √days over all days, as a fraction. Source: empyrical, `downside_risk` (Sortino)."""
    return number(Returns.of(returns).downside * math.sqrt(days))


def sharpe_ratio(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return mean / sample standard deviation × √days. Source: Sharpe (1994); empyrical."""
    sample = Returns.of(returns)
    return ratio(sample.mean * math.sqrt(days), sample.deviation)


def sortino_ratio(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return mean × days / downside volatility. Source: Sortino and Price (1994); empyrical."""
    sample = Returns.of(returns)
    return ratio(sample.mean * math.sqrt(days), sample.downside)


def calmar_ratio(returns: ArrayLike | Returns, days: int) -> float | None:
    """Return annual return / |maximum drawdown|, over all returns given. Source: Young (1991); empyrical."""
    sample = Returns.of(returns)
    annual, deepest = annual_return(sample, days), max_drawdown(sample)
    return None if annual is None or not deepest else ratio(annual, -deepest)


def omega_ratio(returns: ArrayLike | Returns) -> float | None:
    """Return sum of gains / |sum of losses|, the threshold being 0. Source: Keating and Shadwick (2002); empyrical."""
    sample = Returns.of(returns)
    if sample.size < 2:
        return None
    with np.errstate(over="ignore"):
        gains, losses = float(np.maximum(sample.values, 0.0).sum()), float(sample.losses.sum())
    return ratio(gains, -losses)


def value_at_risk(returns: ArrayLike | Returns, level: float = 0.95) -> float | None:
    """Return the historical value at risk of a day: the (1 - level) quantile of the returns, negative for a loss.

    Interpolated linearly between the two nearest returns. Source: empyrical, `value_at_risk`.
    """
    sample = Returns.of(returns)
    if sample.size < 2:
        return None
    place = (sample.size - 1) * _tail(level)
    below = math.floor(place)
    low, high = (float(value) for value in sample.ascending[[below, min(below + 1, sample.size - 1)]])
    part = place - below
    return low * (1.0 - part) + high * part


def conditional_value_at_risk(returns: ArrayLike | Returns, level: float = 0.95) -> float | None:
    """Return the mean of the worst returns, those up to place ⌊(n - 1)(1 - level)⌋ with the worst at 0 (expected shortfall).

    Source: empyrical, `conditional_value_at_risk`.
    """
    sample = Returns.of(returns)
    if sample.size < 2:
        return None
    with np.errstate(over="ignore"):
        return number(sample.ascending[: int((sample.size - 1) * _tail(level)) + 1].mean())


def parametric_value_at_risk(returns: ArrayLike | Returns, level: float = 0.95) -> float | None:
    """Return the value at risk of a day if returns were normal: mean + z × sample standard deviation, z = Φ⁻¹(1 - level).

    Source: Jorion, Value at Risk (variance-covariance method); what quantstats calls value at risk.
    """
    sample = Returns.of(returns)
    return number(sample.mean + NormalDist().inv_cdf(_tail(level)) * sample.deviation)


def beta(returns: ArrayLike | Returns, benchmark: ArrayLike | Returns) -> float | None:
    """Return cov(returns, benchmark) / var(benchmark), of the same days. None where the benchmark did not move.

    Source: empyrical, `beta_aligned`.

    Raises:
        ValueError: when there are not as many returns of the benchmark.
    """
    own, market = _pair(returns, benchmark)
    if own.size < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        centred = market - market.mean()
        variance = float(np.dot(centred, centred)) / own.size
        return None if variance < FLAT else number(float(np.dot(centred, own)) / own.size / variance)


def alpha(returns: ArrayLike | Returns, benchmark: ArrayLike | Returns, days: int) -> float | None:
    """Return Jensen's alpha a year as a fraction: (1 + mean of (r - beta × benchmark)) ** days - 1, compounded.

    Source: Jensen (1968), annualised as empyrical's `alpha_aligned` does it. None where beta is, or where the mean
    lies below -1. Raises ValueError as `beta` does.
    """
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    own, market = _pair(returns, benchmark)
    with np.errstate(over="ignore", invalid="ignore"):
        kept = 1.0 + float((own - slope * market).mean())
    try:
        return number(math.pow(kept, days) - 1.0) if kept >= 0 else None
    except OverflowError:
        return None


def _pair(returns: ArrayLike | Returns, benchmark: ArrayLike | Returns) -> tuple[FloatArray, FloatArray]:
    own = Returns.of(returns).values
    market = benchmark.values if isinstance(benchmark, Returns) else finite_array(benchmark, "benchmark")
    if own.size != market.size:
        raise ValueError(f"{own.size} returns, but {market.size} of the benchmark")
    return own, market


def _tail(level: float) -> float:
    """Return 1 - level without the noise of that subtraction: 0.05 for 0.95."""
    return round(1.0 - level, 12)
