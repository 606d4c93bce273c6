"""A memory of rows that are asked for on every request."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from data.errors import Refused

T = TypeVar("T")
FRESH_SECONDS = 2.0
MAX_ENTRIES = 20_000


class Recall(Generic[T]):
    """Keeps what was read for two seconds, so that a revocation by another process counts within that time.

    While the store cannot be read, what was last known goes on to count.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()
        self._forgotten = 0

    def get(self, key: str, load: Callable[[str], T | None]) -> T | None:
        """Return the entry, from memory or by `load(key)`; None when there is none, which is not remembered."""
        entry = self._entries.get(key)
        if entry and entry[0] > time.monotonic():
            return entry[1]
        forgotten = self._forgotten
        try:
            value = load(key)
        except Refused:
            if entry:
                return entry[1]
            raise
        with self._lock:
            # A row that was read before somebody revoked it must not come back after that.
            if value is not None and forgotten == self._forgotten:
                if len(self._entries) >= MAX_ENTRIES:
                    self._entries.clear()
                self._entries[key] = (time.monotonic() + FRESH_SECONDS, value)
            elif value is None:
                self._entries.pop(key, None)
        return value

    def last_known(self, key: str) -> T | None:
        """Return what is remembered, however old."""
        entry = self._entries.get(key)
        return entry[1] if entry else None

    def forget(self) -> None:
        """Drop everything; revocations are rare and reading again is cheap."""
        with self._lock:
            self._forgotten += 1
            self._entries.clear()
