"""Follows the journal: brings every committed entry, whichever process wrote it, to the projections in order of id."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import select

from data.entries import Entry
from data.errors import Refused
from data.schema import Counter, Journal
from data.store import NOTIFY_CHANNEL, Store

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05  # SQLite: the age of another process's record on our pages
HEAL_SECONDS = 1.0  # PostgreSQL: how long a lost notification can go unnoticed
STOP_SECONDS = 0.05  # PostgreSQL: how long stopping may wait for the thread that listens
CHUNK = 5000
Follower = Callable[[list[Entry]], None]


class Tail:
    """Calls its followers with committed entries; `applied` is the id of the last one that they were given."""

    def __init__(self, store: Store) -> None:
        """Prepare to follow `store`; set `applied` to where the followers stand before starting."""
        self.store = store
        self.applied = 0
        self._followers: list[Follower] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, follower: Follower) -> None:
        """Add a follower; it must be quick."""
        self._followers.append(follower)

    def follow(self, entries: list[Entry]) -> None:
        """Bring entries that this process has just committed, after those of others that came before them."""
        with self._lock:
            if entries[0].id == self.applied + 1:
                self._bring(entries)
                return
        try:
            self.catch_up()
        except Refused:
            log.warning("committed records are not on the pages yet: the store could not be read; they follow with the next look")
        except Exception:
            # The writer calls this: its thread must not end, and the records are committed, so that their bots must hear of it.
            log.exception("committed records are not on the pages yet; they follow with the next look")

    def catch_up(self) -> None:
        """Bring everything that was committed since the last look."""
        with self._lock:
            while entries := self._after(self.applied):
                self._bring(entries)

    def _bring(self, entries: list[Entry]) -> None:
        self.applied = entries[-1].id
        for follower in self._followers:
            try:
                follower(entries)
            except Exception:
                # They are committed: a projection's fault must neither end the writer nor tell a bot that they are lost.
                log.exception("a follower of the journal failed")

    def _after(self, last: int) -> list[Entry]:
        columns = [getattr(Journal, name) for name in Entry.__slots__]
        with self.store.read() as connection:
            head = connection.execute(select(Counter.value).where(Counter.name == "last_id")).scalar()
            if head is None or head <= last:
                return []
            rows = connection.execute(select(*columns).where(Journal.id > last).order_by(Journal.id).limit(CHUNK))
            return [Entry(*row) for row in rows]

    # --- waking up -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start to follow what other processes write."""
        self._stopping.clear()
        watch = self._watch_sqlite if self.store.is_sqlite else self._watch_postgresql
        self._thread = threading.Thread(target=self._keep_watching, args=(watch,), name="journal-tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _keep_watching(self, watch: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                watch()
            except (Refused, sqlite3.Error, psycopg.Error) as error:
                log.warning("the journal cannot be followed right now: %s", type(error).__name__)
                self._stopping.wait(HEAL_SECONDS)
            except Exception:
                # Without this thread the pages would never again show what other processes write, and nobody would know.
                log.exception("the journal cannot be followed right now")
                self._stopping.wait(HEAL_SECONDS)

    def _watch_sqlite(self) -> None:
        """Look at the file's version, which another connection's commit changes, and then whether it was another process's."""
        file = Path(self.store.url.database or "").absolute().as_uri()  # quotes a folder's # and %
        connection = sqlite3.connect(f"{file}?mode=ro", uri=True, check_same_thread=False)
        try:
            seen = None
            while not self._stopping.wait(POLL_SECONDS):
                version = connection.execute("PRAGMA data_version").fetchone()
                if version == seen:
                    continue
                head = connection.execute("SELECT value FROM counter WHERE name = 'last_id'").fetchone()
                if head is not None and head[0] > self.applied:
                    self.catch_up()
                seen = version
        finally:
            connection.close()

    def _watch_postgresql(self) -> None:
        """Wait for the NOTIFY of another process's writer; look anyway now and then, should one be lost."""
        dsn = self.store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True, connect_timeout=2) as connection:
            connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
            while not self._stopping.is_set():
                self.catch_up()
                self._wait_for_notice(connection)

    def _wait_for_notice(self, connection: psycopg.Connection) -> None:
        """Return when another process has notified, when it is time to look anyway, or when the tail is stopped.

        What this process writes its writer brings; to read it back would cost each commit as much again.
        """
        until = time.monotonic() + HEAL_SECONDS
        while not self._stopping.is_set() and time.monotonic() < until:
            notices = connection.notifies(timeout=STOP_SECONDS, stop_after=1)
            if any(notice.payload != self.store.origin for notice in notices):
                return
