"""`python -m bench.memory`: what the server holds with ten million journal records and 500 viewers, while bots post and people ask.

The store is that of `bench.million`, made when there is none (some ten minutes and 5 GB); the events that are posted stay in it.
"""

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from bench import report
from bench.faults.asking import Asker, Poster
from bench.faults.use import raise_file_limit, use_of
from bench.load import Viewers
from bench.million import sqlite_store
from bench.program import Program, make_token
from bench.report import Figure, Goal, Section
from bench.rows import Sizes

SIZES = Sizes()
VIEWERS = 500
SECONDS = 540.0  # a peak of 45 MiB comes for some seconds once or twice in it: within three minutes that passed for growth
EVENTS_PER_SECOND = 10.0
ASKED = (
    "/api/trades?limit=100",
    "/api/trades/stats",
    "/api/portfolio/equity?points=2000",
    "/api/risk/metrics",
    "/api/strategies",
    "/api/monitoring/activity?limit=100",
)
ASK_SECONDS = 5.0
SETTLING_SHARE = 1 / 3  # of the time, in which columns are read and answers computed for the first time


async def _watch(program: Program, token: str, viewers: int, seconds: float) -> list[float]:
    """Return the memory in MiB, once a second, while all of it goes on. Raises RuntimeError when not all viewers are let in."""
    crowd, poster, held = Viewers(program.port, token), Poster(program.port, token), []
    askers = [Asker(program.port, token, path, every=ASK_SECONDS) for path in ASKED]
    tasks = [asyncio.create_task(asker.ask()) for asker in askers]
    try:
        for number in range(50, viewers + 50, 50):
            await crowd.connect(min(number, viewers))
        if len(crowd.writers) < viewers:
            raise RuntimeError(f"only {len(crowd.writers)} of {viewers} viewers were let in")
        posting = asyncio.create_task(poster.post(EVENTS_PER_SECOND, seconds))
        while not posting.done():
            held.append(use_of(program).memory)
            await asyncio.sleep(1)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await crowd.close()
    return held


def measure(sizes: Sizes = SIZES, viewers: int = VIEWERS, seconds: float = SECONDS) -> Section:
    """Return the most memory held, and how it grew once all had been asked."""
    raise_file_limit()
    with sqlite_store(sizes) as url, tempfile.TemporaryDirectory(prefix="botv2-memory-") as folder:
        program = Program(Path(folder), "app", "run", DATABASE_URL=url)
        try:
            program.start()
            token = make_token(program, "read", "ingest")
            started = use_of(program).memory
            held = asyncio.run(_watch(program, token, viewers, seconds))
        finally:
            program.stop()
    settled = held[int(len(held) * SETTLING_SHARE) :]
    half = len(settled) // 2
    figures = [
        Figure("memory at most", "all processes of the server", [max(held)], Goal(600, at_least=False), " MiB"),
        Figure("memory after the start", "nobody has asked yet", [started], unit=" MiB"),
        Figure("memory, last third ÷ second", "medians; flat: 1", [median(settled[half:]) / median(settled[:half])], Goal(1.05, at_least=False)),
    ]
    note = (
        f"{sizes.records:,} journal records, {sizes.trades:,} trades, {sizes.candles:,} candles, SQLite; {viewers} sockets for {seconds:g} s, "
        f"{EVENTS_PER_SECOND:g} events a second, six questions every {ASK_SECONDS:g} s. One run, looked at each second; most by minute: "
        f"{', '.join(f'{max(held[at : at + 60]):.0f}' for at in range(0, len(held), 60))} MiB."
    )
    return Section("Memory", note, figures)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--records", type=int, default=SIZES.records)
    parser.add_argument("--trades", type=int, default=SIZES.trades)
    parser.add_argument("--candles", type=int, default=SIZES.candles)
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    given = parser.parse_args()
    report.run(partial(measure, Sizes(given.trades, given.candles, given.records), given.viewers, given.seconds), write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
