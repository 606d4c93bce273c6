"""Bots in a process of their own, so that what they are answered is not held up by hundreds of viewers in the same process.

`python -m bench.faults.posting PORT --rate 50 --bots 8 --seconds 300`, with the token on standard input: events evenly at the rate, and
beside them as many bots as are said, each with an event every half second. Prints a line of JSON when it is over.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.faults.asking import Poster
from bench.load import Timed

BOT_RATE = 2.0


@dataclass
class Posted:
    """What came of it: seconds of each answer, the last id, how many were refused or not answered."""

    took: list[float] = field(default_factory=list)
    last: int = 0
    refused: int = 0

    @property
    def p99(self) -> float:
        """Return the 99th percentile in milliseconds."""
        return Timed(self.took).percentile(99)


async def post(port: int, token: str, rate: float, bots: int, seconds: float) -> Posted:
    """Have another process post, and return what came of it."""
    words = (sys.executable, "-m", "bench.faults.posting", str(port), "--rate", str(rate), "--bots", str(bots), "--seconds", str(seconds))
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=2**30)
    try:
        out, _ = await child.communicate(token.encode())
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        raise RuntimeError("the posting process failed")
    return Posted(**json.loads(out))


async def _bot(poster: Poster, seconds: float) -> None:
    await asyncio.sleep(random.uniform(0, 1 / BOT_RATE))  # bots keep no step with each other
    await poster.post(BOT_RATE, seconds)


async def _all(posters: Sequence[Poster], rate: float, seconds: float) -> None:
    steady, *bots = posters
    await asyncio.gather(steady.post(rate, seconds), *(_bot(bot, seconds) for bot in bots))


def main() -> int:
    """Post as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--bots", type=int, default=0)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    token = sys.stdin.read().strip()
    posters = [Poster(given.port, token) for _ in range(1 + given.bots)]
    asyncio.run(_all(posters, given.rate, given.seconds))
    found = Posted([took for poster in posters for took in poster.took], max(each.last for each in posters), sum(each.refused for each in posters))
    print(json.dumps(vars(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
