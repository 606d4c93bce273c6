"""What the parts of `Accounts` stand on."""

from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from sqlalchemy import Connection, Row, select

from data.accounts.audit import Audit
from data.accounts.guesses import Attempt, Guesses
from data.accounts.passwords import MAX_PASSWORD, Passwords
from data.accounts.principal import storable
from data.accounts.recall import Recall
from data.accounts.rows import KnownSession, KnownToken
from data.errors import Code, Refused
from data.schema import User
from data.settings import Settings
from data.store import Store

UserRow: TypeAlias = Row[int, str, str | None, str, bool]  # id, name, password_hash, role, disabled


class AccountsBase:
    """The store, the settings, the audit log, and what this process remembers of sessions and tokens."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._audit = Audit(store)
        self._passwords = Passwords()
        self._guesses: Guesses | None = None
        self._known_sessions: Recall[KnownSession] = Recall()
        self._known_tokens: Recall[KnownToken] = Recall()
        self._use_due: dict[int, float] = {}  # token id -> when its use may be written down again, on the monotonic clock

    @property
    def store(self) -> Store:
        """Return the store that they are in."""
        return self._store

    def name_of(self, number: int) -> str:
        """Return the name of the user with this number; raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            name = connection.scalar(select(User.name).where(User.id == number))
        if name is None:
            raise Refused(Code.NOT_FOUND, "there is nothing with this number")
        return name

    def _attempt(self, name: str, address: str) -> AbstractContextManager[Attempt]:
        """Return what a guess at this user's password or code runs in; see `Guesses.attempt`."""
        return self._guesses.attempt(name, address) if self._guesses else nullcontext(Attempt())

    def _confirm_password(self, name: str, password: str, address: str) -> None:
        """Make sure that it is this user who sits at an open session, before what a thief of the session must not do.

        Raises `Refused`: `invalid_fields` for a wrong password, `rate_limited` for who has failed too often, at this or at the sign-in.
        """
        with self._store.read() as connection:
            stored = self._user(connection, name).password_hash
        with self._attempt(name, address) as attempt:
            attempt.succeeded = len(password) <= MAX_PASSWORD and self._passwords.verify(stored, password)
        if not attempt.succeeded:
            with self._store.write(durable=False) as connection:
                self._audit.add(connection, name, "password.failed", name, address)
            raise Refused(Code.INVALID_FIELDS, "the present password is wrong", fields={"present": "is wrong"})

    def _user(self, connection: Connection, name: str) -> UserRow:
        """Return the user's row; raises `Refused` (`not_found`)."""
        row = self._user_or_none(connection, name)
        if row is None:
            raise Refused(Code.NOT_FOUND, "no such user", fields={"name": "is no user's name"})
        return row

    @staticmethod
    def _user_or_none(connection: Connection, name: str) -> UserRow | None:
        if storable(name) != name:
            return None
        return connection.execute(select(User.id, User.name, User.password_hash, User.role, User.disabled).where(User.name == name)).first()
