"""Figures of a window that moves along the days, or grows with them, for charts and histories."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from data.metrics.checks import FloatArray
from data.metrics.sample import Returns


def rolling_volatility(returns: ArrayLike | Returns, window: int, days: int) -> FloatArray:
    """Return `volatility` of the `window` returns (2 at least) that end on each day, as fractions, annualised with √days.

    As many values as returns; NaN, a gap in a chart, on days with less than a window behind them.
    """
    return _rolling(returns, window)[1] * math.sqrt(days)


def rolling_sharpe(returns: ArrayLike | Returns, window: int, days: int) -> FloatArray:
    """Return `sharpe_ratio` of the `window` returns (2 at least) that end on each day, annualised with √days.

    As many values as returns; NaN, a gap in a chart, on days with less than a window behind them or no variance in it.
    """
    mean, deviation = _rolling(returns, window)
    sharpe = np.full_like(mean, math.nan)
    np.divide(mean * math.sqrt(days), deviation, out=sharpe, where=deviation > 0)
    return sharpe


def _rolling(returns: ArrayLike | Returns, window: int) -> tuple[FloatArray, FloatArray]:
    if window < 2:
        raise ValueError(f"the window is {window}; it must be 2 at least")
    values = Returns.of(returns).values
    mean, deviation = np.full((2, values.size), math.nan)
    if values.size >= window:
        windows = sliding_window_view(values, window)
        flat = windows.min(axis=1) == windows.max(axis=1)  # their mean may round, so their deviation might not be 0
        mean[window - 1 :] = windows.mean(axis=1)
        deviation[window - 1 :] = np.where(flat, 0.0, windows.std(axis=1, ddof=1))
    return mean, deviation


def expanding(returns: ArrayLike | Returns, days: int) -> dict[str, FloatArray]:
    """Return `sharpe_ratio`, `sortino_ratio`, `volatility` and `max_drawdown` of all returns up to each day, NaN where undefined.

    All in one pass over n returns; each equals the function of its name on those returns to about 1e-12.
    """
    sample = Returns.of(returns)
    values, count = sample.values, np.arange(1, sample.size + 1)
    centred = values - (values.mean() if values.size else 0.0)  # so that little is lost when a square is taken from a square
    sums, squares = np.cumsum(centred), np.cumsum(np.square(centred))
    moved = np.maximum.accumulate(values) > np.minimum.accumulate(values)
    yearly = math.sqrt(days)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sums / count) + (values.mean() if values.size else 0.0)
        deviation = np.where(moved, np.sqrt(np.maximum(squares - np.square(sums) / count, 0.0) / (count - 1)), 0.0)
        downside = np.sqrt(np.cumsum(np.square(np.minimum(values, 0.0))) / count)
        sharpe = np.where(deviation > 0, mean / deviation * yearly, math.nan)
        sortino = np.where((downside > 0) & (count > 1), mean / downside * yearly, math.nan)
    growth = sample.growth[-values.size :] if values.size else values
    peaks = np.maximum.accumulate(np.maximum(growth, 1.0))
    return {
        "sharpe_ratio": sharpe,
        "sortino_ratio": sortino,
        "volatility": np.where(count > 1, deviation * yearly, math.nan),
        "max_drawdown": np.minimum.accumulate(growth / peaks) - 1.0,
    }
