"""R4: another process holds SQLite's lock while 20 bots report and a watchdog asks `/health`; then it lets go.

`python -m bench.faults.locked --seconds 30`; three quarters of a minute. With `--control` it lets go only after the harness has looked.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.faults.evidence import Verdict, judge
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import Team, working
from bench.program import Program, health, make_token
from data.store import BUSY_SECONDS
from tests.support.processes import bound_to_the_tests

WRITERS = 20
HEALTH_WITHIN = 0.25
AGAIN_WITHIN = 1.0
RETRY_AFTER = {"1", "2", "3"}
STORE = "botv2.sqlite"
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


class Locker:
    """A process that holds the lock until it is told to let go."""

    def __init__(self, database: Path) -> None:
        """Take the lock of `database`."""
        command = [*bound_to_the_tests("KILL"), sys.executable, "-c", LOCK, str(database)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None  # a pipe
        if self._process.stdout.readline() != "locked\n":
            raise RuntimeError("the lock was not to be had")

    def let_go(self) -> None:
        """End the process, once its transaction is over."""
        self._process.communicate(timeout=10)


class Watchdog(threading.Thread):
    """Asks for `/health` again and again."""

    def __init__(self, port: int) -> None:
        """Prepare to ask the server on `port`."""
        super().__init__(name="watchdog", daemon=True)
        self.port = port
        self.seconds: list[float] = []
        self.faults: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        """Ask until it is done."""
        while not self.done.wait(0.05):
            began = time.monotonic()
            if (status := health(self.port)) != 200:
                self.faults.append(f"/health answered {status}")
            self.seconds.append(time.monotonic() - began)


@contextmanager
def watched(port: int) -> Iterator[Watchdog]:
    """Have a watchdog ask while the block runs."""
    watchdog = Watchdog(port)
    watchdog.start()
    try:
        yield watchdog
    finally:
        watchdog.done.set()
        watchdog.join(10)


@dataclass
class Found:
    """What was answered while the store was locked, and afterwards."""

    team: Team
    watchdog: Watchdog
    again: float
    verdict: Verdict

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        refusals = self.team.refusals
        return [
            Figure("refusals", self.team.statuses()),
            none_of("refusals other than 503", sum(refusal.status != 503 for refusal in refusals) + len(self.team.surprises)),
            none_of("refusals without a Retry-After of 1 to 3 s", sum(refusal.retry_after not in RETRY_AFTER for refusal in refusals)),
            none_of("requests without an answer", len(self.team.unanswered)),
            at_most("a refusal came within, max", max((refusal.seconds for refusal in refusals), default=0.0), BUSY_SECONDS + 1),
            at_most("/health, max", max(self.watchdog.seconds), HEALTH_WITHIN),
            none_of("/health other than 200", len(self.watchdog.faults)),
            at_most("stored again after the lock was gone", self.again, AGAIN_WITHIN),
            Figure("records acknowledged", f"{self.verdict.acknowledged:,}"),
            none_of("acknowledged records lost, half or doubled", self.verdict.lost + self.verdict.half + self.verdict.doubled),
            none_of("faults of the file (integrity, order, counters)", len(self.verdict.other)),
        ]


def run(folder: Path, seconds: float, *, let_go: bool = True, writers: int = WRITERS) -> Found:
    """Lock the store of a server with its data in `folder` for `seconds` under load."""
    program = Program(folder, "app", "run")
    locker = None
    try:
        program.start()
        with working(writers, program.port, make_token(program, "ingest")) as team, watched(program.port) as watchdog:
            time.sleep(1)
            locker = Locker(folder / STORE)
            time.sleep(seconds)
            if let_go:
                locker.let_go()
            again = team.first_after(time.monotonic(), 3 * AGAIN_WITHIN)
            locker.let_go()
        program.stop()
    finally:
        if locker is not None:
            locker.let_go()
        program.kill()
    return Found(team, watchdog, again, judge(folder / STORE, team.sent, team.acknowledged.keys()))


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the store is locked")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-locked-") as folder:
        found = run(Path(folder), given.seconds, let_go=not given.control)
    status = report(f"SQLite locked by another process for {given.seconds:g} s, {WRITERS} writers (R4)", found.figures(), given)
    print(*found.team.surprises[:5], *found.team.unanswered[:5], *found.watchdog.faults[:5], *found.verdict.other[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
