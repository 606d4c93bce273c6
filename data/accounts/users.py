"""People: made, given a password, shut out."""

from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from data import times
from data.accounts.base import AccountsBase, UserRow
from data.accounts.passwords import MAX_PASSWORD, MIN_PASSWORD
from data.accounts.principal import MAX_NAME, ROLE_SCOPES, new_secret, storable
from data.errors import Code, Refused
from data.schema import PendingSignIn, Session, User

ADMIN = "admin"
SYSTEM = "system"


class Users(AccountsBase):
    """The part of `Accounts` that knows people."""

    def ensure_admin(self) -> str | None:
        """Make the user `admin`, or give it the password that the environment now names (its sessions end then); anchor the audit log.

        Returns the random password that was made, at the first start without BOTV2_ADMIN_PASSWORD; else None.
        """
        self._audit.anchor()
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
        faults |= _role_faults(role)
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
        hashed = self._hashed(password)
        with self._store.write() as connection:
            self._set_password(connection, self._user(connection, name), hashed, actor, address)
        self._known_sessions.forget()

    def change_password(self, name: str, present: str, password: str, *, address: str) -> None:
        """Change a user's own password, for who knows the `present` one, and end all its sessions, this one too.

        Raises `Refused`: `invalid_fields` when one of them is wrong, `rate_limited` after too many wrong ones.
        """
        self._confirm_password(name, present, address)
        self.set_password(name, password, actor=name, address=address)

    def set_role(self, name: str, role: str, *, actor: str = "cli", address: str = "") -> None:
        """Give a user another role, ending all its sessions.

        Raises `Refused`: `not_found`, `invalid_fields`, or `conflict` for the last admin.
        """
        if faults := _role_faults(role):
            raise Refused(Code.INVALID_FIELDS, "the role cannot be set", fields=faults)
        self._change(name, "user.role", actor, address, "role", role)

    def set_disabled(self, name: str, disabled: bool, *, actor: str = "cli", address: str = "") -> None:
        """Shut a user out, ending all its sessions, or let it in again; raises `Refused` (`not_found`, `conflict` for the last admin)."""
        self._change(name, "user.disable" if disabled else "user.enable", actor, address, "disabled", disabled)

    def list_users(self) -> list[dict[str, Any]]:
        """Return every user as `id, name, role, disabled, created_at`, `has_password` and `two_factor`, by name."""
        columns = (User.id, User.name, User.role, User.disabled, User.created_at)
        also = (User.password_hash.is_not(None).label("has_password"), User.totp_since.is_not(None).label("two_factor"))
        with self._store.read() as connection:
            return [dict(row) for row in connection.execute(select(*columns, *also).order_by(User.name)).mappings()]

    def _change(self, name: str, action: str, actor: str, address: str, column: str, value: str | bool) -> None:
        """Set a column that decides what a user may do. What the user's tokens may follows from it."""
        with self._store.write() as connection:
            # All admins' rows are locked, so that two who demote each other do it one after the other.
            admins = connection.execute(select(User.id).where(User.role == ADMIN, User.disabled.is_(False)).with_for_update()).scalars().all()
            user = self._user(connection, name)
            before = getattr(user, column)
            if before == value:
                return
            if value is not False and list(admins) == [user.id]:
                raise Refused(
                    Code.CONFLICT, "this is the last admin: make another one first", fields={column: "would leave nobody who manages people"}
                )
            connection.execute(update(User).where(User.id == user.id).values({column: value}))
            ended = self._end_sessions(connection, user.id)
            self._audit.add(connection, actor, action, name, address, {column: before}, {column: value, "sessions_ended": ended})
        self._known_sessions.forget()
        self._known_tokens.forget()

    def _hashed(self, password: str) -> str:
        """Return the hash of a new password; raises `Refused` (`invalid_fields`)."""
        if faults := _password_faults(password):
            raise Refused(Code.INVALID_FIELDS, "the password cannot be set", fields=faults)
        return self._passwords.hash(password)

    def _set_password(self, connection: Connection, user: UserRow, hashed: str, actor: str, address: str) -> None:
        connection.execute(update(User).where(User.id == user.id).values(password_hash=hashed))
        ended = self._end_sessions(connection, user.id)
        self._audit.add(connection, actor, "user.password", user.name, address, after={"sessions_ended": ended})

    @staticmethod
    def _end_sessions(connection: Connection, user_id: int) -> int:
        """End a user's sessions, and what waits for a code to become one; return how many sessions there were."""
        moment = times.now()
        connection.execute(update(PendingSignIn).where(PendingSignIn.user_id == user_id, PendingSignIn.ended_at.is_(None)).values(ended_at=moment))
        ended = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None)).values(revoked_at=moment)
        return connection.execute(ended).rowcount


def _password_faults(password: str) -> dict[str, str]:
    if MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return {}
    return {"password": f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"}


def _role_faults(role: str) -> dict[str, str]:
    return {} if role in ROLE_SCOPES else {"role": f"must be one of {', '.join(sorted(ROLE_SCOPES))}"}
