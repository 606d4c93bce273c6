"""Guessing is slow: how many passwords are tried, and how many hashes run at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from data.accounts.guesses import Guesses, network_of
from data.accounts.passwords import Passwords
from data.errors import Code, Refused


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(guesses: Guesses, account: str, address: str) -> None:
    with guesses.attempt(account, address):
        pass


def test_eleventh_failure_within_a_minute_waits_and_says_how_long() -> None:
    """S11: at most 10 guesses a minute reach the hash."""
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(10):
        fail(guesses, f"account {number}", "192.0.2.1")
    clock.now += 20
    with pytest.raises(Refused) as refusal:
        fail(guesses, "admin", "192.0.2.1")
    assert (refusal.value.code, refusal.value.retry_after) == (Code.RATE_LIMITED, 40)
    clock.now += 40.1
    fail(guesses, "admin", "192.0.2.1")


def test_owner_signs_in_from_elsewhere_while_strangers_guess() -> None:
    """S11: no lockout by a third party, and each of many strangers gets one try."""
    guesses = Guesses(Clock())
    for number in range(10):
        fail(guesses, "admin", f"192.0.2.{number}")
    with pytest.raises(Refused):
        fail(guesses, "admin", "192.0.2.3")
    with guesses.attempt("admin", "198.51.100.1") as attempt:
        attempt.succeeded = True


def test_successful_sign_ins_do_not_count() -> None:
    guesses = Guesses(Clock())
    for _ in range(50):
        with guesses.attempt("admin", "192.0.2.1") as attempt:
            attempt.succeeded = True


def test_hundred_guesses_at_once_reach_the_hash_ten_times() -> None:
    """S11: counted before the hash is computed, not after."""
    guesses, reached = Guesses(), []

    def guess(_: int) -> bool:
        try:
            with guesses.attempt("admin", "192.0.2.1"):
                reached.append(1)
                threading.Event().wait(0.01)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(guess, range(100))) == 10
    assert len(reached) == 10


def test_hundred_right_passwords_at_once_all_pass() -> None:
    guesses = Guesses()

    def right(_: int) -> None:
        with guesses.attempt("admin", "192.0.2.1") as attempt:
            attempt.succeeded = True

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(right, range(100)))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_ipv6_customer_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_hashing_is_bounded_to_two_per_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """S9: 100 parallel sign-ins do not take 2 GiB."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    passwords = Passwords()
    running, most, lock = 0, 0, threading.Lock()

    class Hasher:
        def verify(self, _stored: str, _password: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            threading.Event().wait(0.01)
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: passwords.verify("x", "y"), range(20)))
    assert most == 2
