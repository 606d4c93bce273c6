"""Copies of columns as files in the data folder, so that a start need not read a million rows: only what is newer than the file.

A file is believed when the journal's record that changed it last is still the one it names: of another store, of one that was restored, or
of another version of this program it is ignored, as a broken one is (a zip archive holds a checksum of each column). It may be deleted at
any time.
"""

import contextlib
import hashlib
import logging
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from sqlalchemy import Connection, select

from data.frame import Array
from data.schema import Journal

log = logging.getLogger(__name__)

ABOUT = "about"  # beside the columns: JSON as bytes
FAULTS = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


class Kept(NamedTuple):
    """A copy as it stands in a file: its columns, each column's names in order of their codes, and up to which record it goes."""

    columns: dict[str, Array]
    names: dict[str, list[str]]
    removed: int
    seen: int
    mark: str


def mark_of(connection: Connection, seen: int) -> str:
    """Return what tells the journal's record `seen` from any other that may have its id in another store; "" when it is not there."""
    columns = (Journal.kind, Journal.bot, Journal.at, Journal.received_at)
    row = connection.execute(select(*columns).where(Journal.id == seen)).first()
    return "" if row is None else hashlib.blake2b(repr((seen, *row)).encode(), digest_size=16).hexdigest()


def read(path: Path, kinds: dict[str, type]) -> Kept | None:
    """Return what a file holds, None when there is none, or it is broken, or its columns are others than `kinds` says."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            about = orjson.loads(file[ABOUT].tobytes())
            columns = {name: file[name] for name in kinds}
            kept = Kept(columns, about["names"], about["removed"], about["seen"], about["mark"])
    except FileNotFoundError:
        return None
    except FAULTS as fault:
        log.warning("%s is ignored: %s", path, fault)
        return None
    fits = all(columns[name].dtype == kind for name, kind in kinds.items()) and len({len(column) for column in columns.values()}) == 1
    return kept if fits else None


def write(path: Path, kept: Kept) -> None:
    """Put a copy into a file, in the place of the one that is there. A disk that is full costs the next start its time and no more."""
    about: dict[str, Any] = {"names": kept.names, "removed": kept.removed, "seen": kept.seen, "mark": kept.mark}
    arrays: dict[str, Any] = {ABOUT: np.frombuffer(orjson.dumps(about), np.uint8), **kept.columns}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb", opener=_for_the_owner) as file:
            np.savez(file, **arrays)
        part.replace(path)
    except OSError as fault:
        log.warning("%s could not be written: %s", path, fault)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
