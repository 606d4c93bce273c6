"""R18: SIGTERM in the middle of load: no new connections, what was begun is finished, exit status 0, nothing acknowledged is lost.

`python -m bench.faults.stopped --stops 20`; about a minute. With `--control` the server acknowledges before the commit and is killed
instead, so that records must be lost.
"""

import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.faults.evidence import Verdict, judge
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import Team, working
from bench.program import Program, make_token

WRITERS = 8
GRACE = 30.0
STORE = "botv2.sqlite"


@dataclass
class Found:
    """What came of the stops."""

    team: Team
    verdict: Verdict
    seconds: list[float]
    statuses: list[int | None]
    traces: int

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        return [
            Figure("stops", str(len(self.seconds))),
            at_most("from SIGTERM to the end of the process, max", max(self.seconds), GRACE),
            none_of("ends with another status than 0", sum(status != 0 for status in self.statuses)),
            Figure("records acknowledged", f"{self.verdict.acknowledged:,}"),
            none_of("acknowledged records lost, half or doubled", self.verdict.lost + self.verdict.half + self.verdict.doubled),
            none_of("faults of the file (integrity, order, counters)", len(self.verdict.other)),
            none_of("answers other than success, 429, 503 and 507", len(self.team.surprises)),
            none_of("traces in the server's log", self.traces),
        ]


def run(folder: Path, stops: int, *, control: bool = False) -> Found:
    """Stop and start a server on a store in `folder` under load."""
    program = Program(folder, "bench.faults.ack_first" if control else "app", "run")
    seconds: list[float] = []
    statuses: list[int | None] = []
    try:
        program.start()
        with working(WRITERS, program.port, make_token(program, "ingest")) as team:
            for _ in range(stops):
                time.sleep(random.uniform(0.2, 1.0))
                began = time.monotonic()
                if control:
                    program.kill()
                else:
                    program.stop()
                seconds.append(time.monotonic() - began)
                statuses.append(program.status)
                program.start()
        program.stop()
    finally:
        program.kill()
    return Found(team, judge(folder / STORE, team.sent, team.acknowledged.keys()), seconds, statuses, program.log.read_text().count("Traceback"))


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--stops", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-stopped-") as folder:
        found = run(Path(folder), given.stops, control=given.control)
    status = report(f"Told to stop {given.stops} times under {WRITERS} writers (R18)", found.figures(), given)
    print(*found.team.surprises[:5], *found.verdict.other[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
