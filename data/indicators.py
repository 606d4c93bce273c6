"""Technical indicators over whole columns of closing prices; each as long as the closes, NaN until there are enough of them."""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from data.metrics.checks import FloatArray


def sma(closes: FloatArray, length: int) -> FloatArray:
    """Return the simple moving average: the mean of the last `length` closes."""
    return _windowed(closes, length, np.mean)


def bollinger(closes: FloatArray, length: int, widths: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower band, middle and upper band (Bollinger on Bollinger Bands, 2001).

    The middle is the SMA, the bands lie `widths` standard deviations (of the population: divided by `length`) from it.
    """
    middle, spread = sma(closes, length), widths * _windowed(closes, length, np.std)
    return middle - spread, middle, middle + spread


def rsi(closes: FloatArray, length: int) -> FloatArray:
    """Return the relative strength index, 0 to 100, by Wilder (New Concepts in Technical Trading Systems, 1978).

    100 − 100 / (1 + average gain / average loss). The first averages are plain means of `length` changes, the later
    ones (before × (length − 1) + now) / length. Prices that never moved give 50.
    """
    changes = np.diff(closes)
    gains, losses = (_wilder(np.maximum(part, 0.0), length) for part in (changes, -changes))
    both = gains + losses
    strength = np.where(both == 0, 50.0, 100.0 * gains / np.where(both == 0, 1.0, both))
    return np.concatenate([np.full(min(1, closes.size), np.nan), strength])


def _windowed(closes: FloatArray, length: int, of: Callable[..., FloatArray]) -> FloatArray:
    result = np.full(closes.size, np.nan)
    if closes.size >= length:
        result[length - 1 :] = of(sliding_window_view(closes, length), axis=1)
    return result


def _wilder(values: FloatArray, length: int) -> FloatArray:
    result = np.full(values.size, np.nan)
    if values.size >= length:
        first = float(values[:length].mean())
        result[length - 1 :] = [*accumulate(values[length:].tolist(), lambda before, now: (before * (length - 1) + now) / length, initial=first)]
    return result
