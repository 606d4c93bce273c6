"""Everything about who may come in, on one object; and the two ways in: password and one-time link, each with a code where one is wanted."""

from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from data import times
from data.accounts.base import UserRow
from data.accounts.guesses import Guesses
from data.accounts.passwords import MAX_PASSWORD
from data.accounts.principal import Principal, digest_of, new_secret, storable
from data.accounts.second_factor import SecondFactor
from data.accounts.sessions import Sessions
from data.accounts.tokens import Tokens
from data.accounts.unwritten import unless_full
from data.errors import Code, Refused
from data.schema import PendingSignIn, SignInLink, User
from data.settings import Settings
from data.shared import Shared
from data.store import Store

LINK_LIVES = timedelta(minutes=15)
RESET_LIVES = timedelta(hours=24)  # it is handed on by a person
PENDING_LIVES = timedelta(minutes=5)
TRIES = 5  # codes for one password
MOST_TRIES, TRIES_WINDOW = 20, timedelta(minutes=15)  # for one user, from anywhere: only who knows the password gets that far


class CodeWanted(Exception):
    """Password or link were right, and a code of the second factor is owed; `pending` is the secret that `enter_code` wants with it."""

    def __init__(self, pending: str) -> None:
        super().__init__("a code of the second factor is wanted")
        self.pending = pending


