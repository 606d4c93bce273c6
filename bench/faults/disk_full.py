"""R3: the disk under the store fills up while bots report, and is enlarged after a while; nothing is restarted.

`python -m bench.faults.disk_full --seconds 10`; half a minute. A tmpfs of 3 MB is filled where mounting is allowed; else `faulty_io` refuses
every write for lack of room. With `--control` the disk is not enlarged, so that nothing can be stored again.
"""

import http.client
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.api import Api
from bench.faults.evidence import Verdict, judge
from bench.faults.faulty_io import FaultyIo
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import Team, working
from bench.program import PASSWORD, Program, health, make_token

WRITERS = 4
REFUSED_WITHIN = 0.1
FULL_WITHIN = 60.0
AGAIN_WITHIN = 3.0
READS = ("/activity", "/stats", "/positions", "/signals", "/alerts?clear=false", "/alerts")
STORE = "botv2.sqlite"


class Disk(Protocol):
    """Where a store is, which can be full."""

    environment: dict[str, str]

    def fill(self) -> None:
        """Leave little room or none."""

    def heal(self) -> None:
        """Give it room again."""


class SmallDisk:
    """A tmpfs of 3 MB, which those who write to it fill."""

    environment: dict[str, str] = {}  # noqa: RUF012  # never changed

    def __init__(self, folder: Path) -> None:
        """Mount it on `folder`; raises OSError where that is not allowed."""
        self._folder = folder
        if shutil.which("mount") is None or self._mount("size=3m"):
            raise OSError("mounting is not allowed")

    def fill(self) -> None:
        """Nothing is to be done: 3 MB are soon full."""

    def heal(self) -> None:
        """Enlarge it."""
        self._mount("remount,size=64m")

    def remove(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", self._folder], check=False, timeout=20)

    def _mount(self, options: str) -> int:
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self._folder], check=False, timeout=20, stderr=subprocess.DEVNULL
        ).returncode


@contextmanager
def full_disk(folder: Path, *, simulated: bool = False) -> Iterator[Disk]:
    """Have a disk at `folder`, a small one where mounting is allowed and `simulated` does not say otherwise."""
    folder.mkdir()
    try:
        if simulated:
            raise OSError("not wanted")
        small = SmallDisk(folder)
    except OSError:
        with FaultyIo(folder, STORE) as faulty:
            yield faulty
        return
    try:
        yield small
    finally:
        small.remove()


@dataclass
class Found:
    """What was answered while the disk was full, and afterwards."""

    disk: str
    seconds: float = 0.0
    team: Team = field(default_factory=lambda: Team([]))
    verdict: Verdict = field(default_factory=Verdict)
    faulty_reads: list[str] = field(default_factory=list)
    logins: list[float] = field(default_factory=list)
    again: float = float("inf")

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        refusals = self.team.refusals
        slow = sorted(refusal.seconds for refusal in refusals) or [0.0]
        return [
            Figure("the disk", self.disk),
            Figure("seconds full", f"{self.seconds:.1f}"),
            Figure("refusals", self.team.statuses()),
            none_of("refusals other than 507", sum(refusal.status != 507 for refusal in refusals) + len(self.team.surprises)),
            none_of("refusals without Retry-After", sum(refusal.retry_after is None for refusal in refusals)),
            none_of("requests without an answer", len(self.team.unanswered)),
            at_most("a refusal came within, p99", slow[int(0.99 * (len(slow) - 1))], REFUSED_WITHIN),
            Figure("a refusal came within, max", f"{slow[-1]:.3f} s"),
            none_of("reads and sign-ins that failed while full", len(self.faulty_reads)),
            Figure("sign-ins while full", f"{len(self.logins)}"),
            at_most("stored again after the disk was enlarged", self.again, AGAIN_WITHIN),
            Figure("records acknowledged", f"{self.verdict.acknowledged:,}"),
            none_of("acknowledged records lost, half or doubled", self.verdict.lost + self.verdict.half + self.verdict.doubled),
            none_of("faults of the file (integrity, order, counters)", len(self.verdict.other)),
        ]


def run(folder: Path, seconds: float, *, simulated: bool = False, enlarge: bool = True) -> Found:
    """Fill the disk under a server with its data in `folder`, look at it for `seconds`, make room again, and judge."""
    with full_disk(folder / "disk", simulated=simulated) as disk:
        found = Found("tmpfs of 3 MB" if isinstance(disk, SmallDisk) else "simulated")
        program = Program(folder / "disk", "app", "run", **disk.environment)
        program.log = folder / "output.log"  # on another disk
        try:
            program.start()
            token = make_token(program, "read", "ingest")
            with working(WRITERS, program.port, token) as team:
                found.team = team
                disk.fill()
                full = _wait_until_full(team)
                while time.monotonic() - full < seconds:
                    _read(program.port, token, found)
                    _sign_in(program.port, found)
                    time.sleep(0.1)  # a person does no more
                found.seconds = time.monotonic() - full
                if enlarge:
                    disk.heal()
                found.again = team.first_after(time.monotonic(), 2 * AGAIN_WITHIN)
                for writer in team.writers:
                    writer.abandon.set()
            program.stop()
        finally:
            program.kill()
        found.verdict = judge(folder / "disk" / STORE, team.sent, team.acknowledged.keys())
    return found


def _wait_until_full(team: Team) -> float:
    deadline = time.monotonic() + FULL_WITHIN
    while not team.refusals:
        if time.monotonic() > deadline:
            raise RuntimeError("the disk did not fill up")
        time.sleep(0.01)
    return time.monotonic()


def _read(port: int, token: str, found: Found) -> None:
    """Read what the API tells, and ask whether it is well."""
    api = Api(port, token)
    for path in READS:
        if (answer := api.get(path)).status != 200:
            found.faulty_reads.append(f"GET {path} answered {answer.status}: {answer.body}")
    api.close()
    if (status := health(port)) != 200:
        found.faulty_reads.append(f"/health answered {status}")


def _sign_in(port: int, found: Found) -> None:
    """Sign in with the password and look at a page."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    form = urllib.parse.urlencode({"username": "admin", "password": PASSWORD})
    connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    connection.request("GET", "/api/monitoring/stats", headers={"Cookie": cookie})
    status = connection.getresponse().status
    connection.close()
    found.logins.append(time.monotonic() - began)
    if (answer.status, status) != (302, 200):
        found.faulty_reads.append(f"the sign-in answered {answer.status}, and what was then read {status}")


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long the disk stays full")
    parser.add_argument("--simulated", action="store_true", help="by faulty_io, also where mounting is allowed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-full-") as folder:
        found = run(Path(folder), given.seconds, simulated=given.simulated, enlarge=not given.control)
    status = report("The disk is full (R3)", found.figures(), given)
    print(*found.faulty_reads[:5], *found.team.surprises[:5], *found.team.unanswered[:5], *found.verdict.other[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
