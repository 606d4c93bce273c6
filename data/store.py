"""The database: one engine, two kinds of transaction, migrations."""

import math
import os
import secrets
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url

from data.errors import Code, Refused
from data.files import make_folder
from data.store_errors import busy, translated

SCHEMA_HEAD = "0004"
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
BUSY_SECONDS = 2.0
PASSING_SECONDS = 0.2  # the patience for what is written in passing, and can be left out
BUSY_STEPS = 10  # a second: SQLite is told in tenths how long to wait, so that it seldom has to be told anything
# A database host that is cut off, not shut down, sends nothing: without these its connections would wait for hours.
LIFE_SIGNS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 6000}
INCREMENTAL = 2  # as SQLite answers `PRAGMA auto_vacuum`
# Any constant will do, as long as every process that appends to the journal takes the same one.
APPEND_LOCK = 0x426F_7456
MIGRATE_LOCK = APPEND_LOCK + 1
NOTIFY_CHANNEL = "botv2_journal"
ORIGIN = "botv2_origin"  # the execution option that holds a store's `origin`
Identity = tuple[int, int]  # of a file: its device and its number there


class Store:
    """SQLite or PostgreSQL behind two doors: `read()` and `write()`.

    Every database error leaves as a `Refused` with `storage_busy`, `storage_full` or `storage_unavailable` (see `store_errors`).
    """

    def __init__(self, url: str) -> None:
        """Prepare an engine for `url`; nothing is opened or made before the first transaction."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._path: Path | None = Path(self.url.database or "")
            make_folder(self._path.parent)
            connect_args: dict[str, Any] = {"timeout": BUSY_SECONDS}
        else:
            self._path = None
            options = f"-c timezone=UTC -c lock_timeout={int(BUSY_SECONDS * 1000)}"
            connect_args = {"options": options, "connect_timeout": int(BUSY_SECONDS), **LIFE_SIGNS}
        self._file: Identity | None = None  # the one that was opened first
        self._turn = threading.Lock()
        self.origin = secrets.token_hex(8)  # tells what this process notifies of from what others do
        self.engine = create_engine(
            self.url,
            execution_options={ORIGIN: self.origin},
            connect_args=connect_args,
            pool_size=8,
            max_overflow=24,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=not self.is_sqlite,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        if self.is_sqlite:
            event.listen(self.engine, "do_connect", self._refuse_to_make_another)
            event.listen(self.engine, "connect", self._prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine.dialect.do_ping = partial(_is_alive, self.engine.dialect.do_ping)  # type: ignore[method-assign]  # for this engine alone

    @contextmanager
    def read(self, *, consistent: bool = False) -> Iterator[Connection]:
        """Open a transaction for questions; with `consistent`, all of them see the same moment on PostgreSQL too."""
        options = {"isolation_level": "REPEATABLE READ"} if consistent and not self.is_sqlite else {}
        with self._translated(), self.engine.connect().execution_options(**options) as connection:
            if self.is_sqlite:
                _pragma(connection, "busy_timeout", _milliseconds(BUSY_SECONDS))
            yield connection

    @contextmanager
    def write(self, *, appending: bool = False, durable: bool = True, patience: float = BUSY_SECONDS) -> Iterator[Connection]:
        """Open a transaction for changes, committed when the block ends without an error.

        With `appending` it also holds the journal's lock until it is over, so that ids become visible in their
        order. With `durable=False` a power loss (never the process's death) may undo it. `patience` is for how many
        seconds others' transactions may hold it up before it is refused as busy.
        """
        deadline = time.monotonic() + patience
        with ExitStack() as stack:
            stack.enter_context(self._translated())
            if self.is_sqlite:
                stack.enter_context(self._in_turn(patience))
            connection = stack.enter_context(self.engine.connect().execution_options(begin="BEGIN IMMEDIATE"))
            if self.is_sqlite:
                self.check()
                _pragma(connection, "synchronous", "FULL" if durable else "NORMAL")
                _pragma(connection, "busy_timeout", _milliseconds(deadline - time.monotonic()))
            stack.enter_context(connection.begin())
            if not self.is_sqlite:
                self._begin_postgresql(connection, appending=appending, durable=durable, patience=patience)
            yield connection

    def _begin_postgresql(self, connection: Connection, *, appending: bool, durable: bool, patience: float) -> None:
        statements = []
        if patience != BUSY_SECONDS:
            statements.append(f"SET LOCAL lock_timeout = {_milliseconds(patience)}")
        if not durable:
            statements.append("SET LOCAL synchronous_commit = off")
        if appending:
            statements.append(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})")
        if statements:
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute("; ".join(statements))  # there and back once

    @contextmanager
    def _in_turn(self, patience: float) -> Iterator[None]:
        """Let this process's threads write one after the other.

        SQLite's own lock is asked for in ever longer pauses, and a busy writer would have it again before the next look.
        """
        if not self._turn.acquire(timeout=patience):
            raise busy()
        try:
            yield
        finally:
            self._turn.release()

    def check(self) -> None:
        """Raise `Refused` (`storage_unavailable`) when SQLite's file was removed or replaced: what is written to an open one is lost then."""
        if self._path is not None and self._file is not None and _identity(self._path) != self._file:
            raise Refused(
                Code.STORAGE_UNAVAILABLE, "the store's file was removed or replaced; bring it back, or start the server again", retry_after=3
            )

    def _translated(self) -> AbstractContextManager[None]:
        return translated(None if self._path is None else self._path.parent)

    def migrate(self) -> None:
        """Bring the schema to this program's version; several processes may call it at once.

        Raises `Refused` (`storage_unavailable`) for a store that a newer program has written.
        """
        if self.schema_version() == SCHEMA_HEAD:
            return
        # Imported here: alembic would add a third to the time of every start that has nothing to migrate.
        from alembic import command
        from alembic.config import Config
        from alembic.util.exc import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        try:
            with self.write() as connection:
                if not self.is_sqlite:
                    connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process's migration may take its time
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATE_LOCK})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError:
            raise Refused(
                Code.STORAGE_UNAVAILABLE,
                f"the store has schema {self.schema_version()!r}, newer than this program, which knows {SCHEMA_HEAD!r}: update it",
            ) from None

    def schema_version(self) -> str | None:
        """Return the store's migration, or None for an empty store."""
        with self.read() as connection:
            if not self.engine.dialect.has_table(connection, "alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def _refuse_to_make_another(self, *_: object) -> None:
        """SQLite makes a file that is missing; an empty one in the place of the store's would be taken for it."""
        self.check()

    def _prepare_sqlite(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by the driver's guess
        # Only where it is not set: it is a write, which would have each new connection wait for whoever holds the lock.
        if connection.execute("PRAGMA auto_vacuum").fetchone() != (INCREMENTAL,):
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        if self._path is not None and self._file is None:
            self._file = _identity(self._path)


def _is_alive(ping: Callable[[Any], bool], connection: psycopg.Connection) -> bool:
    """Ask a pooled connection's server whether it is there only when the socket has something to say, such as that it is not."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return not socket.poll(0) or ping(connection)


def _begin_sqlite(connection: Connection) -> None:
    connection.connection.execute(connection.get_execution_options().get("begin", "BEGIN"))


def _pragma(connection: Connection, name: str, value: str) -> None:
    """Set a pragma that counts only outside a transaction, hence through the driver's own connection; `info` lives as long as that."""
    if connection.info.get(name) != value:
        connection.connection.execute(f"PRAGMA {name}={value}")
        connection.info[name] = value


def _milliseconds(seconds: float) -> str:
    return str(max(1, math.ceil(seconds * BUSY_STEPS)) * 1000 // BUSY_STEPS)


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
