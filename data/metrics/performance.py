"""All figures of a series of daily returns at once."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from data.metrics import drawdown, ratios, returns
from data.metrics.sample import Returns


def performance(daily: ArrayLike | Returns, days: int) -> dict[str, Any]:
    """Return every figure of daily returns, shared parts computed once; each is as its own function defines it.

    Returns, volatilities, drawdowns, VaR and days' returns are fractions; drawdowns and losses are below zero. What
    is not defined is None; `positive_days` and `negative_days` are counts.

    Args:
        daily: returns of consecutive days as fractions.
        days: the number of returns in a year (BOTV2_TRADING_DAYS).
    """
    sample = Returns.of(daily)
    return {
        "cumulative_return": returns.cumulative_return(sample),
        "annual_return": returns.annual_return(sample, days),
        "volatility": ratios.volatility(sample, days),
        "downside_volatility": ratios.downside_volatility(sample, days),
        "sharpe_ratio": ratios.sharpe_ratio(sample, days),
        "sortino_ratio": ratios.sortino_ratio(sample, days),
        "calmar_ratio": ratios.calmar_ratio(sample, days),
        "omega_ratio": ratios.omega_ratio(sample),
        "max_drawdown": drawdown.max_drawdown(sample),
        "current_drawdown": drawdown.current_drawdown(sample),
        "var_95": ratios.value_at_risk(sample, 0.95),
        "var_99": ratios.value_at_risk(sample, 0.99),
        "cvar_95": ratios.conditional_value_at_risk(sample, 0.95),
        "parametric_var_95": ratios.parametric_value_at_risk(sample, 0.95),
        "best_day": float(sample.ascending[-1]) if sample.size else None,
        "worst_day": float(sample.ascending[0]) if sample.size else None,
        "positive_days": int(np.count_nonzero(sample.values > 0)),
        "negative_days": int(np.count_nonzero(sample.values < 0)),
    }
