"""Signed-in browsers: rows on the server that can be ended at any time."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from data import times
from data.accounts.base import UserRow
from data.accounts.principal import ROLE_SCOPES, Principal, digest_of, new_secret, storable
from data.accounts.rows import KnownSession
from data.accounts.unwritten import Unwritten, UnwrittenSession
from data.accounts.users import Users
from data.errors import Code, Refused
from data.schema import Session, User
from data.settings import Settings
from data.store import PASSING_SECONDS, Store

WRITE_EVERY = timedelta(minutes=1)
KEEP_ENDED = timedelta(days=1)
SHOWN = 16  # characters of the digest that name a session: too few to look one up by, enough to be one's own


class Sessions(Users):
    """The part of `Accounts` that knows browsers."""

    def __init__(self, store: Store, settings: Settings) -> None:
        super().__init__(store, settings)
        self._unwritten = Unwritten(store, self._audit)

    def resolve_session(self, cookie: str) -> Principal | None:
        """Return who holds this cookie, or None: unknown, ended, idle or too old. Does not prolong it."""
        return self._live_session(digest_of(cookie))

    def touch(self, principal: Principal) -> None:
        """Note that a person used the session just now; the row is written at most once a minute."""
        known = self._known_sessions.last_known(principal.digest)
        if known is None:
            return
        moment = times.now()
        known.last_used_at = moment
        # abs: after the clock was set back the row must not wait until the old time comes round again
        if abs(moment - known.written_at) < min(WRITE_EVERY, self._idle / 10):
            return
        known.written_at = moment
        try:
            with self._store.write(durable=False, patience=PASSING_SECONDS) as connection:
                connection.execute(update(Session).where(Session.digest == principal.digest).values(last_used_at=moment))
        except Refused:
            return  # the store is busy or gone: to try again with every use would hold up each page; the next minute's does

    def revoke_session(self, digest: str, *, actor: str = "cli", address: str = "", action: str = "session.revoke") -> bool:
        """End one session; return whether it was open."""
        if self._unwritten.drop(digest):
            self._known_sessions.forget()
            return True
        with self._store.write() as connection:
            ended = update(Session).where(Session.digest == digest, Session.revoked_at.is_(None)).values(revoked_at=times.now())
            was_open = bool(connection.execute(ended).rowcount)
            if was_open:
                self._audit.add(connection, actor, action, f"session:{digest[:12]}", address)
        self._known_sessions.forget()
        return was_open

    def revoke_sessions(self, name: str, *, actor: str = "cli", address: str = "") -> int:
        """End all sessions of a user and return how many there were; raises `Refused` (`not_found`)."""
        with self._store.write() as connection:
            ended = self._end_sessions(connection, self._user(connection, name).id)
            self._audit.add(connection, actor, "session.revoke_all", name, address, after={"sessions_ended": ended})
        self._known_sessions.forget()
        return ended

    def end_session(self, identity: str, *, owner: str | None, actor: str, address: str) -> None:
        """End the open session of that `id` in `list_sessions`, of this user or, for None, of anybody.

        Raises `Refused` (`not_found`): another's is to nobody but an admin known to exist.
        """
        query = select(Session.digest, User.name).join(User).where(Session.revoked_at.is_(None), Session.digest.startswith(identity, autoescape=True))
        with self._store.read() as connection:
            found = [row for row in connection.execute(query) if owner is None or row.name == owner] if len(identity) == SHOWN else []
        if len(found) != 1 or not self.revoke_session(found[0].digest, actor=actor, address=address):
            raise Refused(Code.NOT_FOUND, "there is no open session with this id")

    def revoke_other_sessions(self, principal: Principal, *, address: str) -> int:
        """End all sessions of a user but the one it asks from, and return how many there were."""
        others = (Session.user_id == principal.number, Session.digest != principal.digest, Session.revoked_at.is_(None))
        with self._store.write() as connection:
            ended = connection.execute(update(Session).where(*others).values(revoked_at=times.now())).rowcount
            self._audit.add(connection, principal.name, "session.revoke_others", principal.name, address, after={"sessions_ended": ended})
        self._known_sessions.forget()
        return ended

    def list_sessions(self, name: str) -> list[dict[str, Any]]:
        """Return the user's open sessions, the last used first: `id, digest, created_at, last_used_at, address, user_agent`."""
        query = select(Session.digest, Session.created_at, Session.last_used_at, Session.address, Session.user_agent)
        query = query.join(User).where(User.name == storable(name), Session.revoked_at.is_(None)).order_by(Session.last_used_at.desc())
        with self._store.read() as connection:
            rows = [{"id": row["digest"][:SHOWN], **row} for row in connection.execute(query).mappings()]
        return [row for row in rows if self._is_in_time(row["created_at"], row["last_used_at"])]

    @property
    def _idle(self) -> timedelta:
        return timedelta(minutes=self._settings.botv2_session_minutes)

    def _is_in_time(self, created_at: datetime, last_used_at: datetime) -> bool:
        """A negative age, after the clock was set back, is no reason to refuse."""
        moment = times.now()
        return moment - last_used_at <= self._idle and moment - created_at <= timedelta(hours=self._settings.botv2_session_hours)

    def _live_session(self, digest: str) -> Principal | None:
        known = self._known_sessions.get(digest, self._load_session)
        return known.principal if known and self._is_in_time(known.created_at, known.last_used_at) else None

    def _load_session(self, digest: str) -> KnownSession | None:
        if (unwritten := self._unwritten.settled(digest)) is not None:
            return unwritten
        query = select(Session.created_at, Session.last_used_at, User.id, User.name, User.role).join(User)
        query = query.where(Session.digest == digest, Session.revoked_at.is_(None), User.disabled.is_(False))
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        principal = _principal(row, digest)
        known = self._known_sessions.last_known(digest)
        last_used_at = max(row.last_used_at, known.last_used_at) if known else row.last_used_at
        return KnownSession(principal, row.created_at, last_used_at, known.written_at if known else row.last_used_at)

    def _open_session(self, connection: Connection, user_id: int, address: str, user_agent: str) -> str:
        """Add a row and return the cookie's value, which is stored nowhere; sweep out rows that have long ended."""
        cookie = new_secret()
        row = _row(cookie, user_id, address, user_agent)
        oldest = row["created_at"] - timedelta(hours=self._settings.botv2_session_hours) - KEEP_ENDED
        connection.execute(delete(Session).where(Session.created_at < oldest))
        connection.execute(insert(Session).values(**row))
        return cookie

    def _open_unwritten(self, user: UserRow, address: str, user_agent: str) -> str:
        """Open a session that only this process knows, and return the cookie's value; see `Unwritten`."""
        cookie = new_secret()
        row = _row(cookie, user.id, address, user_agent)
        known = KnownSession(_principal(user, row["digest"]), row["created_at"], row["created_at"], row["created_at"])
        self._unwritten.keep(UnwrittenSession(row, user.password_hash, known))
        return cookie


def _row(cookie: str, user_id: int, address: str, user_agent: str) -> dict[str, Any]:
    moment = times.now()
    who = {"digest": digest_of(cookie), "user_id": user_id, "address": storable(address, 64), "user_agent": storable(user_agent, 300)}
    return {**who, "created_at": moment, "last_used_at": moment}


def _principal(user: Any, digest: str) -> Principal:  # a row with the user's id, name and role
    return Principal(f"user:{user.id}", user.name, user.role, ROLE_SCOPES[user.role], None, f"session:{digest}", digest)
