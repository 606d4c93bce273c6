"""Somebody who has been let in, and the secrets that let them in."""

import hashlib
import secrets
from dataclasses import dataclass, field

SCOPES = frozenset({"read", "ingest", "control"})
ADMIN_SCOPE = "admin"  # users, everybody's tokens and the audit log; of people alone, no token has it
ROLE_SCOPES: dict[str, frozenset[str]] = {"viewer": frozenset({"read"}), "operator": SCOPES, "admin": SCOPES | {ADMIN_SCOPE}}
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Principal:
    """A person's session or a machine's token.

    Attributes:
        id: ``user:1`` or ``token:7``; whose rate limit and idempotency keys these are.
        name: for people to read.
        role: ``admin``, ``operator`` or ``viewer``; None for a token.
        scopes: what it may do.
        bot: the one bot that a token may speak for, or None for any.
        reader: whose cursor in the alerts this is, ``session:<digest>`` or ``token:7``.
        digest: SHA-256 of the cookie or token, under which it is looked up again.
    """

    id: str
    name: str
    role: str | None
    scopes: frozenset[str]
    bot: str | None
    reader: str
    digest: str = field(repr=False, default="")

    @property
    def number(self) -> int:
        """Return the number of the user or token in its table."""
        return int(self.id.partition(":")[2])

    @property
    def is_admin(self) -> bool:
        """Return whether it may manage people."""
        return ADMIN_SCOPE in self.scopes

    @property
    def is_session(self) -> bool:
        """Return whether a person's browser stands behind it."""
        return self.role is not None


def new_secret() -> str:
    """Return 256 random bits as 43 characters that fit in a cookie, a header and a path."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret in hex. Without salt or slowness: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str, length: int = MAX_NAME) -> str:
    """Return `text` as every database takes it: without NUL and lone surrogates, at most `length` characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:length]
