"""`python -m bench.viewers`: what the server spends on people who look while nothing happens.

Each viewer is a client of the protocol that behaves as the page's live.js does: a socket that answers pings, and a pulse every
15 seconds with the last ETag. The viewers' pulses are and pings are spread evenly, so a few seconds hold the same share of them as an hour.
"""

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import HOST, Viewers
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main

VIEWERS = 200
HEARTBEAT_SECONDS = 15.0
PING_SECONDS = 25.0  # Engine.IO's
WINDOW_SECONDS = 7.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Pulses:
    """The pulses of all viewers: how many were asked, how many were answered 304, and their bytes in both directions."""

    port: int
    token: str
    etag: str = ""
    requests: int = 0
    unchanged: int = 0
    sent: int = 0
    received: int = 0

    async def beat(self, until: float) -> None:
        """Ask for the viewers in turn, evenly, each over a connection of its own: between two heartbeats a kept one runs out."""
        due = time.perf_counter()
        asked = set()
        while due < until:
            await asyncio.sleep(due - time.perf_counter())
            asked.add(asyncio.create_task(self.ask()))
            due += HEARTBEAT_SECONDS / VIEWERS
        await asyncio.gather(*asked)

    async def ask(self) -> None:
        """Ask once, with the ETag of the last answer that had one."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        known = f"If-None-Match: {self.etag}\r\n" if self.etag else ""
        request = f"GET /api/monitoring/pulse HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self.token}\r\n{known}Connection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
        self.requests += 1
        self.sent += len(request)
        self.received += len(answer)
        head = answer.partition(b"\r\n\r\n")[0].decode()
        self.unchanged += head.startswith("HTTP/1.1 304")
        self.etag = next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("etag:"))


@dataclass
class Rounds:
    """A value per round."""

    percent: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)

    async def measure(self, watched: Program, alone: Program, token: str) -> None:
        """Measure all rounds: over the same seconds, one server with viewers and one without."""
        viewers, pulses = Viewers(watched.port, token), Pulses(watched.port, token)
        try:
            for number in range(1, VIEWERS + 1):  # one by one, so that their pings are spread evenly too
                await viewers.connect(number)
                await asyncio.sleep(PING_SECONDS / VIEWERS)
            if len(viewers.writers) < VIEWERS:
                raise RuntimeError(f"only {len(viewers.writers)} of {VIEWERS} viewers were let in")
            await pulses.ask()
            for number in range(ROUNDS):
                print(f"viewers, round {number + 1}", end="\033[K\r", file=sys.stderr, flush=True)
                await self._measure_round(watched, alone, Pulses(watched.port, token, pulses.etag))
        finally:
            await viewers.close()

    async def _measure_round(self, watched: Program, alone: Program, pulses: Pulses) -> None:
        before, before_alone = cpu_seconds(watched.group), cpu_seconds(alone.group)
        await pulses.beat(time.perf_counter() + WINDOW_SECONDS)
        used, used_alone = cpu_seconds(watched.group) - before, cpu_seconds(alone.group) - before_alone
        self.alone.append(used_alone / WINDOW_SECONDS * 100)
        self.percent.append((used - used_alone) / (VIEWERS * WINDOW_SECONDS) * 100)
        self.requests.append(pulses.requests / (VIEWERS * WINDOW_SECONDS) * HEARTBEAT_SECONDS)
        self.received.append(pulses.received / pulses.requests)
        self.unchanged.append(pulses.unchanged / pulses.requests * 100)

    def figures(self) -> list[Figure]:
        """Return what was found."""
        return [
            Figure(
                "an idle viewer's share of a core", "a server without viewers, over the same seconds", self.percent, Goal(0.1, at_least=False), " %"
            ),
            Figure("the server without viewers", "a core", self.alone, unit=" %"),
            Figure(f"requests in a viewer's {HEARTBEAT_SECONDS:g} s", "one heartbeat", self.requests),
            Figure("bytes of the answer to a pulse", "one heartbeat", self.received, unit=" B"),
            Figure("pulses answered 304", "all", self.unchanged, Goal(100), " %"),
        ]


def cpu_seconds(group: int) -> float:
    """Return the CPU time that the processes of a group have used so far (Linux)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def measure() -> Section:
    """Return the figures of idle viewers."""
    rounds = Rounds()
    with tempfile.TemporaryDirectory(prefix="botv2-viewers-") as folder:
        watched, alone = (Program(Path(folder) / name, "app", "run") for name in ("watched", "alone"))
        try:
            watched.start()
            alone.start()
            asyncio.run(rounds.measure(watched, alone, make_token(watched, "read")))
        finally:
            watched.kill()
            alone.kill()
    note = f"{VIEWERS} viewers, each with a socket and a pulse every {HEARTBEAT_SECONDS:g} s; the CPU time of all the server's processes."
    return Section("Idle viewers", note, rounds.figures())


if __name__ == "__main__":
    sys.exit(main(measure))
