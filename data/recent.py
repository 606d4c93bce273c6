"""The last few things that were found, kept in the process: what is dear to find and too large for the cache of answers."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Found = TypeVar("Found")


class Recent:
    """Keeps the `most` things that were asked for last. Of several who ask for the same one finds it; others do not wait for that."""

    def __init__(self, most: int) -> None:
        """Keep nothing yet."""
        self._most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._finding: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Return what is kept under the key, else what `find` returns."""
        with self._lock:
            if key in self._kept:
                return cast("Found", self._again(key))
            turn = self._finding.setdefault(key, threading.Lock())
        try:
            with turn:
                with self._lock:
                    if key in self._kept:
                        return cast("Found", self._again(key))
                found = find()
                with self._lock:
                    self._kept[key] = found
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
                return found
        finally:
            with self._lock:
                self._finding.pop(key, None)

    def _again(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key]
