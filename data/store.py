"""The database: one engine, two kinds of transaction, migrations, and errors in our own words."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, Dialect, Insert, create_engine, event, exc, text
from sqlalchemy.engine import make_url

from data.errors import Code, Refused
from data.schema import UtcDateTime

SCHEMA_HEAD = "0003"
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
BUSY_SECONDS = 2.0
INCREMENTAL = 2  # as SQLite answers `PRAGMA auto_vacuum`
# Any constant will do, as long as every process that appends to the journal takes the same one.
APPEND_LOCK = 0x426F_7456
MIGRATE_LOCK = APPEND_LOCK + 1
NOTIFY_CHANNEL = "botv2_journal"


class Store:
    """SQLite or PostgreSQL behind two doors: `read()` and `write()`.

    Every database error leaves as a `Refused` with `storage_busy`, `storage_full` or `storage_unavailable`.
    """

    def __init__(self, url: str) -> None:
        """Prepare an engine for `url`; nothing is opened or made before the first transaction."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            connect_args: dict[str, Any] = {"timeout": BUSY_SECONDS}
        else:
            connect_args = {"options": f"-c timezone=UTC -c lock_timeout={int(BUSY_SECONDS * 1000)}", "connect_timeout": int(BUSY_SECONDS)}
        self.engine = create_engine(
            self.url,
            connect_args=connect_args,
            pool_size=8,
            max_overflow=24,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=not self.is_sqlite,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self, *, consistent: bool = False) -> Iterator[Connection]:
        """Open a transaction for questions; with `consistent`, all of them see the same moment on PostgreSQL too."""
        options = {"isolation_level": "REPEATABLE READ"} if consistent and not self.is_sqlite else {}
        with translated(), self.engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def write(self, *, appending: bool = False, durable: bool = True) -> Iterator[Connection]:
        """Open a transaction for changes, committed when the block ends without an error.

        With `appending` it also holds the journal's lock until it is over, so that ids become visible in their
        order. With `durable=False` a power loss (never the process's death) may undo it.
        """
        with translated(), self.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
            if self.is_sqlite:
                _synchronize(connection, "FULL" if durable else "NORMAL")
            with connection.begin():
                if not self.is_sqlite and appending:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})
                if not self.is_sqlite and not durable:
                    connection.execute(text("SET LOCAL synchronous_commit = off"))
                yield connection

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


class Prepared:
    """An insert put together once and run at the driver's own price: SQLAlchemy's work for each statement is most of a small commit."""

    def __init__(self, statement: Insert, dialect: Dialect, names: Sequence[str]) -> None:
        """Prepare `statement` for rows that hold `names`; no column's Python default is filled in."""
        columns = statement.table.columns
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self._sql = str(compiled)
        self._by_name = not compiled.positional
        self.names: Sequence[str] = compiled.positiontup or names
        self._processors = [
            (place, _remembering(process) if isinstance(columns[name].type, UtcDateTime) else process)
            for place, name in enumerate(self.names)
            if (process := columns[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        ]

    def execute(self, connection: Connection, rows: Iterable[Iterable[Any]]) -> None:
        """Insert rows of values in the order of `names`."""
        values: list[Any] = [list(row) for row in rows]
        for row in values:
            for place, process in self._processors:
                row[place] = process(row[place])
        if self._by_name:
            values = [dict(zip(self.names, row, strict=True)) for row in values]
        with closing(connection.connection.cursor()) as cursor:
            cursor.executemany(self._sql, values)


def _remembering(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The rows of one commit share most of their times, and a time's text is dear."""
    return lru_cache(16)(process)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by the driver's guess
    # Only where it is not set: it is a write, which would have each new connection wait for whoever holds the lock.
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (INCREMENTAL,):
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.connection.execute(connection.get_execution_options().get("begin", "BEGIN"))


def _synchronize(connection: Connection, how: str) -> None:
    """Set a pragma that counts only outside a transaction, hence through the driver's own connection; `info` lives as long as that."""
    if connection.info.get("synchronous", "FULL") != how:
        connection.connection.execute(f"PRAGMA synchronous={how}")
        connection.info["synchronous"] = how


# SQLAlchemy's, and the drivers' own from where they are called directly.
_DATABASE_ERRORS = (
    exc.OperationalError, exc.InterfaceError, exc.TimeoutError, sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError
)  # fmt: skip  # one thought


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into ours; integrity and data errors stay what they are: faults of this program."""
    try:
        yield
    except _DATABASE_ERRORS as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Refused:
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    words = str(cause).lower()
    if "disk is full" in words or state == "53100":
        return Refused(Code.STORAGE_FULL, "the store's disk is full; nothing of this request was stored", retry_after=3)
    if "locked" in words or "busy" in words or isinstance(error, exc.TimeoutError) or state in {"55P03", "53300", "40P01"}:
        return Refused(Code.STORAGE_BUSY, "the store is busy; try again", retry_after=1)
    return Refused(Code.STORAGE_UNAVAILABLE, "the store cannot be reached; try again", retry_after=3)
