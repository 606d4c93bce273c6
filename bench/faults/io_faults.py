"""R6: the k-th write or sync of the store's files fails, for k = 1 to 200: an error answer or a success, never a corrupt file, never HTTP 500.

`python -m bench.faults.io_faults --faults 200`; about a minute. With `--control` the disk lies instead: it says that it has written,
and has not, so that records must be missing or the file be malformed.
"""

import errno
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.evidence import Sent, Verdict, judge
from bench.faults.faulty_io import FaultyIo
from bench.faults.rows import Figure, by_status, none_of, parser_of, report
from bench.faults.writers import Writer
from bench.program import Program, health, make_token

KINDS = (errno.EIO, errno.ENOSPC)
LOOK_EVERY = 20
MOST_POSTS = 100  # that a fault is waited for
STORE = "botv2.sqlite"


@dataclass
class Found:
    """What came of the faults."""

    faults: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    faulty: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        statuses = by_status(self.answers)
        return [
            Figure("writes and syncs that failed", f"{self.faults}"),
            Figure("answers beside successes", statuses or "none"),
            none_of("answers other than success, 503 and 507", len(self.faulty)),
            none_of("requests without an answer", len(self.unanswered)),
            Figure("records acknowledged", f"{self.verdict.acknowledged:,}"),
            none_of("acknowledged records lost, half or doubled", self.verdict.lost + self.verdict.half + self.verdict.doubled),
            none_of("faults of the file (integrity, order, counters)", len(self.verdict.other)),
        ]


def run(folder: Path, faults: Iterable[int], *, lying: bool = False) -> Found:
    """Have a server's store on `folder` fail at each of `faults`, as the n-th call from a moment at which nothing is on its way."""
    found = Found()
    with FaultyIo(folder, STORE) as disk:
        program = Program(folder, "app", "run", **disk.environment)
        try:
            program.start()
            bot = Writer(0, program.port, make_token(program, "read", "ingest"), stubborn=True)
            with closing(bot):
                for place, nth in enumerate(faults):
                    disk.fail(nth, 0 if lying else KINDS[place % len(KINDS)])
                    _post_until_it_failed(bot, disk, found)
                    if place % LOOK_EVERY == 0 and not lying:
                        found.verdict.other += _integrity(folder / STORE)
            if health(program.port) != 200:
                found.verdict.other.append("/health does not answer 200 any more")
        finally:
            program.kill()  # the hardest end: nothing is put right at the last moment
    found.answers.update(refusal.status for refusal in bot.refusals)
    found.faulty, found.unanswered = bot.surprises, bot.unanswered
    try:
        verdict = judge(folder / STORE, bot.sent, bot.acknowledged.keys())
    except sqlite3.DatabaseError as error:
        verdict = Verdict(other=[str(error)])
    verdict.other += found.verdict.other
    found.verdict = verdict
    return found


def _post_until_it_failed(bot: Writer, disk: FaultyIo, found: Found) -> None:
    """Post until the ordered call has failed, then with a sound disk until the last record is stored."""
    for _ in range(MOST_POSTS):
        request = Sent(bot.number, len(bot.sent))
        bot.sent.append(request)
        if not bot.post(request):
            failed = disk.failed
            disk.heal()
            if not bot.post(request):
                found.verdict.other.append(f"{request} is refused after the fault is over")
            found.faults += failed
            return
        if disk.failed:
            break
    found.faults += disk.failed
    disk.heal()


def _integrity(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return [] if answer == "ok" else [f"integrity_check: {answer}"]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--faults", type=int, default=200, help="the last k")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-io-") as folder:
        found = run(Path(folder), range(1, given.faults + 1), lying=given.control)
    status = report(f"The k-th write or sync fails, k = 1 to {given.faults} (R6)", found.figures(), given)
    print(*found.faulty[:5], *found.unanswered[:5], *found.verdict.other[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
