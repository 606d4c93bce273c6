"""Sums that do not depend on the order of their terms, at the speed of numpy.

The terms are cut at a power of two that is so large that the upper parts of all of them can be added without any
rounding, in whatever order; what is left over is cut again until nothing is left ("ExtractVector" of Rump, Ogita and
Oishi, Accurate Floating-Point Summation Part I, SIAM J. Sci. Comput. 31(1), 2008).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.metrics.checks import FloatArray

Part = Callable[[FloatArray], FloatArray]
BLOCK = 1 << 14  # 128 kB of floats: a block and its leftovers stay in the processor's cache


def exact_sum(values: FloatArray, of: Part | None = None) -> float:
    """Return the sum of finite values, rounded once: the same as `math.fsum`, for an array; with `of` what that makes of each block of them.

    Raises:
        OverflowError: for values of 1e303 and more; `math.fsum` raises it a little later.
    """
    return math.fsum(exact_parts(values, of))


def exact_parts(values: FloatArray, of: Part | None = None) -> list[float]:
    """Return a few floats whose sum is exactly that of finite values, see `exact_sum`; `math.fsum` over several such lists rounds once."""
    blocks = (values[start : start + BLOCK] for start in range(0, values.size, BLOCK))
    return [float(part.sum()) for block in blocks for part in exact_slices(block if of is None else of(block), BLOCK)]


def above_zero(values: FloatArray) -> FloatArray:
    """Return the values above zero; by their places, which is several times as quick as by a mask without a pattern."""
    return values[np.flatnonzero(values > 0)]


def below_zero(values: FloatArray) -> FloatArray:
    """Return the values below zero."""
    return values[np.flatnonzero(values < 0)]


def sums_by_code(values: FloatArray, codes: NDArray[np.integer[Any]], groups: int) -> FloatArray:
    """Return the sum of the finite values of each code from 0 to `groups` - 1; the order of the rows makes no difference."""

    def add(totals: FloatArray, start: int, part: FloatArray) -> None:
        totals += np.bincount(codes[start : start + part.size].astype(np.intp, copy=False), weights=part, minlength=groups)

    return _summed(values, int(np.bincount(codes).max(initial=0)), np.zeros(groups), add, max(BLOCK, 4 * groups))  # each block looks at all groups


def sums_by_run(values: FloatArray, first: NDArray[np.intp]) -> FloatArray:
    """Return the sum of the finite values of each run: from each of the places `first`, which begin with 0 and ascend, each once, up to the next."""

    def add(totals: FloatArray, start: int, part: FloatArray) -> None:
        here = slice(int(np.searchsorted(first, start, side="right")) - 1, int(np.searchsorted(first, start + part.size)))
        totals[here] += np.add.reduceat(part, np.maximum(first[here] - start, 0))

    return _summed(values, int(np.diff(first, append=values.size).max(initial=0)), np.zeros(first.size), add, BLOCK)


def _summed(values: FloatArray, most: int, nothing: FloatArray, add: Callable[[FloatArray, int, FloatArray], None], size: int) -> FloatArray:
    """Return exact sums of up to `most` values each; `add` adds a part of the values, from a place on, to totals, of which `nothing` are none."""
    totals: list[FloatArray] = []  # of the coarsest slices of all blocks, of the next ones, …
    cuts: list[float] = []
    largest = _largest(values)
    for start in range(0, values.size, size):
        rest, number = values[start : start + size], 0
        while rest.any():
            if number == len(cuts):
                cuts.append(_cut(largest, most))
                totals.append(nothing.copy())
                largest = math.ldexp(cuts[-1], -53)  # what is left over is half of the last digit that was kept, or less
            upper = rest + cuts[number]
            upper -= cuts[number]
            add(totals[number], start, upper)
            rest = rest - upper
            number += 1
    return sum(totals, start=nothing)


def exact_slices(values: FloatArray, most: int) -> Iterator[FloatArray]:
    """Yield arrays, coarse to fine, that add up to finite `values` and of which sums of up to `most` elements are exact."""
    while largest := _largest(values):
        cut = _cut(largest, most)
        upper: FloatArray = values + cut  # rounds to multiples of cut / 2^53 …
        upper -= cut  # … of which up to `most` add up to less than 2^53 multiples
        yield upper
        values = values - upper


def _largest(values: FloatArray) -> float:
    return max(float(values.max()), -float(values.min())) if values.size else 0.0


def _cut(largest: float, most: int) -> float:
    """Return what cuts values up to `largest` so that up to `most` of the upper parts add up exactly."""
    return math.ldexp(1.0, math.frexp(largest)[1] + most.bit_length())
