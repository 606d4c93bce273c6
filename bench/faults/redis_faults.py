"""R24: Redis gone, slow by 2 s and read-only: ingestion is unaffected, the limiter counts by itself, the alarm is shown.

`python -m bench.faults.redis_faults --seconds 20`; two minutes. Two servers take the same load side by side, one with Redis and one
without. With `--control` the one waits for Redis with every request, as a server without a breaker does.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from app.limits import LIMITS
from bench.api import Api
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.program import Program, make_token
from data.shared import ANSWER_SECONDS
from tests.support.redis import RedisServer, SlowProxy

CLIENTS = 4
PAUSE = 0.06  # between two records of a client, whatever the last one took: below the limit of a token
ALARM_WITHIN = 5.0
RATIO, NOISE = 1.5, 0.02  # of the p99 with Redis to that without; below the noise of this machine nothing can be told
EXTRA = 5  # requests beyond the limit, which must be refused
Fault = Callable[[bool], None]
RECORD = {"event_type": "SYSTEM", "message": "beside a faulty Redis"}


@dataclass
class Load:
    """What the bots of one server saw."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def p99(self) -> float:
        """Return the 99th percentile in seconds."""
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[98]


class Side:
    """One of the two servers, with its bots' token."""

    def __init__(self, program: Program) -> None:
        """Ask for a token of a server that runs."""
        self.program = program
        self.token = make_token(program, "read", "ingest")

    def start_bots(self, seconds: float, load: Load) -> list[threading.Thread]:
        """Have bots post at a fixed pace for some seconds."""
        bots = [threading.Thread(target=self._post, args=(seconds, load), daemon=True) for _ in range(CLIENTS)]
        for bot in bots:
            bot.start()
        return bots

    def _post(self, seconds: float, load: Load) -> None:
        api = Api(self.program.port, self.token, patience=60)
        due = began = time.monotonic()
        while due < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            started = time.monotonic()
            load.refused += api.post("/activity", dict(RECORD)).status != 201
            load.seconds.append(time.monotonic() - started)
            due = max(due + PAUSE, started)
        api.close()

    def until_redis_is(self, state: str) -> float:
        """Return the seconds until /health says so, infinity when it does not within twice what is promised."""
        began = time.monotonic()
        while requests.get(f"http://127.0.0.1:{self.program.port}/health", timeout=60).json()["redis"]["state"] != state:
            if time.monotonic() - began > 2 * ALARM_WITHIN:
                return float("inf")
            time.sleep(0.05)
        return time.monotonic() - began

    def let_through(self) -> int:
        """Return how many of too many requests of a new token are not refused."""
        api = Api(self.program.port, make_token(self.program, "read", "control"), patience=60)
        statuses = [api.post("/nothing", {}).status for _ in range(LIMITS["control"] + EXTRA)]
        api.close()
        return sum(status != 429 for status in statuses)

    def doctor_names_redis(self) -> bool:
        """Return whether `python -m app doctor` fails with a line about Redis."""
        words = [sys.executable, "-m", "app", "doctor"]
        folder, surroundings = self.program.folder, self.program.environment
        done = subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode == 1 and any("Redis" in line and "not" in line for line in done.stdout.splitlines())


def measure(with_redis: Side, without: Side, seconds: float, name: str, state: str) -> list[Figure]:
    """Return the figures of one state of Redis, which has just begun."""
    loads = Load(), Load()
    bots = [bot for side, load in zip((with_redis, without), loads, strict=True) for bot in side.start_bots(seconds, load)]
    alarm = with_redis.until_redis_is(state)
    for bot in bots:
        bot.join()
    mine, plain = loads[0].p99(), loads[1].p99()
    waited = sum(taken >= ANSWER_SECONDS for taken in loads[0].seconds) - sum(taken >= ANSWER_SECONDS for taken in loads[1].seconds)
    return [
        Figure(f"{name}: records", f"{len(loads[0].seconds):,}"),
        none_of(f"{name}: records refused", loads[0].refused),
        Figure(f"{name}: p99 beside a server without Redis", f"{mine * 1000:.0f} / {plain * 1000:.0f} ms"),
        Figure(f"{name}: ratio of the two", f"{mine / plain:.2f}", f"<= {RATIO:g}", mine <= RATIO * plain + NOISE),
        Figure(f"{name}: more records that waited {ANSWER_SECONDS:g} s", f"{waited}", f"<= {CLIENTS}", waited <= CLIENTS),
        at_most(f"{name}: /health says so after", alarm, ALARM_WITHIN),
    ]


@contextmanager
def sides(folder: Path, module: str) -> Iterator[tuple[Side, Side, dict[str, Fault]]]:
    """Run two servers, the first with a Redis that can be made faulty: by name what does it, and what mends it."""
    redis = RedisServer(folder)
    proxy = SlowProxy(redis.port)
    faults: dict[str, Fault] = {
        "slow by 2 s": lambda broken: setattr(proxy, "delay", 2.0 if broken else 0.0),
        "gone": lambda broken: redis.stop() if broken else redis.start(),
        "read-only": redis.refuse_writes,
    }
    programs = [
        Program(folder / ("with" if url else "without"), words, "run", REDIS_URL=url, BOTV2_RATE_LIMITS="on")
        for words, url in ((module, proxy.url), ("app", ""))
    ]
    try:
        redis.start()
        for program in programs:
            program.start()
        yield Side(programs[0]), Side(programs[1]), faults
    finally:
        for program in programs:
            program.kill()
        proxy.close()
        redis.close()


def run(folder: Path, seconds: float) -> list[Figure]:
    """Make Redis faulty in three ways."""
    with sides(folder, "app") as (with_redis, without, faults):
        figures = measure(with_redis, without, seconds, "serving", "ok")
        for name, fault in faults.items():
            fault(True)
            figures += measure(with_redis, without, seconds, name, "away")
            passed, limit = with_redis.let_through(), LIMITS["control"]
            figures.append(Figure(f"{name}: of {limit + EXTRA} requests let through", f"{passed}", f"{limit}", passed == limit))
            told = with_redis.doctor_names_redis()
            figures.append(Figure(f"{name}: doctor fails and names it", "yes" if told else "no", "yes", told))
            fault(False)
            figures.append(at_most(f"{name}: shared again after", with_redis.until_redis_is("ok"), ALARM_WITHIN))
    return figures


def run_control(folder: Path, seconds: float) -> list[Figure]:
    """Make Redis slow for a server that waits for it with every request."""
    with sides(folder, "bench.faults.patient_redis") as (patient, without, faults):
        faults["slow by 2 s"](True)
        return measure(patient, without, seconds, "slow by 2 s", "away")


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of load in each state of Redis")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-redis-") as folder:
        figures = (run_control if given.control else run)(Path(folder), given.seconds)
    return report("Redis gone, slow and read-only (R24)", figures, given)


if __name__ == "__main__":
    sys.exit(main())
