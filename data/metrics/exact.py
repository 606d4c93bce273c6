"""Sums that do not depend on the order of their terms, at the speed of numpy.

The terms are cut at a power of two that is so large that the upper parts of all of them can be added without any
rounding, in whatever order; what is left over is cut again until nothing is left ("ExtractVector" of Rump, Ogita and
Oishi, Accurate Floating-Point Summation Part I, SIAM J. Sci. Comput. 31(1), 2008).
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from data.metrics.checks import FloatArray

BLOCK = 1 << 14  # 128 kB of floats: a block and its leftovers stay in the processor's cache


def exact_sum(values: FloatArray) -> float:
    """Return the sum of finite values, rounded once: the same as `math.fsum`, for an array.

    Raises:
        OverflowError: for values of 1e303 and more; `math.fsum` raises it a little later.
    """
    return math.fsum(exact_parts(values))


def exact_parts(values: FloatArray) -> list[float]:
    """Return a few floats whose sum is exactly the sum of finite `values`; `math.fsum` over several such lists rounds once."""
    blocks = (values[start : start + BLOCK] for start in range(0, values.size, BLOCK))
    return [float(part.sum()) for block in blocks for part in exact_slices(block, BLOCK)]


def sums_by_code(values: FloatArray, codes: NDArray[np.intp], groups: int) -> FloatArray:
    """Return the sum of the finite values of each code from 0 to `groups` - 1; the order of the rows makes no difference."""
    totals = np.zeros(groups)
    for part in exact_slices(values, int(np.bincount(codes).max(initial=0))):
        totals += np.bincount(codes, weights=part, minlength=groups)
    return totals


def exact_slices(values: FloatArray, most: int) -> Iterator[FloatArray]:
    """Yield arrays, coarse to fine, that add up to finite `values` and of which sums of up to `most` elements are exact."""
    while values.size and (largest := max(float(values.max()), -float(values.min()))):
        cut = math.ldexp(1.0, math.frexp(largest)[1] + most.bit_length())
        upper: FloatArray = values + cut  # rounds to multiples of cut / 2^53 …
        upper -= cut  # … of which up to `most` add up to less than 2^53 multiples
        yield upper
        values = values - upper
