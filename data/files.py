"""Files of the store's: their names and rights, how one takes its place, and whether an SQLite file is whole."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from data.times import now


def stamped(name: str) -> str:
    """Return `name` with the present moment behind it, as it may stand in a file's name."""
    return f"{name}-{now():%Y%m%dT%H%M%S_%fZ}"


def make_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter, unless it is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file that is written, so that after a power loss the old one is there or the new one, whole."""
    _synchronize(part)
    part.replace(path)
    _synchronize(path.parent)


def _synchronize(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_sqlite(path: Path) -> sqlite3.Connection:
    """Open an SQLite file that is there, without a transaction of the driver's own."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)  # as_uri quotes a folder's # and %


def damage_of(path: Path, *, check: str = "integrity_check") -> str | None:
    """Return the first thing that SQLite's own `check` finds wrong with a file, None for a whole one."""
    try:
        with closing(open_sqlite(path)) as connection:
            found: str = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else found
