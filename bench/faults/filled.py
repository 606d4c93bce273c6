"""Stores for harnesses: two empty ones of either database, and what fills one by the database itself in seconds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from data.store import Store
from data.times import now
from tests.support.postgres import find_programs, running_postgres

PADDING = "x" * 200
EVENTS = (
    "INSERT INTO journal (id, kind, bot, at, received_at, event_type, severity, effect, body)"
    " SELECT n, 'event', 'filler', {at}, {at}, 'SYSTEM', 'INFO', 'added', {body} FROM {numbers}"
)
TRADES = (
    "INSERT INTO trade (id, trade_id, bot, symbol, direction, status, size, entry_price, entry_time, at, sent, created_at, updated_at)"
    " SELECT n, {name}, 'filler', 'S', 'long', 'open', 1, 1, {at}, {at}, '{{}}', {at}, {at} FROM {numbers}"
)
COUNT = "INSERT INTO counter (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = counter.value + :value"
BODY = (
    '{"timestamp": "2025-01-01T00:00:00.000000Z", "event_type": "SYSTEM", "message": "PADDING", "severity": "INFO", "metadata": {}, "bot": "filler"}'
)


@contextmanager
def two_stores(folder: Path, database: str) -> Iterator[tuple[str, str]]:
    """Give the addresses of two empty stores, `sqlite` or `postgresql`; SQLite's lie in folders of their own."""
    names = ("server", "other")
    if database == "sqlite":
        for name in names:
            (folder / name).mkdir()
        yield f"sqlite:///{folder}/server/botv2.sqlite", f"sqlite:///{folder}/other/botv2.sqlite"
        return
    programs = find_programs()
    if programs is None:
        sys.exit("not run: PostgreSQL's programs are not installed")
    with running_postgres(programs) as server:
        for name in names:
            server.create(name)
        yield server.url("server"), server.url("other")


def fill(store: Store, events: int, *, trades: int = 0, days_old: float = 0) -> None:
    """Put so many events into an empty store of any schema, received `days_old` ago; `trades` into one of the first schema alone."""
    moment = now() - timedelta(days=days_old)
    with store.write() as connection:
        connection.execute(text(_statement(store, EVENTS, moment, 0, events)), {"body": BODY.replace("PADDING", PADDING)})
        if trades:
            connection.execute(text(_statement(store, TRADES, moment, events, trades)))
        for name, value in {"last_id": events + trades, "total_events": events}.items():
            connection.execute(text(COUNT), {"name": name, "value": value})


def _statement(store: Store, pattern: str, moment: datetime, first: int, count: int) -> str:
    last = first + count
    if store.is_sqlite:
        numbers = f"(WITH RECURSIVE c(n) AS (SELECT {first + 1} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) AS numbers"
        at, body, name = f"'{moment:%Y-%m-%d %H:%M:%S.%f}'", ":body", "n"
    else:
        numbers = f"generate_series({first + 1}, {last}) AS n"
        at, body, name = f"CAST('{moment.isoformat()}' AS timestamptz)", "CAST(:body AS json)", "CAST(n AS text)"
    return pattern.format(at=at, body=body, name=name, numbers=numbers)
