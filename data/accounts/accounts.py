"""Everything about who may come in, on one object; and the two ways in: password and one-time link."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from data import times
from data.accounts.guesses import Guesses
from data.accounts.principal import Principal, digest_of, new_secret, storable
from data.accounts.sessions import Sessions
from data.accounts.tokens import Tokens
from data.accounts.users import MAX_PASSWORD
from data.schema import SignInLink, User
from data.settings import Settings
from data.store import Store

LINK_LIVES = timedelta(minutes=15)


class Accounts(Sessions, Tokens):
    """Users, sessions, tokens, links and the audit log of one store; safe to share between threads.

    Several processes may use one store: a change by another one counts here within two seconds.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        super().__init__(store, settings)
        self._guesses = Guesses() if settings.botv2_rate_limits == "on" else None

    def sign_in(self, name: str, password: str, *, address: str, user_agent: str = "") -> str | None:
        """Return a new session's cookie, or None: an unknown name and a wrong password are told apart by nothing.

        Raises `Refused` (`rate_limited`) for who has failed too often, before any password is looked at.
        """
        if self._guesses is None:
            return self._try_password(name, password, address, user_agent)
        with self._guesses.attempt(storable(name), address) as attempt:
            cookie = self._try_password(name, password, address, user_agent)
            attempt.succeeded = cookie is not None
        return cookie

    def create_link(self, name: str, *, actor: str = "cli", address: str = "") -> str:
        """Return the secret of a link that signs this user in once within 15 minutes; raises `Refused` (`not_found`)."""
        secret, moment = new_secret(), times.now()
        with self._store.write() as connection:
            user = self._user(connection, name)
            connection.execute(delete(SignInLink).where(SignInLink.expires_at < moment - LINK_LIVES))
            row = {"digest": digest_of(secret), "user_id": user.id, "created_at": moment, "expires_at": moment + LINK_LIVES}
            connection.execute(insert(SignInLink).values(**row))
            self._audit.add(connection, actor, "link.create", name, address)
        return secret

    def use_link(self, secret: str, *, address: str, user_agent: str = "") -> str | None:
        """Return a new session's cookie, or None for a link that is unknown, used, too old, or of a disabled user."""
        moment, digest = times.now(), digest_of(secret)
        with self._store.write() as connection:
            unused = update(SignInLink).where(SignInLink.digest == digest, SignInLink.used_at.is_(None), SignInLink.expires_at > moment)
            if connection.execute(unused.values(used_at=moment)).rowcount:
                query = select(User.id, User.name).join(SignInLink).where(SignInLink.digest == digest, User.disabled.is_(False))
                user = connection.execute(query).first()
                if user:
                    self._audit.add(connection, user.name, "sign_in.link", user.name, address)
                    return self._open_session(connection, user.id, address, user_agent)
        self._audit.refusal("anonymous", "sign_in.link_failed", f"link:{digest[:12]}", address, 401)
        return None

    def is_live(self, principal: Principal) -> bool:
        """Return whether what let this principal in would still do so now; for connections that stay open."""
        known = self._live_session(principal.digest) if principal.is_session else self._live_token(principal.digest)
        return known is not None

    def audit(
        self,
        actor: str,
        action: str,
        target: str | None = None,
        address: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Record a change that another part of the program made. `before` and `after` must hold no secret."""
        with self._store.write() as connection:
            self._audit.add(connection, actor, action, target, address, before, after)

    def audit_refusal(self, actor: str, action: str, target: str, address: str, status: int) -> None:
        """Record a refused request; repetitions within a minute are counted in the next row. Never raises."""
        self._audit.refusal(actor, action, target, address, status)

    def _try_password(self, name: str, password: str, address: str, user_agent: str) -> str | None:
        with self._store.read() as connection:
            user = self._user_or_none(connection, name)
        stored = user.password_hash if user and not user.disabled and len(password) <= MAX_PASSWORD else None
        # A hash is always computed, so that the time tells nobody which names exist.
        matches = self._passwords.verify(stored, password[:MAX_PASSWORD])
        if not (user and stored and matches):
            with self._store.write(durable=False) as connection:
                self._audit.add(connection, name or "anonymous", "sign_in.failed", name, address)
            return None
        with self._store.write() as connection:
            user = self._user_or_none(connection, name)
            if user is None or user.disabled or user.password_hash != stored:
                return None  # changed while the hash was computed
            self._audit.add(connection, name, "sign_in", name, address)
            return self._open_session(connection, user.id, address, user_agent)
