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

from sqlalchemy import Connection, Delete, delete, select, tuple_, update

from data.entries import Effect
from data.ledger import FORGOTTEN, TRADES
from data.schema import Base, BotState, Counter, Idempotency, Journal, MarketData, Portfolio, SignInLink, Trade
from data.store import Store
from data.sweep import Sweep
from data.times import now
from data.upsert import upsert

BATCH = 2000  # rows looked at at once
DETAILED = timedelta(days=1)
KEYS = timedelta(hours=24)
WINDOW = 20_000  # of the journal's ids looked through at once
OF_BOTS: tuple[type[Base], ...] = (Trade, Portfolio, MarketData)  # what a bot can have very many of, beside the journal's rows

Step = Callable[[], tuple[int, bool]]  # returns how many rows went, and whether there may be more


def trim(store: Store, retention_days: int, stopping: threading.Event | None = None) -> int:
    """Delete what need not be kept any longer, until `stopping` is set; returns how many rows of the journal went.

    What that leaves empty in an embedded store's file is given back to the disk.
    """
    sweep = Sweep(store, stopping)
    cutoff = now() - timedelta(days=retention_days)
    removed = sum(_repeat(partial(_delete_old, sweep, kind, cutoff), sweep) for kind in ("event", "alert", "alert_status"))
    removed += sum(_repeat(partial(_thin, sweep, kind), sweep) for kind in ("position", "signal"))
    _repeat(partial(_delete_keys, sweep), sweep)
    with store.write() as connection:
        connection.execute(delete(SignInLink).where(SignInLink.expires_at < now() - KEYS))
    sweep.shrink()
    return removed


def _repeat(step: Step, sweep: Sweep) -> int:
    removed, more = 0, not sweep.is_stopped
    while more:
        gone, more = step()
        removed += gone
        more = more and not sweep.is_stopped
    return removed


def _delete_old(sweep: Sweep, kind: str, cutoff: datetime) -> tuple[int, bool]:
    """Delete the oldest of a kind's rows that were received before `cutoff`; done at the first batch with a younger one."""
    oldest = select(Journal.id, Journal.received_at).where(Journal.kind == kind).order_by(Journal.id).limit(BATCH)
    with sweep.store.read() as connection:
        ids = [row.id for row in connection.execute(oldest) if row.received_at < cutoff]
    return sweep.delete_records(ids), len(ids) == BATCH


def _thin(sweep: Sweep, kind: str) -> tuple[int, bool]:
    """Thin the next batch of a kind's rows over a day old; a mark in the store says how far that has come."""
    mark, cutoff = f"thinned_{kind}_id", now() - DETAILED
    with sweep.store.read() as connection:
        start = connection.scalar(select(Counter.value).where(Counter.name == mark)) or 0
        columns = select(Journal.id, Journal.bot, Journal.received_at, Journal.effect, Journal.body)
        # Of the young ones at most one batch is looked at: a day may hold millions.
        following = columns.where(Journal.kind == kind, Journal.id > start).order_by(Journal.id).limit(BATCH)
        rows = [row for row in connection.execute(following) if row.received_at < cutoff]
    if not rows:
        return 0, False
    # The last of each minute; one that came late has replaced nothing, and counts only where there is no other.
    kept = set({_minute(row): row.id for row in sorted(rows, key=lambda row: row.effect != Effect.LATE)}.values())
    removed = sweep.delete_records([row.id for row in rows if row.id not in kept])
    if sweep.is_stopped:
        return removed, False  # the mark stays where it was: the next time finds the rest of these
    with sweep.store.write() as connection:
        upsert(connection, Counter, ("name",), [{"name": mark, "value": rows[-1].id}])
    return removed, len(rows) == BATCH


def _minute(row: Any) -> tuple[str, ...]:
    subject = [row.body[name] for name in ("position_id", "strategy_name", "symbol") if name in row.body]
    return (row.bot, *subject, row.received_at.strftime("%Y-%m-%dT%H:%M"))


def _delete_keys(sweep: Sweep) -> tuple[int, bool]:
    """Delete a batch of idempotency keys whose day is over."""
    key = (Idempotency.principal, Idempotency.bot, Idempotency.key)
    with sweep.store.read() as connection:
        over = connection.execute(select(*key).where(Idempotency.created_at < now() - KEYS).limit(BATCH)).all()
    gone = sweep.delete([tuple(row) for row in over], lambda keys: [delete(Idempotency).where(tuple_(*key).in_(keys))])
    return gone, len(over) == BATCH


# --- bots that are forgotten -----------------------------------------------------------------------------------


def forget(store: Store, prefix: str) -> None:
    """Delete most of what the bots whose name begins with `prefix` have reported, part by part, before `Ledger.forget_bots` ends it.

    That takes one transaction, which for a year's history would hold up every writer. Who looks meanwhile sees less and less of them.
    """
    sweep = Sweep(store)
    with store.read() as connection:
        head = connection.scalar(select(Counter.value).where(Counter.name == "last_id")) or 0
        bots = list(connection.scalars(select(BotState.bot).where(BotState.bot.startswith(prefix, autoescape=True))))
    for start in range(0, head, WINDOW):
        window = select(Journal.id).where(Journal.id.between(start + 1, min(start + WINDOW, head)), Journal.bot.startswith(prefix, autoescape=True))
        with store.read() as connection:
            ids = list(connection.scalars(window))
        sweep.delete_records(ids)
    for table in OF_BOTS:
        columns = table.__table__.c
        with store.read() as connection:
            ids = list(connection.scalars(select(columns.id).where(columns.bot.in_(bots))))
        counted = _uncount if table is Trade else None
        sweep.delete(ids, partial(_of_table, table), counted)
    with store.write(appending=True) as connection:
        upsert(connection, Counter, ("name",), [{"name": FORGOTTEN, "value": head}])


def _of_table(table: type[Base], ids: Sequence[Any]) -> list[Delete]:
    return [delete(table).where(table.__table__.c.id.in_(ids))]


def _uncount(connection: Connection, trades: int) -> None:
    connection.execute(update(Counter).where(Counter.name == TRADES).values(value=Counter.value - trades))
