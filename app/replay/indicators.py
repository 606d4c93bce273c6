"""Technical indicators over whole columns; `app.replay.streaming` computes the same ones candle by candle.

Each returns an array as long as the closes, NaN until there are enough of them.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Column = NDArray[np.float64]


def sma(closes: Column, length: int) -> Column:
    """Return the simple moving average: the mean of the last `length` closes."""
    return _windowed(closes, length, np.mean)


def rsi(closes: Column, length: int) -> Column:
    """Return the relative strength index, 0 to 100, by Wilder (New Concepts in Technical Trading Systems, 1978).

    100 − 100 / (1 + average gain / average loss). The first averages are plain means of `length` changes, the later
    ones (before × (length − 1) + now) / length. Prices that never moved give 50.
    """
    changes = np.diff(closes)
    gains, losses = (_wilder(np.maximum(part, 0.0), length) for part in (changes, -changes))
    both = gains + losses
    with np.errstate(invalid="ignore"):
        strength = np.where(both == 0, 50.0, 100.0 * gains / np.where(both == 0, 1.0, both))
    return np.concatenate([np.full(min(1, closes.size), np.nan), strength])


def bollinger(closes: Column, length: int, widths: float) -> tuple[Column, Column, Column]:
    """Return lower band, middle and upper band (Bollinger on Bollinger Bands, 2001).

    The middle is the SMA, the bands lie `widths` standard deviations (of the population: divided by `length`) from it.
    """
    middle, spread = sma(closes, length), widths * _windowed(closes, length, np.std)
    return middle - spread, middle, middle + spread


def _windowed(closes: Column, length: int, of: Callable[..., Column]) -> Column:
    result = np.full(closes.size, np.nan)
    if closes.size >= length:
        windows = np.lib.stride_tricks.sliding_window_view(closes, length)
        result[length - 1 :] = of(windows, axis=1)
    return result


def _wilder(values: Column, length: int) -> Column:
    result = np.full(values.size, np.nan)
    if values.size >= length:
        seeded = np.concatenate([[values[:length].mean()], values[length:]])
        result[length - 1 :] = pd.Series(seeded).ewm(alpha=1 / length, adjust=False).mean().to_numpy()
    return result
