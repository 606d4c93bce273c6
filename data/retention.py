"""Keeps the journal bounded, in small batches that never hold up a writer; no counter ever changes by it.

Events and alerts go when their time (since receipt) is over. Position updates and signals that a later one has
replaced are all kept for a day, then one a minute. Everything else stays until someone deletes it.

What is to go is looked for outside of any write transaction, so that the store is locked for the deletion alone.
Several processes may trim at once: they find the same rows.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_

from data.entries import Effect
from data.schema import Alert, Counter, Idempotency, Journal, SignInLink
from data.store import Store
from data.times import now
from data.upsert import upsert

BATCH = 2000
PAUSE_SECONDS = 0.05  # between two batches, for those who wait to write
DETAILED = timedelta(days=1)
KEYS = timedelta(hours=24)

Step = Callable[[], tuple[int, bool]]  # returns how many rows went, and whether there may be more


def trim(store: Store, retention_days: int, stopping: threading.Event | None = None) -> int:
    """Delete what need not be kept any longer, until `stopping` is set; returns how many rows of the journal went."""
    stopping = stopping or threading.Event()
    cutoff = now() - timedelta(days=retention_days)
    removed = sum(_repeat(partial(_delete_old, store, kind, cutoff), stopping) for kind in ("event", "alert", "alert_status"))
    removed += sum(_repeat(partial(_thin, store, kind), stopping) for kind in ("position", "signal"))
    _repeat(partial(_delete_keys, store), stopping)
    with store.write() as connection:
        connection.execute(delete(SignInLink).where(SignInLink.expires_at < now() - KEYS))
    return removed


def _repeat(step: Step, stopping: threading.Event) -> int:
    removed, more = 0, not stopping.is_set()
    while more:
        gone, more = step()
        removed += gone
        more = more and not stopping.wait(PAUSE_SECONDS)
    return removed


def _delete_old(store: Store, kind: str, cutoff: datetime) -> tuple[int, bool]:
    """Delete the oldest of a kind's rows that were received before `cutoff`; done at the first batch with a younger one."""
    oldest = select(Journal.id, Journal.received_at).where(Journal.kind == kind).order_by(Journal.id).limit(BATCH)
    with store.read() as connection:
        ids = [row.id for row in connection.execute(oldest) if row.received_at < cutoff]
    if ids:
        with store.write() as connection:
            _delete(connection, ids)
    return len(ids), len(ids) == BATCH


def _thin(store: Store, kind: str) -> tuple[int, bool]:
    """Thin the next batch of a kind's rows over a day old; a mark in the store says how far that has come."""
    mark, cutoff = f"thinned_{kind}_id", now() - DETAILED
    with store.read() as connection:
        start = connection.scalar(select(Counter.value).where(Counter.name == mark)) or 0
        columns = select(Journal.id, Journal.bot, Journal.received_at, Journal.effect, Journal.body)
        # Of the young ones at most one batch is looked at: a day may hold millions.
        following = columns.where(Journal.kind == kind, Journal.id > start).order_by(Journal.id).limit(BATCH)
        rows = [row for row in connection.execute(following) if row.received_at < cutoff]
    if not rows:
        return 0, False
    # The last of each minute; one that came late has replaced nothing, and counts only where there is no other.
    kept = set({_minute(row): row.id for row in sorted(rows, key=lambda row: row.effect != Effect.LATE)}.values())
    ids = [row.id for row in rows if row.id not in kept]
    with store.write() as connection:
        _delete(connection, ids)
        upsert(connection, Counter, ("name",), [{"name": mark, "value": rows[-1].id}])
    return len(ids), len(rows) == BATCH


def _minute(row: Any) -> tuple[str, ...]:
    subject = [row.body[name] for name in ("position_id", "strategy_name", "symbol") if name in row.body]
    return (row.bot, *subject, row.received_at.strftime("%Y-%m-%dT%H:%M"))


def _delete_keys(store: Store) -> tuple[int, bool]:
    """Delete a batch of idempotency keys whose day is over."""
    key = (Idempotency.principal, Idempotency.bot, Idempotency.key)
    over = select(*key).where(Idempotency.created_at < now() - KEYS).limit(BATCH)
    with store.write() as connection:
        gone = connection.execute(delete(Idempotency).where(tuple_(*key).in_(over))).rowcount
    return gone, gone == BATCH


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(delete(Alert).where(Alert.id.in_(ids)))
        connection.execute(delete(Journal).where(Journal.id.in_(ids)))
