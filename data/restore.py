"""Putting a backup in the store's place; what it replaces is kept beside it.

Nobody else may use the store meanwhile, and that is asked of the databases themselves: SQLite gives up its log only when
no other connection is open, an idle one included, and PostgreSQL lists who is connected.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, delete, text

from data import postgres_tools
from data.backup import Progress, backup_folder, unwatched, version_of
from data.errors import Code, Refused
from data.files import damage_of, make_folder, open_sqlite, put_in_place, stamped
from data.schema import PendingSignIn, Session, SignInLink
from data.settings import Settings
from data.store import MIGRATE_LOCK, SCHEMA_HEAD, Store
from data.store_errors import translated

STEP_PAGES = 2_000  # copied between two looks at how far it is
MAGIC = b"SQLite format 3\0"
LOG_FILES = ("-wal", "-shm")  # beside an SQLite file


def restore(settings: Settings, path: Path, watch: Progress = unwatched) -> Path | None:
    """Put the backup at `path` in the place of the store, brought to this program's schema; returns where the replaced one is kept.

    None is returned when there was no store. Everybody is signed out: a session that was ended since the backup must not live again.

    Raises `Refused`, and has changed nothing then: `conflict` while somebody uses the store, `bad_file` for what is no
    whole backup of this program's store, or a newer program's, `storage_…` when the store cannot be reached.
    """
    if not path.is_file():
        raise _bad(path, "is no file")
    store = Store(settings.store_url)
    try:
        if store.is_sqlite:
            return _restore_sqlite(Path(store.url.database or ""), path, watch)
        return _restore_postgresql(store, settings, path, watch)
    finally:
        store.close()


def _bad(path: Path, fault: str) -> Refused:
    return Refused(Code.BAD_FILE, "the backup was not restored", fields={path.name: fault})


def _in_use(fault: str) -> Refused:
    mend = "stop the server and every bot that writes to the store itself, then try again"
    return Refused(Code.CONFLICT, f"the backup was not restored: {fault}; {mend}")


def _end_sessions(store: Store) -> None:
    with store.write() as connection:
        for table in (Session, SignInLink, PendingSignIn):
            connection.execute(delete(table))


# --- SQLite ----------------------------------------------------------------------------------------------------


def _restore_sqlite(database: Path, path: Path, watch: Progress) -> Path | None:
    _let_go(database)  # before the long copy, for those who only forgot the server
    part = database.with_name(f"{database.name}.restoring")
    _remove(part)  # of one that was killed
    try:
        _copy(path, part, watch)
        _prepare(part, path)
        _let_go(database)
        if database.exists():
            shutil.chown(part, database.stat().st_uid, database.stat().st_gid)  # root restores, somebody else serves
        kept = _keep(database)
        put_in_place(part, database)
    except OSError as error:
        raise _bad(path, error.strerror or "cannot be copied") from None
    finally:
        _remove(part)
    return kept


def _let_go(database: Path) -> None:
    """Take what the log holds into the file and remove the log, which would otherwise be read into the restored file."""
    if not database.exists():
        return
    try:
        with closing(open_sqlite(database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError:
        raise _in_use("a server or another program uses the store") from None
    except sqlite3.DatabaseError:
        pass  # a damaged store is what a backup is for; its log goes aside with it


def _copy(path: Path, part: Path, watch: Progress) -> None:
    """Copy by SQLite itself, so that a log beside the backup counts too; nobody writes to it, so this kind of copy ends."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _bad(path, "is no SQLite file")
    part.touch(mode=0o600)
    with translated(part.parent), closing(open_sqlite(path)) as source, closing(open_sqlite(part)) as target:
        size = source.execute("PRAGMA page_size").fetchone()[0]
        source.backup(target, pages=STEP_PAGES, progress=lambda _, left, total: watch((total - left) * size, total * size))


def _prepare(part: Path, path: Path) -> None:
    """Make the copy what the store is to be; what is checked here is what will be used."""
    if fault := damage_of(part):
        raise _bad(path, f"is damaged: {fault}")
    store = Store(f"sqlite:///{part}")
    try:
        if version_of(store) is None:
            raise _bad(path, "is no backup of this program's store")
        store.migrate()
        _end_sessions(store)
    finally:
        store.close()
    _let_go(part)


def _keep(database: Path) -> Path | None:
    """Give the store a second name; the first is there all the time."""
    if not database.exists():
        return None
    kept = database.with_name(stamped(f"{database.name}.replaced"))
    for suffix in LOG_FILES:  # of a damaged store alone, see `_let_go`
        if (log_file := Path(f"{database}{suffix}")).exists():
            log_file.rename(f"{kept}{suffix}")
    try:
        kept.hardlink_to(database)
    except OSError:  # some shared folders know no second names
        database.rename(kept)
    return kept


def _remove(part: Path) -> None:
    for suffix in ("", *LOG_FILES):
        Path(f"{part}{suffix}").unlink(missing_ok=True)


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def _restore_postgresql(store: Store, settings: Settings, path: Path, watch: Progress) -> Path | None:
    version = postgres_tools.schema_in(path)
    if version is None:
        raise _bad(path, "is no dump of this program's store, or a newer pg_dump's")
    if version > SCHEMA_HEAD:
        raise _bad(path, f"has schema {version}, newer than this program, which knows {SCHEMA_HEAD}: update it")
    with store.read() as connection:
        # A server that starts meanwhile finds no schema and waits for this lock, as for another's migration.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATE_LOCK})
        _refuse_company(connection)
        kept = _dump_aside(connection, store, settings, watch)
        _refuse_company(connection)
        _replace(connection, store, path, kept)
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATE_LOCK})
        connection.commit()
    store.migrate()
    _end_sessions(store)
    return kept


def _refuse_company(connection: Connection) -> None:
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    ours = " AND application_name <> 'pg_dump'"  # which may take a moment to leave
    number = connection.scalar(text(others + ours))
    connection.commit()
    if number:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATE_LOCK})
        raise _in_use(f"other connections use the database ({number})")


def _dump_aside(connection: Connection, store: Store, settings: Settings, watch: Progress) -> Path | None:
    is_there = store.engine.dialect.has_table(connection, "alembic_version")
    connection.commit()  # nothing of ours may be locked while the programs work
    if not is_there:
        return None
    folder = backup_folder(settings)
    make_folder(folder)
    kept = folder / f"{stamped('replaced')}.dump"
    kept.touch(mode=0o600)
    postgres_tools.dump(store.url, kept, lambda: watch(kept.stat().st_size, None))
    return kept


def _replace(connection: Connection, store: Store, path: Path, kept: Path | None) -> None:
    """Load the dump into the place of the tables; one that fails is undone from the copy of what was there."""
    _drop_tables(connection)
    try:
        postgres_tools.load(store.url, path, lambda: None)
    except BaseException:
        if kept is not None:
            postgres_tools.load(store.url, kept, lambda: None)
        raise


def _drop_tables(connection: Connection) -> None:
    for name in postgres_tools.TABLES:
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    connection.commit()
