"""R2: PostgreSQL is stopped at random moments, `-m immediate` and `-m fast`, while bots report with retry.

`python -m bench.faults.postgres_restarts --immediate 10 --fast 5`; about a minute. With `--control` the server acknowledges before the
commit, so that records must be lost.
"""

import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.faults.evidence import Verdict, judge
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import Team, working
from bench.program import Program, make_token
from tests.support.postgres import PostgresServer, find_programs, running_postgres

WRITERS = 4
FIRST_ACK_WITHIN = 1.0
PATIENCE = 30.0
DATABASE = "restarted"


@dataclass
class Found:
    """What came of the stops."""

    team: Team
    verdict: Verdict
    first: list[float]
    traces: int

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        others = sum(refusal.status != 503 for refusal in self.team.refusals)
        return [
            Figure("stops", str(len(self.first))),
            Figure("records acknowledged", f"{self.verdict.acknowledged:,}"),
            none_of("acknowledged records lost, half or doubled", self.verdict.lost + self.verdict.half + self.verdict.doubled),
            none_of("faults of order and counters", len(self.verdict.other)),
            Figure("answered 503 meanwhile", f"{len(self.team.refusals) - others:,}"),
            none_of("answers other than success and 503", others + len(self.team.surprises)),
            none_of("requests without an answer", len(self.team.unanswered)),
            at_most("a refusal came within", max((refusal.seconds for refusal in self.team.refusals), default=0.0), 3.0),
            at_most("first acknowledgement after PostgreSQL was up, max", max(self.first), FIRST_ACK_WITHIN),
            none_of("traces in the server's log", self.traces),
        ]


def run(folder: Path, server: PostgresServer, stops: list[signal.Signals], *, ack_first: bool = False, seed: int | None = None) -> Found:
    """Stop and start PostgreSQL with each of `stops` under a dashboard whose data is in `folder`."""
    chance = random.Random(seed)
    server.create(DATABASE)
    program = Program(folder, "bench.faults.ack_first" if ack_first else "app", "run", DATABASE_URL=server.url(DATABASE))
    first = []
    try:
        program.start()
        with working(WRITERS, program.port, make_token(program, "ingest")) as team:
            for stop in stops:
                time.sleep(chance.uniform(0.3, 1.2))
                server.stop(stop)
                time.sleep(chance.uniform(0.1, 0.6))
                server.start()
                first.append(team.first_after(time.monotonic(), PATIENCE))
        program.stop()
    finally:
        program.kill()
    verdict = judge(server.conninfo(DATABASE), team.sent, team.acknowledged.keys())
    return Found(team, verdict, first, program.log.read_text().count("Traceback"))


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--immediate", type=int, default=10)
    parser.add_argument("--fast", type=int, default=5)
    parser.add_argument("--seed", type=int, help="repeats the moments of an earlier run")
    given = parser.parse_args()
    if (programs := find_programs()) is None:
        print("not run: PostgreSQL's programs are not installed")
        return 0
    stops = [signal.SIGQUIT] * given.immediate + [signal.SIGINT] * given.fast
    with running_postgres(programs) as server, tempfile.TemporaryDirectory(prefix="botv2-pg-stops-") as folder:
        found = run(Path(folder), server, stops, ack_first=given.control, seed=given.seed)
    status = report(f"PostgreSQL stopped {given.immediate} times -m immediate, {given.fast} times -m fast (R2)", found.figures(), given)
    print(*found.team.surprises[:5], *found.team.unanswered[:5], *found.verdict.other[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
