"""Slows whoever guesses passwords, without locking out the owner of the account."""

import ipaddress
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from data.accounts.tries import Tries
from data.errors import Code, Refused
from data.shared import Shared

FAILURES = 10
WINDOW_SECONDS = 60.0
PATIENCE_SECONDS = 10.0
MAX_KEYS = 10_000


class Attempt:
    """What came of one try; `succeeded` stays False unless the caller sets it."""

    succeeded = False


class Guesses:
    """Counts failed sign-ins of the last minute per address and per account.

    An address with 10 failures waits. An account with 10 failures waits too, but only for addresses that already
    failed on it: a stranger who guesses elsewhere cannot keep its owner out, and many strangers get one try each.
    Tries whose outcome is not yet known count as failures, but a try that only they hold up waits for them.
    With `shared`, failures that other processes saw count as well.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, shared: Shared | None = None) -> None:
        self._clock = clock
        self._everywhere = Tries(shared, WINDOW_SECONDS, FAILURES) if shared is not None else None
        self._failures: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        self._running: defaultdict[str, int] = defaultdict(int)
        self._changed = threading.Condition()

    @contextmanager
    def attempt(self, account: str, address: str) -> Iterator[Attempt]:
        """Run one try inside; raises `Refused` (`rate_limited`) with the seconds to wait."""
        origin = network_of(address)
        keys = (f"address {origin}", f"account {account}")
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._begin(keys, origin, deadline)
        attempt, is_tried = Attempt(), False
        try:
            with self._tried_everywhere(account, origin, deadline, attempt):
                is_tried = True
                yield attempt
        finally:
            self._end(keys, origin, failed=is_tried and not attempt.succeeded)

    @contextmanager
    def _tried_everywhere(self, account: str, origin: str, deadline: float, attempt: Attempt) -> Iterator[None]:
        """Have the other processes count the try inside; what they refuse is no try here either."""
        if self._everywhere is None:
            yield
            return
        number, waits = self._everywhere.begin(account, origin, deadline)
        if waits is None:
            raise _too_many_at_once()
        if waits:
            raise _too_many_failures(waits)
        try:
            yield
        finally:
            self._everywhere.end(account, origin, number, failed=not attempt.succeeded)

    def _end(self, keys: tuple[str, str], origin: str, *, failed: bool) -> None:
        with self._changed:
            for key in keys:
                self._running[key] -= 1
                if not self._running[key]:
                    del self._running[key]
                if failed:
                    self._failures[key].append((self._clock(), origin))
            self._changed.notify_all()

    def _begin(self, keys: tuple[str, str], origin: str, deadline: float) -> None:
        by_address, by_account = keys
        with self._changed:
            self._forget_old()
            while True:
                failed = len(self._recent(by_address))
                if failed >= FAILURES:
                    raise self._refusal(by_address)
                if len(self._recent(by_account)) >= FAILURES and any(who == origin for _, who in self._failures[by_account]):
                    raise self._refusal(by_account)
                if failed + self._running[by_address] < FAILURES:
                    break
                if not self._changed.wait(deadline - time.monotonic()):
                    raise _too_many_at_once()
            for key in keys:
                self._running[key] += 1

    def _recent(self, key: str) -> list[tuple[float, str]]:
        start = self._clock() - WINDOW_SECONDS
        recent = [failure for failure in self._failures.get(key, ()) if failure[0] > start]
        if recent:
            self._failures[key] = recent
        else:
            self._failures.pop(key, None)
        return recent

    def _forget_old(self) -> None:
        if len(self._failures) > MAX_KEYS:
            for key in list(self._failures):
                self._recent(key)

    def _refusal(self, key: str) -> Refused:
        return _too_many_failures(self._failures[key][-FAILURES][0] + WINDOW_SECONDS - self._clock())


def _too_many_failures(waits: float) -> Refused:
    return Refused(Code.RATE_LIMITED, "too many failed sign-ins; wait a minute", retry_after=max(1, math.ceil(waits)))


def _too_many_at_once() -> Refused:
    return Refused(Code.RATE_LIMITED, "too many sign-ins at once; try again", retry_after=1)


def network_of(address: str) -> str:
    """Return the address that counts: an IPv6 customer owns a whole /64, an IPv4 address stands for itself."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
