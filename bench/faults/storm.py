"""R13: the server restarts under hundreds of viewers; each comes back, and has every record once.

`python -m bench.faults.storm --viewers 500 --restarts 3`; with `--control` the viewers do not fetch what they missed, so that they must lack
some. Bots go on posting all the while, with the server killed by SIGKILL and stopped by SIGTERM in turn.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench.faults.asking import Poster
from bench.faults.crowd import Crowd, settled
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import raise_file_limit
from bench.program import Program, make_token

RATE = 20.0  # events a second
BACK_SECONDS = 30.0
BETWEEN_SECONDS = 5.0


async def run(program: Program, token: str, viewers: int, restarts: int, *, fetches: bool) -> list[Figure]:
    """Restart the server under the crowd; return what the crowd has of what was stored."""
    crowd, poster = Crowd.of(viewers, program.port, token, fetches=fetches), Poster(program.port, token)
    back: list[float] = []
    try:
        here = await crowd.gather()
        for number in range(restarts):
            posting = asyncio.create_task(poster.post(RATE, BETWEEN_SECONDS * 3))
            await asyncio.sleep(BETWEEN_SECONDS)
            await asyncio.to_thread(program.stop if number % 2 else program.kill)
            await settled(lambda: crowd.connected == 0, 10)
            await asyncio.to_thread(program.start)
            began = time.perf_counter()
            await settled(lambda: crowd.connected == viewers, BACK_SECONDS * 2)
            back.append(max(watcher.joined_at for watcher in crowd.watchers) - began if crowd.connected == viewers else float("inf"))
            await posting
        await poster.post(RATE, 1)  # so that everybody hears of the last record
        await settled(lambda: crowd.behind(poster.last) <= 0, 15)
    finally:
        await crowd.leave()
    return [
        Figure("viewers", f"{here:,} of {viewers:,}", f"{viewers:,}", here == viewers),
        at_most(f"all back after each of {restarts} restarts, slowest", max(back), BACK_SECONDS),
        Figure("records stored, the last one's id", f"{poster.last:,}"),
        Figure("records that viewers have, pushed and fetched", f"{crowd.total('got'):,}, {crowd.total('fetched'):,} of them fetched"),
        none_of("gaps: records that a viewer lacks", crowd.total("missing") + max(0, crowd.behind(poster.last))),
        none_of("doubles: records pushed twice over one connection", crowd.total("doubled")),
    ]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--restarts", type=int, default=3)
    given = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="botv2-storm-") as folder:
        program = Program(Path(folder), "app", "run")
        try:
            program.start()
            token = make_token(program, "read", "ingest")
            figures = asyncio.run(run(program, token, given.viewers, given.restarts, fetches=not given.control))
        finally:
            program.kill()
    return report("Reconnect storm (R13)", figures, given)


if __name__ == "__main__":
    sys.exit(main())
