"""Signed-in browsers: rows on the server that can be ended at any time."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from data import times
from data.accounts.principal import ROLE_SCOPES, Principal, digest_of, new_secret, storable
from data.accounts.rows import KnownSession
from data.accounts.users import Users
from data.errors import Refused
from data.schema import Session, User

WRITE_EVERY = timedelta(minutes=1)
KEEP_ENDED = timedelta(days=1)


class Sessions(Users):
    """The part of `Accounts` that knows browsers."""

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
            with self._store.write(durable=False) as connection:
                connection.execute(update(Session).where(Session.digest == principal.digest).values(last_used_at=moment))
        except Refused:
            return  # the store is busy or gone: to try again with every use would hold up each page; the next minute's does

    def revoke_session(self, digest: str, *, actor: str = "cli", address: str = "", action: str = "session.revoke") -> bool:
        """End one session; return whether it was open."""
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

    def list_sessions(self, name: str) -> list[dict[str, Any]]:
        """Return the user's open sessions, the last used first: `digest, created_at, last_used_at, address, user_agent`."""
        query = select(Session.digest, Session.created_at, Session.last_used_at, Session.address, Session.user_agent)
        query = query.join(User).where(User.name == storable(name), Session.revoked_at.is_(None)).order_by(Session.last_used_at.desc())
        with self._store.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
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
        query = select(Session.created_at, Session.last_used_at, User.id, User.name, User.role).join(User)
        query = query.where(Session.digest == digest, Session.revoked_at.is_(None), User.disabled.is_(False))
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        principal = Principal(f"user:{row.id}", row.name, row.role, ROLE_SCOPES[row.role], None, f"session:{digest}", digest)
        known = self._known_sessions.last_known(digest)
        last_used_at = max(row.last_used_at, known.last_used_at) if known else row.last_used_at
        return KnownSession(principal, row.created_at, last_used_at, known.written_at if known else row.last_used_at)

    def _open_session(self, connection: Connection, user_id: int, address: str, user_agent: str) -> str:
        """Add a row and return the cookie's value, which is stored nowhere; sweep out rows that have long ended."""
        cookie, moment = new_secret(), times.now()
        oldest = moment - timedelta(hours=self._settings.botv2_session_hours) - KEEP_ENDED
        connection.execute(delete(Session).where(Session.created_at < oldest))
        row = {"digest": digest_of(cookie), "user_id": user_id, "created_at": moment, "last_used_at": moment}
        connection.execute(insert(Session).values(**row, address=storable(address, 64), user_agent=storable(user_agent, 300)))
        return cookie
