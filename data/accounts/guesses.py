"""Slows whoever guesses passwords, without locking out the owner of the account."""

import ipaddress
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from data.errors import Code, Refused

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
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        self._running: defaultdict[str, int] = defaultdict(int)
        self._changed = threading.Condition()

    @contextmanager
    def attempt(self, account: str, address: str) -> Iterator[Attempt]:
        """Run one try inside; raises `Refused` (`rate_limited`) with the seconds to wait."""
        origin = network_of(address)
        keys = (f"address {origin}", f"account {account}")
        self._begin(keys, origin)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            with self._changed:
                for key in keys:
                    self._running[key] -= 1
                    if not self._running[key]:
                        del self._running[key]
                    if not attempt.succeeded:
                        self._failures[key].append((self._clock(), origin))
                self._changed.notify_all()

    def _begin(self, keys: tuple[str, str], origin: str) -> None:
        by_address, by_account = keys
        deadline = time.monotonic() + PATIENCE_SECONDS
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
                    raise Refused(Code.RATE_LIMITED, "too many sign-ins at once; try again", retry_after=1)
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
        waits = self._failures[key][-FAILURES][0] + WINDOW_SECONDS - self._clock()
        return Refused(Code.RATE_LIMITED, "too many failed sign-ins; wait a minute", retry_after=max(1, math.ceil(waits)))


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
