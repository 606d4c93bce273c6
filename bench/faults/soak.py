"""R25: half an hour of bots that post, viewers that come and go, and people who ask: memory, threads and descriptors must not grow.

`python -m bench.faults.soak --minutes 30`; before it, for a third of the time, everything at ten times the pace, so that what is meant to be filled
is full: the rings, the database's page caches, and the stack of each of some hundred threads as deep as the deepest question and what malloc keeps
for each, which takes the rarest of them hours at the common pace. With `--control` a client opens a socket every two seconds and forgets it.
"""

import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.asking import LOST, Asker, Poster
from bench.faults.crowd import Crowd
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import Use, raise_file_limit, use_of
from bench.load import join
from bench.program import Program, make_token

RATE = 10.0
FILLING = 10  # times the pace
FILLING_PART = 1 / 3  # of the time, before it
SETTLING_SECONDS = 60.0  # until threads that only the filling wanted have ended: their going must not pass for less growth
VIEWERS = 30
STAY_SECONDS = (5.0, 40.0)
PAGES = ("/api/monitoring/stats", "/api/monitoring/activity?limit=100", "/api/trades?limit=50", "/api/monitoring/pulse")
LOOK_SECONDS = 5.0
SLOPE = 1.0  # MiB an hour
SLACK = 4  # threads or descriptors: as many viewers may happen to be there in one half and not in the other


@dataclass
class Course:
    """What the server held, look by look."""

    program: Program
    at: list[float] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    async def follow(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            self.at.append(time.monotonic())
            self.uses.append(use_of(self.program))
            await asyncio.sleep(LOOK_SECONDS)

    def slope(self) -> float:
        """Return the growth of memory, in MiB an hour, as the line of least squares."""
        return statistics.linear_regression(self.at, [use.memory for use in self.uses]).slope * 3600

    def grown(self, what: str) -> int:
        """Return how many more there were in the second half than in the first, by their medians: one look may meet many requests."""
        half = len(self.uses) // 2
        counts = [getattr(use, what) for use in self.uses]
        return round(statistics.median(counts[half:]) - statistics.median(counts[:half]))

    def span(self, what: str) -> str:
        """Return the smallest and the largest count."""
        counts = [getattr(use, what) for use in self.uses]
        return f"{min(counts):,.0f} to {max(counts):,.0f}"


async def come_and_go(port: int, token: str, times: int) -> None:
    """Be a viewer who stays for a while, again and again, so many times as often as usual."""
    while True:
        with contextlib.suppress(*LOST):
            _, writer = await join(port, token)
            try:
                await asyncio.sleep(random.uniform(*STAY_SECONDS) / times)
            finally:
                writer.close()
        await asyncio.sleep(1 / times)


async def forget(port: int, token: str) -> None:
    """Open a connection every two seconds and leave it open: a leak, as the server sees it."""
    forgotten = []
    while True:
        forgotten.append(Crowd.of(1, port, token))
        await forgotten[-1].gather(2)
        await asyncio.sleep(2)


async def keep_busy(poster: Poster, times: int, seconds: float) -> int:
    """Post, ask, come and go for some seconds, so many times as often as usual; return how many questions had no answer."""
    askers = [Asker(poster.port, poster.token, path, every=1 / times) for path in PAGES]
    asking = [asyncio.create_task(asker.ask()) for asker in askers]
    visits = [asyncio.create_task(come_and_go(poster.port, poster.token, times)) for _ in range(VIEWERS // 2)]
    try:
        await poster.post(RATE * times, seconds)
    finally:
        for task in asking + visits:
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await asyncio.gather(*asking)
    return sum(asker.unanswered for asker in askers)


async def run(program: Program, token: str, seconds: float, *, leak: bool) -> list[Figure]:
    """Keep the server busy for some seconds; return how it grew."""
    crowd, poster, course = Crowd.of(VIEWERS // 2, program.port, token), Poster(program.port, token), Course(program)
    await crowd.gather(30)
    tasks = [asyncio.create_task(forget(program.port, token))] if leak else []
    try:
        unanswered = await keep_busy(poster, FILLING, seconds * FILLING_PART)
        unanswered += await keep_busy(poster, 1, SETTLING_SECONDS)
        tasks.append(asyncio.create_task(course.follow()))
        unanswered += await keep_busy(poster, 1, seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await crowd.leave()
    return [
        Figure("minutes, events stored with those before", f"{seconds / 60:g}, {len(poster.took):,}"),
        none_of("events not stored", poster.refused),
        none_of("questions unanswered", unanswered),
        none_of("disconnects of viewers who stay", crowd.total("ends")),
        at_most("memory, slope", course.slope(), SLOPE, "MiB/h"),
        Figure("memory, MiB", course.span("memory")),
        *(Figure(what, course.span(what), f"+<= {SLACK}", course.grown(what) <= SLACK) for what in ("threads", "descriptors")),
    ]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="botv2-soak-") as folder:
        program = Program(Path(folder), "app", "run")
        try:
            program.start()
            found = asyncio.run(run(program, make_token(program, "read", "ingest"), given.minutes * 60, leak=given.control))
        finally:
            program.kill()
    return report("Soak (R25)", found, given)


if __name__ == "__main__":
    sys.exit(main())
