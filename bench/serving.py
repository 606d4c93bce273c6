"""How the app is served, by measurement: the same app behind each server, side by side in one run, in turn, five rounds and more.

`python -m bench.serving [--bridge PYTHON] [--write]`; PYTHON is an interpreter that has uvicorn and a2wsgi beside the requirements.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.ingest import EVENT
from bench.load import Timed, Viewers, hammer, health_beside_stalled_clients, post_request
from bench.program import Program, make_token
from bench.report import MACHINE, replace_section

KINDS = ("gthread-16", "gthread-64", "gthread-600", "werkzeug", "waitress")
WITHOUT_SOCKETS = {"waitress", "bridge"}  # a WebSocket needs the connection itself, which neither hands to WSGI
CLIENTS = (8, 32)
VIEWERS = (50, 200)
STALLED = 100
BURST_SECONDS = 0.6
PUSH_SECONDS = 1.5
PUSHES = 15
TARGETS = {"stored": "/api/monitoring/activity", "checked": "/bench/checked", "bare": "/bench/bare"}


@dataclass
class Contestant:
    """One server and what was measured of it, a value per round."""

    kind: str
    program: Program
    token: str = ""
    rates: dict[tuple[int, str], list[Timed]] = field(default_factory=dict)
    pushes: dict[int, list[Timed]] = field(default_factory=dict)
    stalled: list[Timed] = field(default_factory=list)
    stop_seconds: float = 0.0

    def ratio(self, clients: int, of: str, to: str, what: Callable[[Timed], float]) -> float:
        """Return the median over the rounds of a figure of one route ÷ the same of another."""
        pairs = zip(self.rates[clients, of], self.rates[clients, to], strict=True)
        return statistics.median(what(one) / what(other) for one, other in pairs)

    def median(self, rounds: list[Timed], what: Callable[[Timed], float]) -> float:
        """Return a figure's median over the rounds."""
        return statistics.median(what(each) for each in rounds)


async def measure_rates(contestant: Contestant) -> None:
    """Measure one round of single POSTs."""
    for clients in CLIENTS:
        for target, path in TARGETS.items():
            timed = await hammer(contestant.program.port, post_request(path, contestant.token, EVENT), clients, BURST_SECONDS)
            contestant.rates.setdefault((clients, target), []).append(timed)


async def measure_pushes(contestant: Contestant) -> None:
    """Measure one round of pushes, unless the server has fallen silent in an earlier one."""
    if contestant.kind in WITHOUT_SOCKETS:
        return
    viewers = Viewers(contestant.program.port, contestant.token)
    try:
        for count in VIEWERS:
            rounds = contestant.pushes.setdefault(count, [])
            if rounds and not rounds[-1].seconds:
                return
            await viewers.connect(count)
            timed = await viewers.watch(PUSHES, PUSH_SECONDS)
            rounds.append(Timed(timed.seconds, expected=PUSHES * count))  # who was not let in got nothing either
    finally:
        await viewers.close()


async def measure_stalled(contestant: Contestant) -> None:
    """Measure one round of `/health` beside slow clients, unless they silenced the server before."""
    if not contestant.stalled or contestant.stalled[-1].seconds:
        contestant.stalled.append(await health_beside_stalled_clients(contestant.program.port, contestant.token, STALLED))


async def stop_with_open_sockets(contestant: Contestant) -> None:
    """Measure how long it takes to stop while the smaller crowd is connected."""
    viewers = Viewers(contestant.program.port, contestant.token)
    if contestant.kind not in WITHOUT_SOCKETS:
        with contextlib.suppress(TimeoutError):
            await viewers.connect(VIEWERS[0])
    contestant.stop_seconds = await asyncio.to_thread(contestant.program.stop)
    await viewers.close()


async def contest(contestants: list[Contestant], rounds: int) -> None:
    """Measure everything, every server in turn in each round."""
    for step in (measure_rates, measure_pushes, measure_stalled):
        for number in range(rounds):
            for contestant in contestants:
                print(f"{step.__name__}, round {number + 1}, {contestant.kind}", end="\033[K\r", file=sys.stderr, flush=True)
                await step(contestant)
    for contestant in contestants:
        await stop_with_open_sockets(contestant)


