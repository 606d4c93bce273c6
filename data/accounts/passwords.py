"""Password hashes: argon2id, a bounded number at a time."""

import base64
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
MIN_PASSWORD, MAX_PASSWORD = 8, 1024


class Passwords:
    """Hashes and verifies. At most two per core run at once, so that 100 sign-ins cost 150 MiB and not 2 GiB.

    They run in threads of their own: what a hash has used stays with its thread in the C library's memory, and among hundreds of request
    threads that came to 400 MiB, whatever bounded how many ran at once.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(2 * (os.cpu_count() or 1), thread_name_prefix="password")
        # The hash of nothing anybody knows; verifying against it takes as long as against a real one.
        self._nobody = f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${_random_base64(16)}${_random_base64(32)}"

    def hash(self, password: str) -> str:
        """Return the encoded hash with its salt and parameters, 97 characters."""
        return self._threads.submit(self._hasher.hash, password).result()

    def verify(self, stored: str | None, password: str) -> bool:
        """Return whether `password` is the one behind `stored`; None stands for an unknown user and costs the same time."""
        try:
            return self._threads.submit(self._hasher.verify, stored or self._nobody, password).result()
        except (Argon2Error, InvalidHashError):
            return False


def _random_base64(count: int) -> str:
    return base64.b64encode(secrets.token_bytes(count)).decode().rstrip("=")
