"""R15: ten times the rated load for a minute: what is accepted stays near the rated rate, the rest is refused at once, the queue is bounded.

`python -m bench.faults.overload --seconds 60`; two and a half minutes. Two loads in turn: one token that sends ten times what the limits
allow it, and ten times as many bots as the rated rate was measured with, without limits. With `--control` somebody locks the store.
(`python -m bench.faults.overload bots …` is a part of the load, in a process of its own.)
"""

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.api import Api
from bench.faults.locked import Locker
from bench.faults.rows import Figure, at_most, by_status, none_of, parser_of, report
from bench.faults.writers import STORED
from bench.program import Program, make_token
from data.journal import QUEUE_REQUESTS
from tests.support.processes import bound_to_the_tests

PROCESSES, EACH = 2, 4  # of which the rated load consists
TIMES = 10
RATED_SECONDS = 5.0
LIMIT = 100.0  # records a second that the limits allow a token: 6,000 in a minute
ACCEPTED, REFUSED_WITHIN, WELL_WITHIN = 0.8, 1.0, 5.0
QUICK = 0.25
EVENT = {"event_type": "SYSTEM", "message": "as much as it can take"}


@dataclass
class Load:
    """What bots were answered."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=lambda: {"accepted": 0.0, "refused": 0.0})
    broken: int = 0

    @property
    def accepted(self) -> float:
        """Return the records accepted in a second."""
        return sum(self.statuses[status] for status in STORED) / self.seconds

    @property
    def offered(self) -> float:
        """Return the requests in a second."""
        return self.statuses.total() / self.seconds

    @property
    def others(self) -> int:
        """Return how many answers were neither a success nor a refusal for now."""
        return sum(count for status, count in self.statuses.items() if status not in {*STORED, 429, 503})


def bots(port: int, token: str, count: int, seconds: float, rate: float) -> dict[str, Any]:
    """Post from `count` threads, all together at most `rate` times a second (0: without a pause); returns their answers as JSON."""
    end = time.monotonic() + seconds
    load, lock = Load(), threading.Lock()

    def post() -> None:
        api, due = Api(port, token), time.monotonic()
        while (began := time.monotonic()) < end:
            try:
                status = api.post("/activity", EVENT).status
            except (OSError, http.client.HTTPException, ValueError):
                status = 0  # none
            took = time.monotonic() - began
            with lock:
                load.statuses[status] += 1
                kind = "accepted" if status in STORED else "refused"
                load.slowest[kind] = max(load.slowest[kind], took)
            if rate:
                due += count / rate
                time.sleep(max(0.0, due - time.monotonic()))
        api.close()

    threads = [threading.Thread(target=post) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"statuses": load.statuses, "slowest": load.slowest}


def loaded(port: int, token: str, each: int, seconds: float, rate: float = 0.0) -> Load:
    """Load the server from processes of `each` threads."""
    words = [str(word) for word in (port, token, each, seconds, rate / PROCESSES)]
    command = [*bound_to_the_tests("KILL"), sys.executable, "-m", "bench.faults.overload", "bots", *words]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    load = Load(seconds)
    for process in running:
        answers = json.loads(process.communicate(timeout=seconds + 60)[0])
        load.statuses.update({int(status): count for status, count in answers["statuses"].items() if status != "0"})
        load.broken += answers["statuses"].get("0", 0)
        load.slowest = {kind: max(took, answers["slowest"][kind]) for kind, took in load.slowest.items()}
    return load


class QueueWatch(threading.Thread):
    """Asks how much waits for the writer."""

    def __init__(self, port: int) -> None:
        """Prepare to ask the server on `port`."""
        super().__init__(name="queue-watch", daemon=True)
        self.port, self.waiting, self.done = port, 0, threading.Event()

    def run(self) -> None:
        """Ask until it is done."""
        while not self.done.wait(0.1):
            with contextlib.suppress(OSError, http.client.HTTPException):  # too busy to say
                self.waiting = max(self.waiting, waiting(self.port))


def waiting(port: int) -> int:
    """Return how many requests wait for the writer, as `/health` says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/health")
        count: int = json.loads(connection.getresponse().read())["feed"]["waiting"]
        return count
    finally:
        connection.close()


def recovery(port: int, token: str) -> float:
    """Return after how many seconds from now nothing waits and a record is stored as quickly as it should be."""
    began = time.monotonic()
    api = Api(port, token)
    while time.monotonic() - began < 4 * WELL_WITHIN:
        asked = time.monotonic()
        with contextlib.suppress(OSError, http.client.HTTPException):
            if api.post("/activity", EVENT).status in {*STORED, 429} and time.monotonic() - asked < QUICK and waiting(port) == 0:
                return time.monotonic() - began
    return float("inf")


@dataclass
class Overload:
    """What ten times the load did."""

    what: str
    rated: float
    load: Load
    waiting: int
    again: float

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        statuses = by_status(self.load.statuses)
        share = self.load.accepted / self.rated
        return [
            Figure(f"{self.what}: rated", f"{self.rated:,.0f} /s"),
            Figure(f"{self.what}: offered", f"{self.load.offered:,.0f} /s"),
            Figure(f"{self.what}: answers", statuses),
            Figure(f"{self.what}: accepted / rated", f"{share:.2f}", f">= {ACCEPTED}", share >= ACCEPTED),
            none_of(f"{self.what}: other answers, or none", self.load.others + self.load.broken),
            at_most(f"{self.what}: a refusal came within, max", self.load.slowest["refused"], REFUSED_WITHIN),
            Figure(f"{self.what}: a record was accepted within, max", f"{self.load.slowest['accepted']:.2f} s"),
            at_most(f"{self.what}: requests that waited for the writer, max", self.waiting, QUEUE_REQUESTS, ""),
            at_most(f"{self.what}: as quick as before after", self.again, WELL_WITHIN),
        ]


def run(folder: Path, seconds: float, *, limits: bool, locked: bool = False) -> Overload:
    """Overload a server on a store in `folder`, with the limits as shipped or without any."""
    program = Program(folder, "app", "run", BOTV2_RATE_LIMITS="on" if limits else "off")
    locker = None
    try:
        program.start()
        token = make_token(program, "ingest")
        rated = LIMIT if limits else loaded(program.port, token, EACH, RATED_SECONDS).accepted
        watch = QueueWatch(program.port)
        watch.start()
        if locked:
            locker = Locker(folder / "botv2.sqlite")
        load = loaded(program.port, token, TIMES * EACH, seconds, TIMES * LIMIT if limits else 0)
        again = recovery(program.port, token)
        watch.done.set()
    finally:
        if locker is not None:
            locker.let_go()
        program.kill()
    return Overload("limits on" if limits else "limits off", rated, load, watch.waiting, again)


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each load; with less than 60 the limits allow more than the rated rate")
    given = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="botv2-overload-") as folder:
        for limits in (True, False):
            figures += run(Path(folder) / str(limits), given.seconds, limits=limits, locked=given.control).figures()
    return report(f"{TIMES} times the rated load for {given.seconds:g} s (R15)", figures, given)


if __name__ == "__main__":
    if sys.argv[1:2] == ["bots"]:
        port, token, count, seconds, rate = sys.argv[2:]
        print(json.dumps(bots(int(port), token, int(count), float(seconds), float(rate))))
    else:
        sys.exit(main())
