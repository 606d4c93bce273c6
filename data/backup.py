"""Copies of the store that can be put back (`data.restore`): made while it is in use, whole or not there at all.

SQLite is copied by `VACUUM INTO`: one statement, hence one moment, however much is written meanwhile. The driver's own
backup begins anew with every commit of another process and would never end beside a busy server; a copy of the file
lacks what still stands in the log beside it. PostgreSQL is copied by its own `pg_dump`, which reads one moment, too.
"""

import errno
import fcntl
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from data import postgres_tools
from data.errors import Code, Refused
from data.files import damage_of, make_folder, open_sqlite, put_in_place, stamped
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from data.store_errors import translated

log = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]  # bytes written so far, and of how many, where that is known
INSTRUCTIONS = 200_000  # of SQLite's machine between two looks at how far it is: some fifty looks a second


def unwatched(_done: int, _total: int | None) -> None:
    """Show nobody how far it is."""


def backup_folder(settings: Settings) -> Path:
    """Return where backups go when nobody says where."""
    return settings.botv2_data_dir / "backups"


def backup(store: Store, path: Path, watch: Progress = unwatched) -> Path:
    """Write the whole store to a new file that its owner alone may read, and return its path.

    It holds everything that was acknowledged before the call. A `path` that is a folder gets a file with the moment in
    its name; the file appears when it is whole, checked and on disk.

    Raises `Refused`: `bad_file` when it cannot be written or is there, `storage_…` when the store cannot be read.
    """
    if path.is_dir():
        path = path / (stamped("botv2") + (".sqlite" if store.is_sqlite else ".dump"))
    if path.exists():
        raise Refused(Code.BAD_FILE, "no backup was made", fields={path.name: "is there already"})
    if (version := version_of(store)) is None:
        raise Refused(Code.STORAGE_UNAVAILABLE, "the store is empty: there is nothing to keep")
    try:
        with _appearing(path) as part:
            if store.is_sqlite:
                _copy(Path(store.url.database or ""), part, watch)
            else:
                postgres_tools.dump(store.url, part, lambda: watch(part.stat().st_size, None))
    except OSError as error:
        code = Code.STORAGE_FULL if error.errno == errno.ENOSPC else Code.BAD_FILE
        raise Refused(code, "no backup was made", fields={path.name: error.strerror or "cannot be written"}) from None
    log.info("a backup of schema %s was made, %s bytes", version, path.stat().st_size)
    return path


def version_of(store: Store) -> str | None:
    """Return the store's schema, None for one that is empty or not there; unlike a question it makes no file."""
    if store.is_sqlite and not Path(store.url.database or "").exists():
        return None
    return store.schema_version()


def migrated(store: Store, settings: Settings, watch: Progress = unwatched) -> Path | None:
    """Bring the store to this program's schema; one of an older program is copied first. Returns the copy's path, None without one.

    Several processes may call it at once: the first makes the copy, the others wait.

    Raises `Refused` for a store of a newer program, or when the copy cannot be made: then nothing was changed.
    """
    if not _is_older(store.schema_version()):
        store.migrate()  # which makes what is empty, and refuses what is newer
        return None
    folder, copy = backup_folder(settings), None
    with _one_process(folder):
        if _is_older(version := store.schema_version()):
            log.warning("the store has schema %s and is brought to %s, after a backup", version, SCHEMA_HEAD)
            copy = backup(store, folder, watch)
            store.migrate()
    return copy


def _is_older(version: str | None) -> bool:
    return version is not None and version < SCHEMA_HEAD  # their names are numbers of four digits


@contextmanager
def _one_process(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it when the process dies."""
    make_folder(folder)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Give a file of mode 0600 to write to, which appears at once and is on disk when the block ends without an error."""
    make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        os.close(descriptor)
        yield part
        put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)


def _copy(database: Path, part: Path, watch: Progress) -> None:
    with translated(part.parent), closing(open_sqlite(database)) as connection:
        pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
        total = (pages - free) * size
        connection.set_progress_handler(lambda: watch(min(part.stat().st_size, total), total), INSTRUCTIONS)
        try:
            connection.execute("VACUUM INTO ?", [str(part)])
        except sqlite3.OperationalError:
            raise  # busy, full or out of reach: the store's own words for it
        except sqlite3.DatabaseError as error:
            raise Refused(Code.STORAGE_UNAVAILABLE, "the store is damaged and cannot be copied; restore the last backup") from error
    if fault := damage_of(part):
        raise Refused(Code.STORAGE_UNAVAILABLE, f"the copy is not whole: {fault}")
    watch(total, total)
