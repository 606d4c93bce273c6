"""Keeps the journal bounded, in small batches that never hold up a writer; no counter ever changes by it.

Events and alerts go when their time (since receipt) is over. Position updates and signals that a later one has
replaced are all kept for a day, then one a minute. Everything else stays until someone deletes it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from data.ledger import Row
from data.schema import Counter, Idempotency, Journal, SignInLink
from data.store import Store
from data.times import now

BATCH = 2000
DETAILED = timedelta(days=1)
KEYS = timedelta(hours=24)
THINNED = "thinned_id"


def trim(store: Store, retention_days: int) -> int:
    """Delete what need not be kept any longer; returns how many rows of the journal went."""
    cutoff = now() - timedelta(days=retention_days)
    removed = sum(_until_done(store, kind, cutoff) for kind in ("event", "alert"))
    while (step := _thin_some(store)) is not None:
        removed += step
    with store.write() as connection:
        connection.execute(delete(Idempotency).where(Idempotency.created_at < now() - KEYS))
        connection.execute(delete(SignInLink).where(SignInLink.expires_at < now() - KEYS))
    return removed


def _until_done(store: Store, kind: str, cutoff: datetime) -> int:
    """Delete a kind's rows that were received before `cutoff`, oldest first; stops at the first batch with a younger one."""
    removed = 0
    while True:
        with store.write() as connection:
            oldest = select(Journal.id, Journal.received_at).where(Journal.kind == kind).order_by(Journal.id).limit(BATCH)
            ids = [row.id for row in connection.execute(oldest) if row.received_at < cutoff]
            _delete(connection, ids)
        removed += len(ids)
        if len(ids) < BATCH:
            return removed


def _thin_some(store: Store) -> int | None:
    """Thin the next batch of position updates and signals over a day old; returns how many went, None at the end."""
    with store.write() as connection:
        start = connection.scalar(select(Counter.value).where(Counter.name == THINNED)) or 0
        columns = select(Journal.id, Journal.kind, Journal.bot, Journal.received_at, Journal.body)
        due = columns.where(Journal.id > start, Journal.kind.in_(("position", "signal")), Journal.received_at < now() - DETAILED)
        rows = [dict(row) for row in connection.execute(due.order_by(Journal.id).limit(BATCH)).mappings()]
        if not rows:
            return None
        last_of_minute = {_minute(row): row["id"] for row in rows}
        kept = set(last_of_minute.values())
        ids = [row["id"] for row in rows if row["id"] not in kept]
        _delete(connection, ids)
        connection.execute(delete(Counter).where(Counter.name == THINNED))
        connection.execute(Counter.__table__.insert().values(name=THINNED, value=rows[-1]["id"]))  # type: ignore[attr-defined]  # a Table
    return len(ids)


def _minute(row: Row) -> tuple[str, ...]:
    body = row["body"]
    subject = (body["position_id"],) if row["kind"] == "position" else (body["strategy_name"], body["symbol"])
    return (row["kind"], row["bot"], *subject, row["received_at"].strftime("%Y-%m-%dT%H:%M"))


def _delete(connection: Connection, ids: list[int]) -> None:
    if ids:
        connection.execute(delete(Journal).where(Journal.id.in_(ids)))
