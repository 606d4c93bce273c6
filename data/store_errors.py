"""What a database's error means for whoever asked: busy, full or away, in our own words."""

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import exc

from data.errors import Code, Refused

PROBE_BYTES = 64 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

# SQLAlchemy's, and the drivers' own from where they are called directly.
_DATABASE_ERRORS = (
    exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError,
    sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError,
)  # fmt: skip  # one thought


@contextmanager
def translated(folder: Path | None = None) -> Iterator[None]:
    """Turn the database's errors into ours; integrity and data errors stay what they are: faults of this program.

    `folder` is where an embedded store lies, which tells a full disk from a broken one.
    """
    try:
        yield
    except _DATABASE_ERRORS as error:
        raise refusal_of(error, folder) from error
    except (exc.DatabaseError, sqlite3.DatabaseError) as error:
        if type(getattr(error, "orig", error)) is not sqlite3.DatabaseError:  # which says: no database, or a malformed one
            raise
        raise refusal_of(error, folder) from error


def refusal_of(error: Exception, folder: Path | None = None) -> Refused:
    """Return `storage_full`, `storage_busy` or, for everything else, `storage_unavailable`, each with when to try again."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    words = str(cause).lower()
    if "disk is full" in words or state == "53100" or (folder is not None and _may_lack_room(words) and not _has_room(folder)):
        return Refused(Code.STORAGE_FULL, "the store's disk is full; nothing of this request was stored", retry_after=3)
    if "locked" in words or "busy" in words or isinstance(error, exc.TimeoutError) or state in {"55P03", "53300", "40P01"}:
        return busy()
    return Refused(Code.STORAGE_UNAVAILABLE, "the store cannot be reached; try again", retry_after=3)


def busy() -> Refused:
    """Return the refusal of who has waited long enough for others' transactions."""
    return Refused(Code.STORAGE_BUSY, "the store is busy; try again", retry_after=1)


def _may_lack_room(words: str) -> bool:
    """SQLite calls a write that fails by a quota, or beside the file itself, an I/O error, and does not say which."""
    return "disk i/o error" in words or "unable to open database file" in words


def _has_room(folder: Path) -> bool:
    """Try it: a quota shows in no figure of the file system's."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(bytes(PROBE_BYTES)) == PROBE_BYTES
    except OSError as error:
        return error.errno not in NO_ROOM
