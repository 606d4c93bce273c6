"""R11: 500 viewers, three of them real browsers, while bots post 50 events a second.

`python -m bench.faults.many_viewers --minutes 10`; `--bots 8` has as many bots more post two events a second each, and first all of them
without a viewer, to know what the viewers cost them. With `--control` the server has 64 threads, of which each viewer holds one.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Chrome

from bench.faults.asking import Asker
from bench.faults.crowd import Crowd, settled
from bench.faults.posting import Posted, post
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import raise_file_limit, use_of
from bench.page import signed_in
from bench.program import Program, make_token
from components.ids import Id

RATE = 50.0
ALONE_SECONDS = 60.0
PAGES = ("/api/monitoring/stats", "/api/monitoring/activity?limit=50", "/api/trades?limit=50")
LOOK_SECONDS = 5.0
STATE = f"return document.getElementById('{Id.CONNECTION_DOT}').className"
COUNT_RESYNCS = "window.botv2Resyncs = 0; document.addEventListener('botv2:resync', () => window.botv2Resyncs++);"


@dataclass
class Browsers:
    """Real browsers on the Live Monitor."""

    drivers: list[Chrome]
    looks: int = 0
    not_live: int = 0
    resyncs: int = 0

    def look(self) -> None:
        """Note which of them do not say that they are live."""
        for driver in self.drivers:
            self.looks += 1
            self.not_live += "live" not in driver.execute_script(STATE)

    async def look_on(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.look)

    def count_resyncs(self) -> None:
        """Sum how often they were told to fetch because they were behind."""
        self.resyncs = sum(driver.execute_script("return window.botv2Resyncs") for driver in self.drivers)


@contextmanager
def browsers(count: int, program: Program) -> Iterator[Browsers]:
    """Open as many browsers, signed in."""
    with contextlib.ExitStack() as stack:
        drivers = [stack.enter_context(signed_in(program)) for _ in range(count)]
        for driver in drivers:
            driver.execute_script(COUNT_RESYNCS)
        yield Browsers(drivers)


@dataclass
class Peak:
    """The most memory that the server held."""

    program: Program
    memory: float = 0.0
    threads: int = 0

    async def follow(self) -> None:
        """Look every second until cancelled."""
        while True:
            use = use_of(self.program)
            self.memory, self.threads = max(self.memory, use.memory), max(self.threads, use.threads)
            await asyncio.sleep(1)


async def run(program: Program, token: str, watched: Browsers, viewers: int, given: argparse.Namespace) -> list[Figure]:
    """Post to all viewers for some minutes; return what came of it."""
    crowd, peak, seconds = Crowd.of(viewers, program.port, token), Peak(program), given.minutes * 60
    askers = [Asker(program.port, token, path, every=0.5) for path in PAGES]
    tasks = [asyncio.create_task(work) for work in (*(asker.ask() for asker in askers), peak.follow(), watched.look_on())]
    try:
        alone = await post(program.port, token, RATE, given.bots, min(ALONE_SECONDS, seconds)) if given.bots else None
        here = await crowd.gather(30)
        began = time.perf_counter()
        posted = await post(program.port, token, RATE, given.bots, seconds)
        took = time.perf_counter() - began
        await settled(lambda: crowd.behind(posted.last) <= 0, 15)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    ends, missing = crowd.total("ends"), crowd.total("missing") + max(0, crowd.behind(posted.last))
    got, expected = crowd.total("got"), crowd.total("got") + missing
    await crowd.leave()
    watched.count_resyncs()
    http = max(asker.took.percentile(95) for asker in askers)
    return [
        Figure("viewers connected, beside the browsers", f"{here:,} of {viewers:,}", f"{viewers:,}", here == viewers),
        Figure("events stored", f"{len(posted.took):,} in {took:,.0f} s"),
        none_of("events not stored", posted.refused),
        *_beside(posted, alone),
        Figure("delivered, each in its place", f"{got / max(1, expected):.3%}", "100 %", bool(got) and missing == 0),
        Figure("of these fetched after a resync", f"{crowd.total('fetched'):,}"),
        none_of("pushed twice", crowd.total("doubled")),
        Figure("POST to viewer, p50", f"{crowd.lags.percentile(50):,.0f} ms"),
        at_most("POST to viewer, p95", crowd.lags.percentile(95), 500, "ms"),
        at_most("HTTP questions meanwhile, p95 of the slowest", http, 300, "ms"),
        none_of("HTTP questions unanswered", sum(asker.unanswered for asker in askers)),
        none_of("disconnects", ends),
        none_of(f"looks at {len(watched.drivers)} browsers ({watched.looks}) that did not find them live", watched.not_live),
        Figure("resyncs of the browsers", f"{watched.resyncs:,}"),
        at_most("memory of the server, at most", peak.memory, 600, "MiB"),
        Figure("threads of the server, at most", f"{peak.threads:,}"),
    ]


def _beside(posted: Posted, alone: Posted | None) -> list[Figure]:
    """Return what an event's answer took, and without the viewers, where that was asked for too."""
    own = Figure("POST to answer, p99", f"{posted.p99:,.0f} ms")
    if alone is None:
        return [own]
    ratio = posted.p99 / alone.p99
    return [
        own,
        Figure("POST to answer beside the browsers alone, p99", f"{alone.p99:,.0f} ms"),
        at_most("POST to answer, p99 with all viewers ÷ without them", ratio, 2, "x"),
    ]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--viewers", type=int, default=500, help="the browsers among them")
    parser.add_argument("--browsers", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--bots", type=int, default=0, help="that post beside the 50 events a second")
    given = parser.parse_args()
    raise_file_limit()
    words = ("bench.served", "gthread-64") if given.control else ("app", "run")
    with tempfile.TemporaryDirectory(prefix="botv2-many-") as folder:
        program = Program(Path(folder), *words)
        try:
            program.start()
            token = make_token(program, "read", "ingest")
            with browsers(given.browsers, program) as watched:
                found = asyncio.run(run(program, token, watched, given.viewers - given.browsers, given))
        finally:
            program.kill()
    return report(f"Many viewers{f' beside {given.bots} bots' if given.bots else ''} (R11)", found, given)


if __name__ == "__main__":
    sys.exit(main())
