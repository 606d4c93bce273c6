"""`python -m bench.freqtrade`: our list of trades beside that of freqtrade's API server, both of the same trades of a real freqtrade database.

freqtrade runs in an environment of its own; our server has imported the trades with `python -m app import freqtrade`. Neither compresses.
"""

import base64
import http.client
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.environments import python_with
from bench.peer.freqtrade_server import PASSWORD, USER
from bench.peer_pages import PEER, serving
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, NotRun, Section, main, quotients
from tests.support.paths import SHARED_DATA
from tests.support.processes import free_port

FREQTRADE = ("freqtrade==2026.9",)
DATABASE = SHARED_DATA / "freqtrade" / "tradesv3.sqlite"
LIMIT = 500  # more than there are
CLIENTS = (1, 8)
BURST_SECONDS = 2.0


@dataclass
class Api:
    """A server's list of trades; answers and bytes a second by number of clients, a value per round."""

    port: int
    path: str
    authorization: str
    answers: dict[int, list[float]] = field(default_factory=lambda: {clients: [] for clients in CLIENTS})
    received: dict[int, list[float]] = field(default_factory=lambda: {clients: [] for clients in CLIENTS})
    size: int = 0

    def measure(self) -> None:
        """Measure one round."""
        for clients in CLIENTS:
            count, seconds = self._ask(clients)
            self.answers[clients].append(count / seconds)
            self.received[clients].append(count * self.size / seconds)

    def _ask(self, clients: int) -> tuple[int, float]:
        """Have some clients ask again and again; return how many answers came in how many seconds."""
        counts, began = [0] * clients, time.perf_counter()
        threads = [threading.Thread(target=self._ask_until, args=(began + BURST_SECONDS, counts, number)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts), time.perf_counter() - began

    def _ask_until(self, until: float, counts: list[int], number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while counts[number] == 0 or time.perf_counter() < until:
            self.size = len(self._body(connection))
            counts[number] += 1
        connection.close()

    def body(self) -> bytes:
        """Return one answer. Raises RuntimeError when it is refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return self._body(connection)
        finally:
            connection.close()

    def _body(self, connection: http.client.HTTPConnection) -> bytes:
        connection.request("GET", self.path, headers={"Authorization": self.authorization, "Accept-Encoding": "identity"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{self.path} answers {response.status}: {body[:200]!r}")
        return body


@contextmanager
def _ours(folder: Path) -> Iterator[Api]:
    program = Program(folder, "app", "run")
    try:
        program.start()
        token = make_token(program, "read")
        command = [sys.executable, "-m", "app", "import", "freqtrade", str(DATABASE)]
        subprocess.run(command, cwd=folder, env=program.environment, check=True, capture_output=True, timeout=60)
        yield Api(program.port, f"/api/trades?limit={LIMIT}", f"Bearer {token}")
    finally:
        program.kill()


@contextmanager
def _theirs(folder: Path) -> Iterator[Api]:
    python, database, port = python_with("freqtrade", *FREQTRADE), folder / "trades.sqlite", free_port()
    shutil.copyfile(DATABASE, database)
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    command = [str(python), str(PEER / "freqtrade_server.py"), str(database), str(port)]
    with serving(command, port, folder / "freqtrade.log", path="/api/v1/ping"):
        yield Api(port, f"/api/v1/trades?limit={LIMIT}", f"Basic {credentials}")


def measure() -> Section:
    """Return the rates of both."""
    if not DATABASE.exists():
        raise NotRun(f"{DATABASE} is missing")
    with tempfile.TemporaryDirectory(prefix="botv2-freqtrade-") as name, _theirs(Path(name)) as theirs, _ours(Path(name) / "ours") as ours:
        rows = ours.body().count(b'"trade_id"'), theirs.body().count(b'"trade_id"')
        if rows[0] != rows[1]:
            raise RuntimeError(f"the lists differ: {rows[0]} and {rows[1]} trades")
        for number in range(ROUNDS):
            print(f"freqtrade, round {number + 1}", end="\033[K\r", file=sys.stderr, flush=True)
            for api in (ours, theirs):
                api.measure()
    note = f"{rows[0]} trades in one answer: ours has {ours.size:,} bytes, freqtrade's {theirs.size:,}; {FREQTRADE[0]} on SQLite."
    return Section("List of trades", note, list(_figures(ours, theirs)))


def _figures(ours: Api, theirs: Api) -> Iterator[Figure]:
    for clients in CLIENTS:
        who = f"{clients} client{'s' if clients > 1 else ''}"
        against = "freqtrade's /api/v1/trades"
        yield Figure(f"{who}: bytes a second ÷ bytes a second", against, quotients(ours.received[clients], theirs.received[clients]), Goal(5))
        yield Figure(f"{who}: answers ÷ answers", against, quotients(ours.answers[clients], theirs.answers[clients]))
        yield Figure(f"{who}: ours", "answers a second", ours.answers[clients], unit=" /s")
        yield Figure(f"{who}: freqtrade", "answers a second", theirs.answers[clients], unit=" /s")


if __name__ == "__main__":
    sys.exit(main(measure))
