"""Sessions that a full disk keeps from being written down: they count in this process, and are written as soon as there is room.

Who cannot sign in cannot see what is wrong. Until it is written, such a session is known to the process that opened it alone, ends with
it, and stands in no list; the audit log gets its row together with the session's.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from data.accounts.audit import Audit
from data.accounts.rows import KnownSession
from data.errors import Code, Refused
from data.schema import Session, User
from data.store import PASSING_SECONDS, Store

log = logging.getLogger("botv2.audit")
MOST = 1_000


@dataclass(frozen=True, slots=True)
class UnwrittenSession:
    """What will be written of a session, and the password's hash that opened it."""

    row: dict[str, Any]
    password_hash: str | None
    known: KnownSession


class Unwritten:
    """The sessions of this process that wait for room."""

    def __init__(self, store: Store, audit: Audit) -> None:
        self._store, self._audit = store, audit
        self._sessions: dict[str, UnwrittenSession] = {}

    def keep(self, session: UnwrittenSession) -> None:
        """Have a session count from now on; raises `Refused` (`storage_full`) when too many wait already."""
        if len(self._sessions) >= MOST:
            raise Refused(Code.STORAGE_FULL, "the store's disk is full, and too many have signed in since", retry_after=3)
        self._sessions[session.row["digest"]] = session
        log.warning("%s signed in while the disk is full: the session is kept in memory until it can be written", session.known.principal.name)

    def drop(self, digest: str) -> bool:
        """End a session that is not written; returns whether it was one."""
        return self._sessions.pop(digest, None) is not None

    def settled(self, digest: str) -> KnownSession | None:
        """Try to write a session down; returns it as long as it is not written, None when it is, has ended, or never waited."""
        session = self._sessions.get(digest)
        if session is None:
            return None
        try:
            self._write_down(session)
        except Refused:
            return session.known
        self.drop(digest)
        return None

    def _write_down(self, session: UnwrittenSession) -> None:
        """Write a session, unless its user was shut out or got another password meanwhile."""
        unchanged = (User.id == session.row["user_id"], User.disabled.is_(False), User.password_hash == session.password_hash)
        digest = session.row["digest"]
        with self._store.write(patience=PASSING_SECONDS) as connection:
            is_there = connection.scalar(select(Session.digest).where(Session.digest == digest))
            if is_there is None and digest in self._sessions and connection.scalar(select(User.id).where(*unchanged)) is not None:
                connection.execute(insert(Session).values(**session.row))
                name = session.known.principal.name
                self._audit.add(
                    connection, name, "sign_in", name, session.row["address"], after={"signed_in_at": session.row["created_at"].isoformat()}
                )


@contextmanager
def unless_full(what: str) -> Iterator[None]:
    """Leave out of the store what a full disk does not take, and say `what` in the program's log; for what must not change an answer."""
    try:
        yield
    except Refused as refusal:
        if refusal.code is not Code.STORAGE_FULL:
            raise
        log.warning("the disk is full; not in the audit log: %s", what)
