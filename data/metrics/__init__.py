"""Every figure that a page, an endpoint or a report shows, computed on read from stored records.

Arrays in, floats or None out; nothing here knows the store. Ratios, drawdowns, volatilities and VaR are fractions.
"""

from data.metrics.drawdown import Drawdown, current_drawdown, largest_drawdown, longest_drawdown_days, max_drawdown, underwater
from data.metrics.exact import exact_sum
from data.metrics.performance import performance
from data.metrics.ratios import (
    alpha,
    beta,
    calmar_ratio,
    conditional_value_at_risk,
    downside_volatility,
    omega_ratio,
    parametric_value_at_risk,
    sharpe_ratio,
    sortino_ratio,
    value_at_risk,
    volatility,
)
from data.metrics.returns import (
    annual_return,
    cumulative_return,
    curve_from_exits,
    daily_from_pnl,
    daily_returns,
    ends_of_days,
    growth_index,
    last_of_day,
)
from data.metrics.rolling import expanding, rolling_sharpe, rolling_volatility
from data.metrics.sample import Returns
from data.metrics.tables import contribution, correlation, monthly_returns
from data.metrics.trades import trade_statistics

__all__ = [
    "Drawdown",
    "Returns",
    "alpha",
    "annual_return",
    "beta",
    "calmar_ratio",
    "conditional_value_at_risk",
    "contribution",
    "correlation",
    "cumulative_return",
    "current_drawdown",
    "curve_from_exits",
    "daily_from_pnl",
    "daily_returns",
    "downside_volatility",
    "ends_of_days",
    "exact_sum",
    "expanding",
    "growth_index",
    "largest_drawdown",
    "last_of_day",
    "longest_drawdown_days",
    "max_drawdown",
    "monthly_returns",
    "omega_ratio",
    "parametric_value_at_risk",
    "performance",
    "rolling_sharpe",
    "rolling_volatility",
    "sharpe_ratio",
    "sortino_ratio",
    "trade_statistics",
    "underwater",
    "value_at_risk",
    "volatility",
]
