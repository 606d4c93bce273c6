"""Daily returns with what several figures share, each part computed once and only when it is asked for."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from data.metrics.checks import FloatArray, finite_array, held


class Returns:
    """Validated returns of consecutive days as fractions (0.01 = 1 %).

    Every function that takes returns takes either an array, which it validates, or a `Returns`, which has been. What
    needs two returns at least is NaN here with fewer.
    """

    def __init__(self, values: ArrayLike) -> None:
        """Validate `values`. Raises ValueError for NaN and infinity, naming the place."""
        self.values: FloatArray = finite_array(values, "returns")
        self.size = self.values.size

    @classmethod
    def of(cls, returns: "ArrayLike | Returns") -> "Returns":
        """Return `returns` itself when it has been validated, else validate it."""
        return returns if isinstance(returns, Returns) else cls(returns)

    @cached_property
    def ascending(self) -> FloatArray:
        """The returns, worst first."""
        return np.sort(self.values)

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def mean(self) -> float:
        """The arithmetic mean."""
        return float(self.values.sum()) / self.size if self.size else math.nan

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def deviation(self) -> float:
        """The sample standard deviation (n - 1); exactly 0 where all returns are equal, whatever their mean rounds to."""
        if self.size < 2:
            return math.nan
        if self.values.min() == self.values.max():
            return 0.0
        centred = self.values - self.mean
        return math.sqrt(float(np.dot(centred, centred)) / (self.size - 1))

    @cached_property
    def losses(self) -> FloatArray:
        """The returns below zero, zero in the place of the others."""
        return np.minimum(self.values, 0.0)

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def downside(self) -> float:
        """The root of the mean square of the losses, over all days."""
        return math.sqrt(float(np.dot(self.losses, self.losses)) / self.size) if self.size > 1 else math.nan

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def growth(self) -> FloatArray:
        """What 1 became, before the first day and after each (n + 1 values); a loss of more than everything leaves 0."""
        growth = np.empty(self.size + 1)
        growth[0] = 1.0
        np.add(self.values, 1.0, out=growth[1:])
        np.maximum(growth, 0.0, out=growth)
        np.multiply.accumulate(growth, out=growth)
        return growth if math.isfinite(growth[-1]) else held(growth)

    @cached_property
    def deepest(self) -> float:
        """The deepest fall of `growth` below its highest value so far, as a fraction <= 0."""
        return float((self.growth / np.maximum.accumulate(self.growth)).min()) - 1.0
