"""The audit log's chain: each row's hash covers the row and the hash before it, so that a row changed, left out or put in later shows."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from data.schema import AuditEntry, Counter
from data.store import Store

HEAD = "audit"  # the counter that holds the last row's number
CHUNK = 5_000
COVERED = ("id", "at", "actor", "action", "target", "address", "before", "after")


def hash_of(previous: str, values: dict[str, Any]) -> str:
    """Return the SHA-256 over the hash before and a row's values, as canonical JSON."""
    content = [previous, *(values[name] for name in COVERED)]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)).hexdigest()


def last(connection: Connection) -> Row[int, str] | None:
    """Return `id` and `hash` of the newest row, None for an empty log."""
    return connection.execute(select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)).first()


def verify(store: Store, anchor: tuple[int, str] | None = None) -> dict[str, Any]:
    """Compute every row's hash again and return `rows`, `head` (id and hash of the last one) and `broken` (id and why of the first, or None).

    Rows cut off at the end leave a whole chain; they show because the store counts the rows, and for who changes that as well, by an
    `anchor` (id and hash), which the server writes into its log now and then: it must still be there.
    """
    rows, previous, number = 0, "", 0
    broken: dict[str, Any] | None = None
    for row in _rows(store):
        if row.previous_hash != previous:
            broken = {"id": row.id, "why": "it does not follow the row before it: rows were removed, or one was put in"}
        elif row.hash != hash_of(previous, dict(row._mapping)):
            broken = {"id": row.id, "why": "it is not what was written"}
        elif anchor is not None and anchor[0] == row.id and anchor[1] != row.hash:
            broken = {"id": row.id, "why": "its hash is not the anchor's: the log was written anew, or the store is a backup from before"}
        if broken:
            break
        rows, previous, number = rows + 1, row.hash, row.id
    if broken is None and (missing := _missing(store, number, anchor)):
        broken = {"id": missing, "why": "it and what followed it are missing: the end was cut off, or the store is a backup from before"}
    return {"rows": rows, "head": {"id": number, "hash": previous}, "broken": broken}


def _rows(store: Store) -> Iterator[Row[Any]]:
    number = 0
    while True:
        with store.read() as connection:
            rows = connection.execute(select(AuditEntry.__table__).where(AuditEntry.id > number).order_by(AuditEntry.id).limit(CHUNK)).all()
        yield from rows
        if len(rows) < CHUNK:
            return
        number = rows[-1].id


def _missing(store: Store, number: int, anchor: tuple[int, str] | None) -> int | None:
    """Return the number of the first row that was there once and is no more; rows that came while the others were read are none."""
    with store.read() as connection:
        counted = connection.scalar(select(Counter.value).where(Counter.name == HEAD)) or 0
        newest = last(connection)
    there = max(number, newest.id if newest else 0)
    return there + 1 if max(counted, anchor[0] if anchor else 0) > there else None
