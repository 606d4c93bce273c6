"""The indicators of `data.indicators`, fed close by close, as a bot that runs computes them."""

import math
from collections import deque


class Window:
    """The last closes, and their mean and standard deviation."""

    def __init__(self, length: int) -> None:
        """Keep `length` closes."""
        self._values: deque[float] = deque(maxlen=length)

    def add(self, close: float) -> None:
        """Take the next close."""
        self._values.append(close)

    @property
    def is_full(self) -> bool:
        """Say whether there have been enough closes."""
        return len(self._values) == self._values.maxlen

    @property
    def mean(self) -> float:
        """Return the simple moving average."""
        return math.fsum(self._values) / len(self._values)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the population."""
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self._values) / len(self._values))


class Rsi:
    """Wilder's relative strength index."""

    def __init__(self, length: int) -> None:
        """Average over `length` changes."""
        self._length = length
        self._last: float | None = None
        self._changes: list[float] = []
        self._gain = self._loss = 0.0

    def add(self, close: float) -> float | None:
        """Take the next close; return the index, 0 to 100, or None while there have been too few closes."""
        last, self._last = self._last, close
        if last is None:
            return None
        change = close - last
        if len(self._changes) < self._length:
            self._changes.append(change)
            if len(self._changes) < self._length:
                return None
            self._gain = sum(gain for gain in self._changes if gain > 0) / self._length
            self._loss = -sum(loss for loss in self._changes if loss < 0) / self._length
        else:
            self._gain += (max(change, 0.0) - self._gain) / self._length
            self._loss += (max(-change, 0.0) - self._loss) / self._length
        both = self._gain + self._loss
        return 100 * self._gain / both if both else 50.0
