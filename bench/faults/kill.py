"""R1 and R1n: `kill -9` of a working server again and again; every record that was acknowledged must be there, whole and once.

`python -m bench.faults.kill --kills 50 --durability full`; with `--ack-first` it is the negative control, which must lose some.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.api import Answer, Api
from bench.faults.evidence import Sent, Verdict, compare, judge
from bench.faults.writers import Team, Writer
from bench.program import Program, make_token

READY_WITHIN = 2.0


@dataclass
class Report:
    """The figures of one run."""

    verdict: Verdict
    kills: int
    requests: int
    refused: int
    ready: list[float]

    def lines(self) -> list[str]:
        """Return the run's table."""
        verdict = self.verdict
        figures = {
            "kills": self.kills,
            "requests tried": self.requests,
            "records acknowledged": verdict.acknowledged,
            "records stored": verdict.stored,
            "lost": verdict.lost,
            "half": verdict.half,
            "doubled": verdict.doubled,
            "refused (429, 503, 507)": self.refused,
            "ready again, median": f"{statistics.median(self.ready):.2f} s",
            "ready again, max": f"{max(self.ready):.2f} s",
        }
        return [f"{name:<26}{value:>10}" for name, value in figures.items()] + [f"WRONG: {fault}" for fault in verdict.other]


def run(folder: Path, *, kills: int, writers: int = 8, durability: str = "full", ack_first: bool = False, seed: int | None = None) -> Report:
    """Kill a server on a store in `folder` `kills` times under load, and judge what is left."""
    chance = random.Random(seed)
    module = "bench.faults.ack_first" if ack_first else "app"
    program = Program(folder, module, "run", BOTV2_DURABILITY=durability)
    team = Team([])
    try:
        program.start()
        token = make_token(program, "read", "ingest")
        team = Team([Writer(number, program.port, token, stubborn=number % 2 == 0) for number in range(writers)])
        for thread in team.writers:
            thread.start()
        ready = []
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.9))
            program.kill()
            ready.append(program.start())
        team.finish()
        told = _told(Api(program.port, token))
        program.stop()
    finally:
        program.kill()
        for thread in team.writers:
            thread.finish.set()
            thread.abandon.set()
    answers = team.acknowledged
    verdict = judge(folder / "botv2.sqlite", team.sent, answers.keys())
    verdict.other += team.surprises
    verdict.other += compare(folder / "botv2.sqlite", told, {} if ack_first else {_name(request): _id(answer) for request, answer in answers.items()})
    return Report(verdict, kills, len(team.sent), len(team.refusals), ready)


def _told(api: Api) -> dict[int, str]:
    """Return every event that the API tells of, by paging through it: id and message."""
    told: dict[int, str] = {}
    while events := api.get(f"/activity?limit=1000&after_id={max(told, default=0)}").body["events"]:
        told |= {event["id"]: event["message"] for event in events}
    api.close()
    return told


def _name(request: Sent) -> str:
    """Return the name of the request's last record."""
    return list(request.records())[-1]


def _id(answer: Answer) -> int:
    """Return the id under which an answer says that the request's last record was stored."""
    record = answer.body.get("event") or answer.body.get("position")
    number: int = record["id"] if record else answer.body["last_id"]
    return number


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the promise (or the control) is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--durability", choices=("full", "normal"), default="full")
    parser.add_argument("--ack-first", action="store_true", help="the negative control: acknowledge before the commit")
    parser.add_argument("--seed", type=int, help="repeats the moments of an earlier run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-kill-") as folder:
        report = run(Path(folder), kills=given.kills, writers=given.writers, durability=given.durability, ack_first=given.ack_first, seed=given.seed)
    print(f"kill -9, {given.writers} writers, SQLite, durability={given.durability}{', acknowledging FIRST' if given.ack_first else ''}")
    print(*report.lines(), sep="\n")
    if given.ack_first:
        return 0 if report.verdict.lost else 1
    return 0 if report.verdict.kept and max(report.ready) <= READY_WITHIN else 1


if __name__ == "__main__":
    sys.exit(main())
