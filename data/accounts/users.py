"""People: made, given a password, shut out."""

from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from data import times
from data.accounts.base import AccountsBase
from data.accounts.principal import MAX_NAME, ROLE_SCOPES, new_secret, storable
from data.errors import Code, Refused
from data.schema import Session, User

ADMIN = "admin"
MIN_PASSWORD, MAX_PASSWORD = 8, 1024
SYSTEM = "system"


class Users(AccountsBase):
    """The part of `Accounts` that knows people."""

    def ensure_admin(self) -> str | None:
        """Make the user `admin`, or give it the password that the environment now names (its sessions end then).

        Returns the random password that was made, at the first start without BOTV2_ADMIN_PASSWORD; else None.
        """
        secret = self._settings.botv2_admin_password
        with self._store.read() as connection:
            row = self._user_or_none(connection, ADMIN)
        if row is None:
            password = secret.get_secret_value() if secret else new_secret()
            try:
                self.add_user(ADMIN, password, "admin", actor=SYSTEM)
            except Refused as error:
                if error.code != Code.CONFLICT:
                    raise
                return self.ensure_admin()  # another process was quicker; compare with what it stored
            return None if secret else password
        if secret and not self._passwords.verify(row.password_hash, secret.get_secret_value()):
            self.set_password(ADMIN, secret.get_secret_value(), actor=SYSTEM)
        return None

    def add_user(self, name: str, password: str | None, role: str, *, actor: str = "cli", address: str = "") -> int:
        """Make a user and return its id; without a password only a one-time link opens the door.

        Raises `Refused`: `invalid_fields`, or `conflict` when the name is taken.
        """
        faults = {}
        if not name.strip() or storable(name, MAX_NAME) != name:
            faults["name"] = f"must have 1 to {MAX_NAME} characters"
        if role not in ROLE_SCOPES:
            faults["role"] = f"must be one of {', '.join(sorted(ROLE_SCOPES))}"
        if password is not None:
            faults |= _password_faults(password)
        if faults:
            raise Refused(Code.INVALID_FIELDS, "the user cannot be made", fields=faults)
        hashed = None if password is None else self._passwords.hash(password)
        try:
            with self._store.write() as connection:
                made: int = connection.execute(insert(User).values(name=name, password_hash=hashed, role=role).returning(User.id)).scalar_one()
                self._audit.add(connection, actor, "user.add", name, address, after={"role": role})
        except IntegrityError:
            raise Refused(Code.CONFLICT, "there is a user of this name", fields={"name": "is taken"}) from None
        return made

    def set_password(self, name: str, password: str, *, actor: str = "cli", address: str = "") -> None:
        """Change a user's password and end all its sessions; raises `Refused` (`not_found`, `invalid_fields`)."""
        if faults := _password_faults(password):
            raise Refused(Code.INVALID_FIELDS, "the password cannot be set", fields=faults)
        self._change(name, "user.password", actor, address, password_hash=self._passwords.hash(password))

    def set_disabled(self, name: str, disabled: bool, *, actor: str = "cli", address: str = "") -> None:
        """Shut a user out, ending all its sessions, or let it in again; raises `Refused` (`not_found`)."""
        self._change(name, "user.disable" if disabled else "user.enable", actor, address, disabled=disabled)

    def list_users(self) -> list[dict[str, Any]]:
        """Return every user as `id, name, role, disabled, created_at`, by name."""
        query = select(User.id, User.name, User.role, User.disabled, User.created_at).order_by(User.name)
        with self._store.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _change(self, name: str, action: str, actor: str, address: str, **values: Any) -> None:
        with self._store.write() as connection:
            user = self._user(connection, name)
            connection.execute(update(User).where(User.id == user.id).values(**values))
            ended = self._end_sessions(connection, user.id)
            self._audit.add(connection, actor, action, name, address, before={"disabled": user.disabled}, after={"sessions_ended": ended})
        self._known_sessions.forget()

    @staticmethod
    def _end_sessions(connection: Connection, user_id: int) -> int:
        ended = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None)).values(revoked_at=times.now())
        return connection.execute(ended).rowcount


def _password_faults(password: str) -> dict[str, str]:
    if MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return {}
    return {"password": f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"}
