"""R7: each event is sent three times under its key, some of them at the same moment, some with another payload under the same key.

`python -m bench.faults.idempotency --events 20000`; two minutes. With `--control` no keys are sent, so that rows must be doubled.
"""

import json
import random
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.api import Answer, Api
from bench.faults.rows import Figure, by_status, none_of, parser_of, report
from bench.faults.writers import BUSY, STORED
from bench.program import Program, make_token

PAIRS = 8  # of connections: each bot has a second one, for what it sends at the same moment
AT_ONCE, OTHERS = 0.1, 0.01
STORE = "botv2.sqlite"


@dataclass
class Found:
    """What was answered, and what is stored."""

    events: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unequal: list[str] = field(default_factory=list)
    mismatches: int = 0
    accepted_mismatches: int = 0
    rows: int = 0
    wrong: int = 0

    def figures(self) -> list[Figure]:
        """Return the row's figures."""
        return [
            Figure("events, each sent three times", f"{self.events:,}"),
            Figure("answers by status", by_status(self.statuses)),
            Figure("rows stored", f"{self.rows:,}", f"{self.events:,}", self.rows == self.events),
            none_of("rows that hold another payload than the first", self.wrong),
            none_of("repetitions whose answer is not the first one", len(self.unequal)),
            Figure("another payload under the same key", f"{self.mismatches:,}"),
            none_of("of them not answered 409", self.accepted_mismatches),
        ]


class Bot(threading.Thread):
    """Sends its share of the events over two connections."""

    def __init__(self, number: int, events: Sequence[int], port: int, token: str, found: Found, lock: threading.Lock, *, keys: bool) -> None:
        """Prepare the `number`-th bot."""
        super().__init__(name=f"bot-{number}", daemon=True)
        self._events, self._found, self._lock, self._keys = events, found, lock, keys
        self._chance = random.Random(number)
        self._ways = Api(port, token), Api(port, token)

    def run(self) -> None:
        """Send each event three times."""
        for number in self._events:
            at_once = self._chance.random() < AT_ONCE
            answers = [*(self._both(number) if at_once else [self._send(number)])]
            answers += [self._send(number) for _ in range(3 - len(answers))]
            other = self._send(number, "another") if self._chance.random() < OTHERS else None
            with self._lock:
                self._note(number, answers, other)
        for way in self._ways:
            way.close()

    def _both(self, number: int) -> list[Answer]:
        found: list[Answer] = []
        second = threading.Thread(target=lambda: found.append(self._send(number, way=1)))
        second.start()
        found.append(self._send(number))
        second.join()
        return found

    def _send(self, number: int, message: str = "event", way: int = 0) -> Answer:
        body = {"event_type": "SYSTEM", "message": f"{message} {number}"}
        while True:
            answer = self._ways[way].post("/activity", body, f"event-{number}" if self._keys else None)
            if answer.status not in BUSY:
                return answer

    def _note(self, number: int, answers: list[Answer], other: Answer | None) -> None:
        found = self._found
        found.statuses.update(answer.status for answer in answers)
        first = json.dumps(answers[0].body["event"], sort_keys=True) if answers[0].status in STORED else ""
        for answer in answers[1:]:
            if answer.status != answers[0].status or json.dumps(answer.body.get("event"), sort_keys=True) != first:
                found.unequal.append(f"event {number}: {answers[0]} and then {answer}")
        if other is not None:
            found.statuses[other.status] += 1
            found.mismatches += 1
            found.accepted_mismatches += other.status != 409


def run(folder: Path, events: int, *, keys: bool = True) -> Found:
    """Send `events` to a server on a store in `folder`, each as often as the row says, and count."""
    program = Program(folder, "app", "run")
    found, lock = Found(events), threading.Lock()
    try:
        program.start()
        token = make_token(program, "ingest")
        bots = [Bot(number, range(number, events, PAIRS), program.port, token, found, lock, keys=keys) for number in range(PAIRS)]
        for bot in bots:
            bot.start()
        for bot in bots:
            bot.join()
        program.stop()
    finally:
        program.kill()
    with closing(sqlite3.connect(folder / STORE)) as connection:
        bodies: list[Any] = [json.loads(body) for (body,) in connection.execute("SELECT body FROM journal WHERE kind = 'event'")]
    found.rows = len(bodies)
    found.wrong = sum(not body["message"].startswith("event ") for body in bodies)
    return found


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-keys-") as folder:
        found = run(Path(folder), given.events, keys=not given.control)
    status = report("Each event three times under its key (R7)", found.figures(), given)
    print(*found.unequal[:5], sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
