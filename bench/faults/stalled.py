"""R12: viewers that read nothing while 40 MB of events are pushed: little is kept for them, they are cut off, and the others notice nothing.

`python -m bench.faults.stalled --seconds 60`: four rounds of 40 MB, with none, one, twenty and none of them; with `--control` the server is
the one without guards, which keeps everything for them and lets them stay.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.faults.asking import Poster
from bench.faults.crowd import Crowd, settled
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import established, use_of
from bench.load import join
from bench.program import Program, make_token

OTHERS = 20
EVENT_BYTES = 8_000
WARM_UP_SECONDS = 20.0
CUT_SECONDS = 30.0


@dataclass
class Round:
    """What a round with some stalled viewers cost."""

    stalled: int
    memory: float  # MiB more than at its begin, at most
    cut_after: float  # seconds from the begin until the last of them was cut off
    p95: float  # of the others, milliseconds
    lost: int


async def measure(program: Program, token: str, stalled: int, seconds: float, megabytes: float) -> Round:
    """Push so much to the others and to as many stalled viewers."""
    crowd, poster = Crowd.of(OTHERS, program.port, token), Poster(program.port, token)
    held = []
    try:
        await crowd.gather()
        before, without = use_of(program).memory, established(program.port)
        held = [await join(program.port, token) for _ in range(stalled)]  # an unread stream stops reading at 128 kB
        posting = asyncio.create_task(poster.post(megabytes * 1e6 / EVENT_BYTES / seconds, seconds, EVENT_BYTES))
        began, most, cut_after = time.perf_counter(), before, 0.0 if not stalled else float("inf")
        while not posting.done():
            most = max(most, use_of(program).memory)
            # Each post is a connection of its own, so that there are now and then more than those that stay.
            if cut_after == float("inf") and time.perf_counter() - began > 1 and established(program.port) <= without:
                cut_after = time.perf_counter() - began
            await asyncio.sleep(0.25)
        await posting
        await settled(lambda: crowd.behind(poster.last) <= 0, 15)
        lost = crowd.total("missing") + max(0, crowd.behind(poster.last)) + crowd.total("ends")
        return Round(stalled, most - before, cut_after, crowd.lags.percentile(95), lost)
    finally:
        for _, writer in held:
            writer.transport.abort()
        await crowd.leave()


def figures(rounds: list[Round]) -> list[Figure]:
    """Return what was found."""
    before, *with_some, after = rounds
    alone = max(before.p95, after.p95)
    found = [Figure("p95 of a push without stalled viewers, before and after", f"{before.p95:,.0f}, {after.p95:,.0f} ms")]
    for each in with_some:
        name = f"{each.stalled} stalled"
        found += [
            at_most(f"{name}: memory", each.memory, 32, "MiB"),
            at_most(f"{name}: all cut off", each.cut_after, CUT_SECONDS),
            at_most(f"{name}: p95 of a push to the others ÷ without", each.p95 / alone, 1.5, "x"),
            none_of(f"{name}: records the others lack, and their disconnects", each.lost),
        ]
    return found


async def run(program: Program, token: str, seconds: float, megabytes: float) -> list[Figure]:
    """Measure all rounds, after one that fills the server's memory as far as it fills by itself."""
    await measure(program, token, 0, WARM_UP_SECONDS, megabytes * WARM_UP_SECONDS / seconds)
    return figures([await measure(program, token, stalled, seconds, megabytes) for stalled in (0, 1, 20, 0)])


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each of the four rounds")
    parser.add_argument("--megabytes", type=float, default=40, help="of events in each round")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-stalled-") as folder:
        program = Program(Path(folder), "bench.faults.unguarded" if given.control else "app", "run")
        try:
            program.start()
            found = asyncio.run(run(program, make_token(program, "read", "ingest"), given.seconds, given.megabytes))
        finally:
            program.kill()
    return report("Stalled viewers (R12)", found, given)


if __name__ == "__main__":
    sys.exit(main())
