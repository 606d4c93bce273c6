"""`python -m bench.ingest`: records per second, each durable before its answer, beside a route that stores nothing and bare SQL.

The server is the one that `python -m app run` starts, with one route more that answers at once; SQLite with
`synchronous=FULL` and a PostgreSQL with fsync.
"""

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.load import Timed, hammer, post_request
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from data.settings import Settings
from data.store import Store
from tests.support.postgres import find_programs, running_postgres

CLIENTS = (8, 32)
BATCH = 100
BURST_SECONDS = 1.0
THREADS = 8
EVENT: dict[str, object] = {
    "event_type": "ORDER",
    "message": "Market order executed: BUY 0.1 BTC at $50,000",
    "metadata": {"symbol": "BTCUSDT", "side": "BUY", "quantity": 0.1, "price": 50000},
}
BARE_ROUTE = "the same server's route that stores nothing"


@dataclass
class Contestant:
    """A server on one database, and what was measured of it, a value per round."""

    database: str
    program: Program
    token: str = ""
    bare: dict[int, list[Timed]] = field(default_factory=lambda: {clients: [] for clients in CLIENTS})
    stored: dict[int, list[Timed]] = field(default_factory=lambda: {clients: [] for clients in CLIENTS})
    batches: list[Timed] = field(default_factory=list)

    async def measure(self) -> None:
        """Measure one round."""
        for clients in CLIENTS:
            self.bare[clients].append(await self._hammer("/bench/bare", EVENT, clients))
            self.stored[clients].append(await self._hammer("/api/monitoring/activity", EVENT, clients))
        records = [{"kind": "event", **EVENT}] * BATCH
        self.batches.append(await self._hammer("/api/monitoring/batch", {"records": records}, CLIENTS[0]))

    async def _hammer(self, path: str, body: dict[str, object], clients: int) -> Timed:
        return await hammer(self.program.port, post_request(path, self.token, body), clients, BURST_SECONDS)

    def figures(self) -> Iterator[Figure]:
        """Yield what was found of single records and of batches."""
        for clients in CLIENTS:
            stored, bare = self.stored[clients], self.bare[clients]
            name = f"{self.database}, {clients} clients"
            rates = [timed.per_second for timed in stored]
            yield Figure(f"{name}: stored ÷ bare", BARE_ROUTE, quotients(rates, [timed.per_second for timed in bare]), Goal(0.7))
            yield Figure(f"{name}: p99 ÷ p99", BARE_ROUTE, quotients(percentiles(stored, 99), percentiles(bare, 99)), Goal(2, at_least=False))
            yield Figure(f"{name}: stored", "a second", rates, unit=" /s")
            yield Figure(f"{name}: bare", "a second", [timed.per_second for timed in bare], unit=" /s")
            yield Figure(f"{name}: p50", "one record's answer", percentiles(stored, 50), unit=" ms")
            yield Figure(f"{name}: p99", "one record's answer", percentiles(stored, 99), unit=" ms")
        in_batches = [timed.per_second * BATCH for timed in self.batches]
        for clients in CLIENTS:
            singles = [timed.per_second for timed in self.stored[clients]]
            against = f"records per second, one by one by {clients} clients"
            yield Figure(f"{self.database}, batches of {BATCH} from {CLIENTS[0]} clients", against, quotients(in_batches, singles), Goal(30))
        yield Figure(f"{self.database}, batches of {BATCH}", "records a second", in_batches, unit=" /s")


@dataclass
class BareSql:
    """The journal's own table and pragmas, and nothing else: threads that take turns at one connection."""

    path: Path
    singles: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the table."""
        store = Store(Settings.load(database_url=f"sqlite:///{self.path}").store_url)
        store.migrate()
        store.close()
        self._last = 0

    def measure(self) -> None:
        """Measure one round; the values are records per second."""
        self.singles.append(self._rate(1))
        self.batches.append(self._rate(BATCH))

    def _rate(self, records: int) -> float:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        began, first, lock = time.perf_counter(), self._last, threading.Lock()
        threads = [threading.Thread(target=self._insert, args=(connection, lock, records, began + BURST_SECONDS / 2)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.close()
        return (self._last - first) / (time.perf_counter() - began)

    def _insert(self, connection: sqlite3.Connection, lock: threading.Lock, records: int, until: float) -> None:
        statement = "INSERT INTO journal (id, kind, bot, at, received_at, event_type, severity, effect, body) VALUES (?,?,?,?,?,?,?,?,?)"
        while time.perf_counter() < until:
            with lock:
                moment = "2026-01-01 00:00:00.000000"
                rows = [
                    (number, "event", "default", moment, moment, "ORDER", "INFO", "added", orjson.dumps(EVENT).decode())
                    for number in range(self._last + 1, self._last + 1 + records)
                ]
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
                self._last += records

    def figures(self, sqlite: Contestant) -> Iterator[Figure]:
        """Yield what the server's rates are beside these."""
        for clients in CLIENTS:
            singles = [timed.per_second for timed in sqlite.stored[clients]]
            against = f"bare INSERT and COMMIT, {THREADS} threads taking turns"
            yield Figure(f"SQLite, {clients} clients: stored", against, quotients(singles, self.singles))
        in_batches = [timed.per_second * BATCH for timed in sqlite.batches]
        yield Figure(f"SQLite, batches of {BATCH}: stored", f"bare executemany of {BATCH} and COMMIT", quotients(in_batches, self.batches))


def percentiles(rounds: list[Timed], which: int) -> list[float]:
    """Return a percentile of each round, in milliseconds."""
    return [timed.percentile(which) for timed in rounds]


@contextmanager
def contestants(folder: Path) -> Iterator[list[Contestant]]:
    """Run a server on SQLite, and one on PostgreSQL where that is installed."""
    with contextlib.ExitStack() as stack:
        urls = {"SQLite": ""}
        if programs := find_programs():
            server = stack.enter_context(running_postgres(programs))
            server.create("bench")
            urls["PostgreSQL"] = server.url("bench")
        found = [Contestant(name, Program(folder / name, "bench.served", "shipped", DATABASE_URL=url)) for name, url in urls.items()]
        for contestant in found:
            stack.callback(contestant.program.kill)
            contestant.program.start()
            contestant.token = make_token(contestant.program, "ingest")
        yield found


def measure() -> Section:
    """Return the figures of single records and batches."""
    with tempfile.TemporaryDirectory(prefix="botv2-ingest-") as folder, contestants(Path(folder)) as found:
        bare_sql = BareSql(Path(folder) / "bare.sqlite")
        for number in range(ROUNDS):
            for contestant in found:
                print(f"ingest, round {number + 1}, {contestant.database}", end="\033[K\r", file=sys.stderr, flush=True)
                asyncio.run(contestant.measure())
            bare_sql.measure()
    figures = [figure for contestant in found for figure in contestant.figures()]
    missing = "" if len(found) > 1 else " PostgreSQL: not run, its programs are not installed."
    note = f"gunicorn as shipped, keep-alive clients, each answer after COMMIT, durability=full; bursts of {BURST_SECONDS:g} s.{missing}"
    return Section("Ingest", note, [*figures, *bare_sql.figures(found[0])])


if __name__ == "__main__":
    sys.exit(main(measure))
