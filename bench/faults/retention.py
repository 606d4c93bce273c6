"""R19: old records go while bots write: short transactions, a smaller file, and nothing younger gone.

`python -m bench.faults.retention --rows 1000000`; the control deletes in one transaction.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from bench.faults.filled import fill
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from data import retention, sweep
from data.desk import Desk
from data.records import EventIn, validated
from data.settings import Settings

RETENTION_DAYS = 365
AT_ONCE = 50
MOST_ROWS = 5000


def watch(sizes: list[int], seconds: list[float]) -> None:
    """Note how many rows each transaction of a sweep takes, and how long it holds the store."""
    delete, timed = sweep.Sweep.delete, sweep.Sweep._timed

    def noted(self: sweep.Sweep, keys: Sequence[Any], statements: sweep.Statements, then: Any = None) -> int:
        def counted(part: Sequence[Any]) -> list[Any]:
            sizes.append(len(part))
            return statements(part)

        return delete(self, keys, counted, then)

    @contextmanager
    def measured(self: sweep.Sweep, *, appending: bool = False) -> Iterator[Connection]:
        with timed(self, appending=appending) as connection:
            yield connection
        seconds.append(self.longest)

    sweep.Sweep.delete, sweep.Sweep._timed = noted, measured  # type: ignore[method-assign]  # to look at, nothing else


def measure(folder: Path, rows: int) -> list[Figure]:
    """Trim a store of old events while a bot writes young ones."""
    sizes: list[int] = []
    seconds_held: list[float] = []
    watch(sizes, seconds_held)
    settings = Settings.load(botv2_data_dir=folder, database_url="")
    filling = Desk.open(settings)
    fill(filling.store, rows, days_old=RETENTION_DAYS + 1)
    filling.close()
    desk = Desk.open(settings)  # one that has not to catch up with all that first
    desk._trim = lambda: None  # type: ignore[method-assign]  # it is done here
    desk.start()
    waits: list[float] = []
    stopping = threading.Event()

    def write() -> None:
        drafts = [validated(EventIn, {"event_type": "SYSTEM", "message": "young"})] * AT_ONCE
        while not stopping.is_set():
            began = time.monotonic()
            desk.journal.append(drafts)
            waits.append(time.monotonic() - began)

    before = _bytes(folder)
    bot = threading.Thread(target=write)
    bot.start()
    began = time.monotonic()
    removed = retention.trim(desk.store, RETENTION_DAYS)
    seconds = time.monotonic() - began
    stopping.set()
    bot.join()
    with desk.store.read() as connection:
        young = connection.execute(text("SELECT count(*) FROM journal WHERE bot <> 'filler'")).scalar_one()
        old = connection.execute(text("SELECT count(*) FROM journal WHERE bot = 'filler'")).scalar_one()
    desk.close()
    return [
        Figure("old events, and how long it took to remove them", f"{removed:,} in {seconds:.0f} s"),
        Figure("events written meanwhile", f"{len(waits) * AT_ONCE:,}"),
        none_of("old events left", old),
        none_of("younger ones deleted", len(waits) * AT_ONCE - young),
        Figure("most rows of one transaction", f"{max(sizes):,}", f"<= {MOST_ROWS:,}", max(sizes) <= MOST_ROWS),
        at_most("longest that one held the store", max(seconds_held) * 1000, 100, "ms"),
        at_most("an append of 50 events beside it, median", statistics.median(waits) * 1000, 100, "ms"),
        Figure("the file, before and after", f"{before / 2**20:.0f}, {_bytes(folder) / 2**20:.0f} MiB", "smaller", _bytes(folder) < before),
    ]


def _bytes(folder: Path) -> int:
    return (folder / "botv2.sqlite").stat().st_size


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.control:
        retention.BATCH = sweep.FIRST = sweep.FEWEST = sweep.MOST = 30_000
    with tempfile.TemporaryDirectory(prefix="botv2-retention-") as folder:
        return report("R19, retention while bots write", measure(Path(folder), given.rows), given)


if __name__ == "__main__":
    sys.exit(main())