def table(contestants: list[Contestant]) -> list[str]:
    """Return the figures as lines of Markdown."""
    heads = ["server"]
    for clients in CLIENTS:
        heads += [f"stored ÷ bare, {clients} clients", "÷ checked", "stored/s", "p50 ms", "p99 ms", "p99 ÷ bare's"]
    heads += [f"push to {count}: p50 / p99 ms, came" for count in VIEWERS]
    heads += [f"/health beside {STALLED} slow clients: p50, p99 ms", f"stop with {VIEWERS[0]} sockets, s"]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return lines + ["| " + " | ".join([contestant.kind, *_cells(contestant)]) + " |" for contestant in contestants]


def _cells(contestant: Contestant) -> list[str]:
    cells = []
    for clients in CLIENTS:
        stored = contestant.rates[clients, "stored"]
        cells += [f"{contestant.ratio(clients, 'stored', other, lambda timed: timed.per_second):.2f}" for other in ("bare", "checked")]
        cells.append(f"{contestant.median(stored, lambda timed: timed.per_second):.0f}")
        cells += [f"{contestant.median(stored, lambda timed, which=which: timed.percentile(which)):.1f}" for which in (50, 99)]  # type: ignore[misc]  # a default binds the loop's value
        cells.append(f"{contestant.ratio(clients, 'stored', 'bare', lambda timed: timed.percentile(99)):.1f}")
    for count in VIEWERS:
        cells.append(_push_cell(contestant, contestant.pushes.get(count, [])))
    cells.append(_stalled_cell(contestant))
    return [*cells, "no WebSockets" if contestant.kind in WITHOUT_SOCKETS else f"{contestant.stop_seconds:.1f}"]


def _push_cell(contestant: Contestant, rounds: list[Timed]) -> str:
    if contestant.kind in WITHOUT_SOCKETS:
        return "no WebSockets"
    if not rounds or not rounds[-1].seconds:
        return "silenced"
    p50, p99 = (contestant.median(rounds, lambda timed, which=which: timed.percentile(which)) for which in (50, 99))  # type: ignore[misc]  # as above
    return f"{p50:.0f} / {p99:.0f}, {contestant.median(rounds, lambda timed: timed.share):.0%}"


def _stalled_cell(contestant: Contestant) -> str:
    if not contestant.stalled[-1].seconds:
        return "silenced"
    answered = contestant.median(contestant.stalled, lambda timed: timed.share)
    unanswered = "" if answered == 1 else f", {answered:.0%} answered"
    median, worst = (contestant.median(contestant.stalled, lambda timed, which=which: timed.percentile(which)) for which in (50, 99))  # type: ignore[misc]  # as above
    return f"{median:.0f}, {worst:.0f}{unanswered}"


def main(words: Sequence[str] | None = None) -> int:
    """Run the contest and print (and with `--write` keep) its table; `words` are the command line's, unless given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="KIND", help=f"some of {' '.join(KINDS)} bridge")
    parser.add_argument("--bridge", metavar="PYTHON", help="also uvicorn and a2wsgi, by the interpreter that has them")
    parser.add_argument("--write", action="store_true", help="replace the table in bench/results.md")
    given = parser.parse_args(words)
    pythons = dict.fromkeys(given.only or KINDS, sys.executable) | ({"bridge": given.bridge} if given.bridge else {})
    with tempfile.TemporaryDirectory(prefix="botv2-serving-") as folder:
        contestants = [Contestant(kind, Program(Path(folder) / kind, "bench.served", kind, python=python)) for kind, python in pythons.items()]
        try:
            for contestant in contestants:
                contestant.program.start()
                contestant.token = make_token(contestant.program, "read", "ingest")
            asyncio.run(contest(contestants, given.rounds))
        finally:
            for contestant in contestants:
                contestant.program.kill()
    lines = [
        f"## Serving, {datetime.now(UTC):%Y-%m-%d}",
        "",
        f"{MACHINE}; load average {os.getloadavg()[0]:.1f}; medians of {given.rounds} rounds in turn; SQLite, durability=full.",
        "",
    ]
    lines += table(contestants)
    print(*lines, sep="\n")
    if given.write:
        replace_section(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
