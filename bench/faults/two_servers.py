"""R23 and its like on PostgreSQL: two processes on one store, written alternately and at once, must show the same.

`python -m bench.faults.two_servers` prints how long it takes until the other shows a record.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.api import Api
from bench.program import Program, environment, make_token
from tests.support.postgres import find_programs, running_postgres
from tests.support.processes import bound_to_the_tests

PROMISED_SECONDS = 1.0
PATIENCE = 10.0
RING = 1000


class End(Protocol):
    """One of the two processes: takes a record, and tells what it shows, newest first."""

    def say(self, message: str) -> None:
        """Record an event; returns after its acknowledgement."""

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest events that this process shows, newest first."""


class ServerEnd:
    """A server, spoken to over REST."""

    def __init__(self, port: int, token: str) -> None:
        """Prepare a connection to the server on `port`."""
        self._api = Api(port, token)

    def say(self, message: str) -> None:
        """Post an event."""
        answer = self._api.post("/activity", {"event_type": "SYSTEM", "message": message})
        if answer.status != 201:
            raise RuntimeError(f"the server answered {answer.status}: {answer.body}")

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """Ask for the feed as the page does: it comes from the process's memory."""
        events: list[dict[str, Any]] = self._api.get(f"/activity?limit={limit}").body["events"]
        return events

    def close(self) -> None:
        """Hang up."""
        self._api.close()


class BotEnd:
    """A bot with the Python API in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Speak to `process` through its pipes."""
        self._process = process

    def say(self, message: str) -> None:
        """Have the bot log an event."""
        self._order({"say": message})

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """Ask what the bot's own monitor shows."""
        events: list[dict[str, Any]] = self._order({"latest": limit})
        return events

    def _order(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None  # opened as pipes below
        assert self._process.stdout is not None  # the same
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def two_servers_on_postgresql(folder: Path, url: str) -> Iterator[tuple[End, End]]:
    """Run two servers on the PostgreSQL database at `url`."""
    programs = [Program(folder / name, "app", "run", DATABASE_URL=url) for name in ("one", "two")]
    try:
        for program in programs:
            program.start()
        token = make_token(programs[0], "read", "ingest")
        with closing(ServerEnd(programs[0].port, token)) as one, closing(ServerEnd(programs[1].port, token)) as other:
            yield one, other
    finally:
        for program in programs:
            program.kill()


@contextmanager
def server_and_bot_on_sqlite(folder: Path) -> Iterator[tuple[End, End]]:
    """Run a server and, beside it on the same file, a bot."""
    program = Program(folder, "app", "run")
    bot = None
    try:
        program.start()
        bot = subprocess.Popen(
            [*bound_to_the_tests("KILL"), sys.executable, "-m", "bench.faults.bot"],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert bot.stdout is not None  # a pipe
        if bot.stdout.readline() != "ready\n":
            raise RuntimeError("the bot did not start")
        with closing(ServerEnd(program.port, make_token(program, "read", "ingest"))) as server:
            yield server, BotEnd(bot)
    finally:
        if bot is not None:
            bot.kill()
            bot.communicate()
        program.kill()


@dataclass
class Report:
    """What two processes showed of what they were told."""

    lags: list[float]
    said: list[str]
    shown: tuple[list[dict[str, Any]], list[dict[str, Any]]]

    def faults(self) -> list[str]:
        """Return what breaks the promise of one order for all, however late it was looked at."""
        one, other = self.shown
        found = []
        if one != other:
            found.append("the two processes show different records, or another order")
        ids = [event["id"] for event in one]
        if any(later <= earlier for later, earlier in itertools.pairwise(ids)):
            found.append("the records are not in the order of their ids")
        if sorted(event["message"] for event in one) != sorted(self.said):
            found.append(f"{len(self.said)} records were acknowledged, {len(one)} are shown")
        return found


def watch(ends: tuple[End, End], alternating: int = 100, at_once: int = 100) -> Report:
    """Write alternately through both ends, waiting for the other to show each record; then through both at once."""
    lags, said = [], []
    for number in range(alternating):
        writer, watcher = ends[number % 2], ends[1 - number % 2]
        said.append(f"in turn {number}")
        writer.say(said[-1])
        lags.append(_seconds_until(watcher, said[-1]))
    names = [[f"at once {which} {number}" for number in range(at_once)] for which in range(2)]
    threads = [threading.Thread(target=_say_all, args=(end, messages)) for end, messages in zip(ends, names, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said += names[0] + names[1]
    return Report(lags, said, _settled(ends, len(said)))


def _say_all(end: End, messages: list[str]) -> None:
    for message in messages:
        end.say(message)


def _seconds_until(end: End, message: str) -> float:
    began = time.monotonic()
    while not any(event["message"] == message for event in end.latest(2)):
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"a record was not shown within {PATIENCE} s")
    return time.monotonic() - began


def _settled(ends: tuple[End, End], count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what both show, once both show `count` records or after the patience is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        shown = ends[0].latest(RING), ends[1].latest(RING)
        if all(len(events) >= count for events in shown) or time.monotonic() > deadline:
            return shown
        time.sleep(0.05)


def main() -> int:
    """Run both pairs and print their figures; returns 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100, help="in turn, and as many again through each at once")
    given = parser.parse_args()
    broken = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="botv2-two-")))
        pairs = {"a server and a bot with the Python API, one SQLite file": server_and_bot_on_sqlite(folder / "sqlite")}
        if (programs := find_programs()) is not None:
            server = stack.enter_context(running_postgres(programs))
            server.create("two")
            pairs["two servers, one PostgreSQL"] = two_servers_on_postgresql(folder / "postgresql", server.url("two"))
        else:
            print("not run: PostgreSQL's programs are not installed")
        for title, pair in pairs.items():
            with pair as ends:
                report = watch(ends, given.records, given.records)
            faults = report.faults()
            broken = broken or bool(faults) or max(report.lags) > PROMISED_SECONDS
            print(f"{title}: {len(report.said)} records, shown by the other after {statistics.median(report.lags) * 1000:.0f} ms (p50), "
                  f"{max(report.lags) * 1000:.0f} ms (max); {'; '.join(faults) or 'the same in the same order'}")  # fmt: skip  # one sentence
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
