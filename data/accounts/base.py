"""What the parts of `Accounts` stand on."""

from typing import TypeAlias

from sqlalchemy import Connection, Row, select

from data.accounts.audit import Audit
from data.accounts.passwords import Passwords
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
        self._known_sessions: Recall[KnownSession] = Recall()
        self._known_tokens: Recall[KnownToken] = Recall()
        self._use_due: dict[int, float] = {}  # token id -> when its use may be written down again, on the monotonic clock

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
