"""What every figure asks of its input and promises of its output, in one place."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
MicrosecondArray = NDArray[np.int64]
DayArray = NDArray[np.datetime64]

LARGEST = float(np.finfo(np.float64).max)


def finite_array(values: ArrayLike, name: str) -> FloatArray:
    """Return `values` as a one-dimensional array of floats (an array of floats is not copied).

    Raises:
        ValueError: for a value that is NaN or infinite, naming the first place, and for more than one dimension.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not {array.ndim}")
    finite = np.isfinite(array)
    if not finite.all():
        place = int(finite.argmin())
        raise ValueError(f"{name}[{place}] is {array[place]}; it must be a finite number")
    return array


def ascending_times(times_us: ArrayLike, length: int) -> MicrosecondArray:
    """Return times in microseconds since 1970 (UTC) as an array. Raises ValueError unless they are `length` ascending ones."""
    times = same_length(times_us, length)
    if (times[1:] < times[:-1]).any():
        raise ValueError("times_us must ascend")
    return times


def same_length(times_us: ArrayLike, length: int) -> MicrosecondArray:
    """Return times in microseconds since 1970 (UTC) as an array. Raises ValueError unless there are `length` of them."""
    times = np.asarray(times_us, dtype=np.int64)
    if times.shape != (length,):
        raise ValueError(f"times_us has shape {times.shape}, its values ({length},)")
    return times


def number(value: float) -> float | None:
    """Return a figure as a plain float, or None where it is not defined (NaN) or no float can hold it (infinite)."""
    return float(value) if math.isfinite(value) else None


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None where that is not defined or the whole is beyond any float."""
    return number(part / whole) if whole and math.isfinite(whole) else None


def held(values: FloatArray) -> FloatArray:
    """Return `values`, changed in place: overflows held at the largest float, inf × 0 (a loss of everything) as 0."""
    return np.nan_to_num(values, copy=False, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
