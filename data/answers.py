"""Answers kept by question, scope and data version: what was computed once is not computed again until something changed."""

import hashlib
import threading
from collections.abc import Callable, Sequence
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
        found: Row = self._once([question, version, scope.model_dump(mode="json")], _row, compute, orjson.dumps)
        return found

    def text(self, known: Sequence[object], compute: Callable[[], str]) -> str:
        """Return the kept text that follows from what is `known`, which orjson can write, else what `compute` returns."""
        found: str = self._once(known, bytes.decode, compute, str.encode)
        return found

    def _once(self, known: Sequence[object], opened: Callable[[bytes], Any], compute: Callable[[], Any], packed: Callable[[Any], bytes]) -> Any:
        if self.cache is None:
            return compute()
        key = hashlib.blake2b(orjson.dumps(known), digest_size=20).hexdigest()
        if (kept := _kept(self.cache.get(key), opened)) is not None:
            return kept
        with self._lock:
            turn = self._computing.setdefault(key, threading.Lock())
        try:
            with turn:
                if (kept := _kept(self.cache.get(key), opened)) is not None:
                    return kept
                answer = compute()
                self.cache.set(key, packed(answer))
                return answer
        finally:
            with self._lock:
                self._computing.pop(key, None)


def _kept(found: bytes | None, opened: Callable[[bytes], Any]) -> Any:
    """Return what was kept; what cannot be read, and somebody else put there, counts as nothing."""
    try:
        return None if found is None else opened(found)
    except ValueError:
        return None


def _row(found: bytes) -> Row | None:
    answer = orjson.loads(found)
    return answer if isinstance(answer, dict) else None
