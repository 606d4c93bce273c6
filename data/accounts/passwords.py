"""Password hashes: argon2id, a bounded number at a time."""

import base64
import os
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1


class Passwords:
    """Hashes and verifies. At most two per core run at once, so that 100 sign-ins cost 80 MiB and not 2 GiB."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._slots = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))
        # The hash of nothing anybody knows; verifying against it takes as long as against a real one.
        self._nobody = f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${_random_base64(16)}${_random_base64(32)}"

    def hash(self, password: str) -> str:
        """Return the encoded hash with its salt and parameters, 97 characters."""
        with self._slots:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Return whether `password` is the one behind `stored`; None stands for an unknown user and costs the same time."""
        with self._slots:
            try:
                return self._hasher.verify(stored or self._nobody, password)
            except (Argon2Error, InvalidHashError):
                return False


def _random_base64(count: int) -> str:
    return base64.b64encode(secrets.token_bytes(count)).decode().rstrip("=")
