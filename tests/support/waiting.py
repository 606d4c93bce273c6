"""Waiting for what another process or thread is about to do."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], within: float = 5.0, otherwise: str = "it did not happen in time") -> None:
    """Return as soon as `condition()` holds; fail with `otherwise` when it does not hold within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
