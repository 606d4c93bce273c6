"""`python -m bench.calls`: how long a call of the client holds up the bot, with a server, and with one that accepts and never answers."""

import logging
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import Timed
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from client import connect

CALLS = 2_000
PAUSE_SECONDS = 0.0005
BUFFER_RECORDS = 1_000  # fills up while nobody answers, so that dropping is measured too
METADATA = {"symbol": "BTCUSDT", "side": "BUY", "quantity": 0.1, "price": 50000}


@dataclass
class Circumstance:
    """A server of one behaviour, and the calls' durations of each round."""

    name: str
    url: str
    token: str
    rounds: list[Timed] = field(default_factory=list)
    waiting: int = 0
    dropped: int = 0

    def measure(self) -> None:
        """Measure one round with a client of its own."""
        monitor = connect(self.url, self.token, buffer_records=BUFFER_RECORDS)
        taken = []
        for number in range(CALLS):
            began = time.perf_counter()
            monitor.log_event("ORDER", f"Bought 0.1 BTC, order {number}", metadata=METADATA)
            taken.append(time.perf_counter() - began)
            time.sleep(PAUSE_SECONDS)
        self.waiting, self.dropped = monitor.waiting, monitor.dropped
        monitor.close(timeout=2 if self.dropped == 0 else 0)
        self.rounds.append(Timed(taken))

    def microseconds(self, which: int) -> list[float]:
        """Return a percentile of each round."""
        return [timed.percentile(which) * 1000 for timed in self.rounds]

    def figures(self) -> Iterator[Figure]:
        """Yield what was found."""
        longest = [max(timed.seconds) * 1e6 for timed in self.rounds]
        yield Figure(f"{self.name}: a call, p50", "the bot's clock", self.microseconds(50), unit=" µs")
        yield Figure(f"{self.name}: a call, p99", "the bot's clock", self.microseconds(99), Goal(5_000, at_least=False), " µs")
        yield Figure(f"{self.name}: the longest of {CALLS:,} calls", "the bot's clock", longest, Goal(5_000, at_least=False), " µs")


@contextmanager
def silent_server() -> Iterator[str]:
    """Accept connections and never answer; yields the address. The kernel accepts by itself what fits into the backlog."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def measure() -> Section:
    """Return the figures of the client's calls."""
    logging.getLogger("botv2.client").setLevel(logging.CRITICAL)  # that it drops is what is measured here
    with tempfile.TemporaryDirectory(prefix="botv2-calls-") as folder, silent_server() as silent:
        program = Program(Path(folder), "app", "run")
        try:
            program.start()
            token = make_token(program, "ingest")
            up = Circumstance("server up", f"http://127.0.0.1:{program.port}", token)
            dead = Circumstance("server accepts and never answers", silent, token)
            for number in range(ROUNDS):
                for circumstance in (up, dead):
                    print(f"calls, round {number + 1}, {circumstance.name}", end="\033[K\r", file=sys.stderr, flush=True)
                    circumstance.measure()
        finally:
            program.kill()
    ratio = Figure("p50 ÷ p50", "the same client with the server up", quotients(dead.microseconds(50), up.microseconds(50)))
    note = (
        f"{CALLS:,} calls of log_event a round, one every {PAUSE_SECONDS * 1000:g} ms and more, buffer_records={BUFFER_RECORDS:,}; "
        f"while nobody answered {dead.waiting:,} records waited at the end and {dead.dropped:,} had been dropped."
    )
    return Section("Client calls", note, [*up.figures(), *dead.figures(), ratio])


if __name__ == "__main__":
    sys.exit(main(measure))
