"""Answers kept by question, scope and data version: what was computed once is not computed again until something changed."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from data.entries import Row
from data.scope import Scope

Version = tuple[int, ...]


class Cache(Protocol):
    """Where answers are kept, as JSON; whoever serves the app brings one."""

    def get(self, key: str) -> Any:
        """Return what was kept under the key, or None."""

    def set(self, key: str, value: Any) -> Any:
        """Keep a value for a while."""


class Answers:
    """The answers of one desk. Without a cache each is computed anew."""

    def __init__(self) -> None:
        """Keep nothing until a cache is brought."""
        self.cache: Cache | None = None
        self._computing: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, question: str, scope: Scope, version: Version, compute: Callable[[], Row]) -> Row:
        """Return the kept answer to `question` about `scope` at `version` of the data, else what `compute` returns, which is JSON.

        Whoever asks the same at the same time waits for the one who computes.
        """
        if self.cache is None:
            return compute()
        key = _key(question, scope, version)
        if (kept := _opened(self.cache.get(key))) is not None:
            return kept
        with self._lock:
            turn = self._computing.setdefault(key, threading.Lock())
        try:
            with turn:
                if (kept := _opened(self.cache.get(key))) is not None:
                    return kept
                answer = compute()
                self.cache.set(key, orjson.dumps(answer))
                return answer
        finally:
            with self._lock:
                self._computing.pop(key, None)


def _opened(kept: bytes | None) -> Row | None:
    """Return the answer that was kept; what is none, and somebody else put there, counts as nothing."""
    try:
        answer = None if kept is None else orjson.loads(kept)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _key(question: str, scope: Scope, version: Version) -> str:
    parts = orjson.dumps([question, version, scope.model_dump(mode="json")])
    return hashlib.blake2b(parts, digest_size=20).hexdigest()