class Accounts(Sessions, Tokens, SecondFactor):
    """Users, sessions, tokens, links and the audit log of one store; safe to share between threads.

    Several processes may use one store: a change by another one counts here within two seconds.
    """

    def __init__(self, store: Store, settings: Settings, shared: Shared | None = None) -> None:
        super().__init__(store, settings)
        self.shared = Shared(settings) if shared is None else shared
        self._guesses = Guesses(shared=self.shared) if settings.botv2_rate_limits == "on" else None

    def sign_in(self, name: str, password: str, *, address: str, user_agent: str = "") -> str | None:
        """Return a new session's cookie, or None: an unknown name and a wrong password are told apart by nothing.

        Raises `CodeWanted` where the second factor is on, and `Refused` (`rate_limited`) for who has failed too often, before any
        password is looked at.
        """
        with self._attempt(storable(name), address) as attempt:
            try:
                cookie = self._try_password(name, password, address, user_agent)
            except CodeWanted:
                attempt.succeeded = True
                raise
            attempt.succeeded = cookie is not None
        return cookie

    def enter_code(self, pending: str, code: str, *, address: str, user_agent: str = "") -> str | None:
        """Return a new session's cookie for who owes a code and has one, of the app or a recovery code; None for a wrong one.

        Raises `Refused`: `unauthenticated` when what was begun is too old or has failed too often, `rate_limited` as `sign_in` does.
        """
        with self._store.read() as connection:
            user = self._owing(connection, pending)
        with self._attempt(user.name, address) as attempt:
            with self._store.write() as connection:
                cookie = self._try_code(connection, user, pending, code, address, user_agent)
            attempt.succeeded = cookie is not None
        return cookie

    def create_link(self, name: str, *, resets_password: bool = False, actor: str = "cli", address: str = "") -> str:
        """Return the secret of a link that signs this user in once within 15 minutes, or sets a new password within 24 hours.

        Raises `Refused` (`not_found`).
        """
        secret, moment = new_secret(), times.now()
        lives = RESET_LIVES if resets_password else LINK_LIVES
        with self._store.write() as connection:
            user = self._user(connection, name)
            connection.execute(delete(SignInLink).where(SignInLink.expires_at < moment - RESET_LIVES))
            row = {"digest": digest_of(secret), "user_id": user.id, "created_at": moment, "expires_at": moment + lives}
            connection.execute(insert(SignInLink).values(**row, resets_password=resets_password))
            self._audit.add(connection, actor, "link.reset" if resets_password else "link.create", name, address)
        return secret

    def link_kind(self, secret: str) -> Literal["sign_in", "reset"]:
        """Return what a link is for; one that is no good counts as one that signs in, which tells nobody more than its use would."""
        with self._store.read() as connection:
            resets = connection.scalar(select(SignInLink.resets_password).where(SignInLink.digest == digest_of(secret), SignInLink.used_at.is_(None)))
        return "reset" if resets else "sign_in"

    def use_link(self, secret: str, *, password: str | None = None, address: str, user_agent: str = "") -> str | None:
        """Return a new session's cookie, or None for a link that is unknown, used, too old, or of a disabled user.

        One that resets sets `password` first. Raises `CodeWanted` where the second factor is on, and `Refused` (`invalid_fields`) for a
        password that cannot be one, which leaves the link as it was.
        """
        resets = self.link_kind(secret) == "reset"
        hashed = self._hashed(password or "") if resets else None
        moment, digest = times.now(), digest_of(secret)
        with self._store.write() as connection:
            query = select(User.id, User.name, User.password_hash, User.role, User.disabled).join(SignInLink).where(SignInLink.digest == digest)
            user = connection.execute(query.where(User.disabled.is_(False))).first()
            unused = update(SignInLink).where(SignInLink.digest == digest, SignInLink.used_at.is_(None), SignInLink.expires_at > moment)
            used = connection.execute(unused.where(SignInLink.resets_password.is_(resets)).values(used_at=moment)).rowcount
            entered = None
            if user and used:
                if hashed is not None:
                    self._set_password(connection, user, hashed, user.name, address)
                entered = self._enter(connection, user, "sign_in.link", address, user_agent)
        if entered is None:
            self._audit.refusal("anonymous", "sign_in.link_failed", f"link:{digest[:12]}", address, 401)
            return None
        self._known_sessions.forget()
        return _opened(entered)

    def is_live(self, principal: Principal) -> bool:
        """Return whether what let this principal in would still do so now; for connections that stay open."""
        known = self._live_session(principal.digest) if principal.is_session else self._live_token(principal.digest)
        return known is not None and known.scopes == principal.scopes

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
            with unless_full("a sign-in that failed"), self._store.write(durable=False) as connection:
                self._audit.add(connection, name or "anonymous", "sign_in.failed", name, address)
            return None
        try:
            with self._store.write() as connection:
                now = self._user_or_none(connection, name)
                if now is None or now.disabled or now.password_hash != stored:
                    return None  # changed while the hash was computed
                entered = self._enter(connection, now, "sign_in", address, user_agent)
        except Refused as refusal:
            return self._enter_unwritten(refusal, user, address, user_agent)
        return _opened(entered)

    def _enter_unwritten(self, refusal: Refused, user: UserRow, address: str, user_agent: str) -> str:
        """Open a session though the disk is full; who owes a code is refused, because a code that is not written down could be used twice."""
        if refusal.code is not Code.STORAGE_FULL:
            raise refusal
        with self._store.read() as connection:
            if connection.scalar(select(User.totp_since).where(User.id == user.id)) is not None:
                raise refusal
        return self._open_unwritten(user, address, user_agent)

    def _enter(self, connection: Connection, user: UserRow, action: str, address: str, user_agent: str) -> "str | CodeWanted":
        """Open a session for who has shown the first factor and return its cookie, or note that a code is owed and return what to raise then."""
        if connection.scalar(select(User.totp_since).where(User.id == user.id)) is None:
            cookie = self._open_session(connection, user.id, address, user_agent)
            self._audit.add(connection, user.name, action, user.name, address)
            return cookie
        secret, moment = new_secret(), times.now()
        connection.execute(delete(PendingSignIn).where(PendingSignIn.created_at < moment - TRIES_WINDOW))
        connection.execute(insert(PendingSignIn).values(digest=digest_of(secret), user_id=user.id, created_at=moment, tries=0))
        self._audit.add(connection, user.name, f"{action}.code_wanted", user.name, address)
        return CodeWanted(secret)

    def _owing(self, connection: Connection, pending: str) -> UserRow:
        query = select(User.id, User.name, User.password_hash, User.role, User.disabled).join(PendingSignIn)
        user = connection.execute(query.where(*_still_owed(pending), User.disabled.is_(False))).first()
        if user is None:
            raise Refused(Code.UNAUTHENTICATED, "this sign-in is too old or has failed too often: begin anew")
        return user

    def _try_code(self, connection: Connection, user: UserRow, pending: str, code: str, address: str, user_agent: str) -> str | None:
        this = update(PendingSignIn).where(*_still_owed(pending))
        if not connection.execute(this.values(tries=PendingSignIn.tries + 1)).rowcount:
            raise Refused(Code.UNAUTHENTICATED, "this sign-in is too old or has failed too often: begin anew")
        lately = (PendingSignIn.user_id == user.id, PendingSignIn.created_at > times.now() - TRIES_WINDOW)
        if (connection.scalar(select(func.sum(PendingSignIn.tries)).where(*lately)) or 0) > MOST_TRIES:
            raise Refused(Code.RATE_LIMITED, "too many wrong codes; wait a quarter of an hour", retry_after=TRIES_WINDOW.total_seconds())
        by_app = self._accepts(connection, user.id, code)
        if not by_app and not self._recovers(connection, user.id, code):
            self._audit.add(connection, user.name, "sign_in.code_failed", user.name, address)
            return None
        ended = update(PendingSignIn).where(PendingSignIn.digest == digest_of(pending))
        connection.execute(ended.values(ended_at=times.now(), tries=PendingSignIn.tries - 1))
        cookie = self._open_session(connection, user.id, address, user_agent)
        self._audit.add(connection, user.name, "sign_in", user.name, address, after={"code": "app" if by_app else "recovery"})
        return cookie


def _still_owed(pending: str) -> tuple[Any, ...]:
    begun = PendingSignIn.created_at > times.now() - PENDING_LIVES
    return PendingSignIn.digest == digest_of(pending), PendingSignIn.ended_at.is_(None), PendingSignIn.tries < TRIES, begun


def _opened(entered: str | CodeWanted) -> str:
    """A refusal inside the transaction would undo what it has noted; it is raised here, after it."""
    if isinstance(entered, CodeWanted):
        raise entered
    return entered
