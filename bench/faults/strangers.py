"""R14: a thousand strangers who want a socket, over WebSocket and polling, and others who connect and say nothing: 401, and nobody else notices.

`python -m bench.faults.strangers --count 1000 --seconds 20`; with `--control` the server is the one without guards, which those silence
who say nothing.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.asking import LOST, Asker
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import raise_file_limit, use_of
from bench.load import HOST, join
from bench.program import Program, make_token

SILENT = 700  # more than the server has threads
TOGETHER = 50
WANTED = "GET /socket.io/?EIO=4&transport={transport} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"


@dataclass
class Strangers:
    """Connections of people nobody knows, all of them kept open."""

    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    refused: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    async def come(self, count: int) -> None:
        """Ask for as many sockets, half of them WebSockets."""
        for begin in range(0, count, TOGETHER):
            await asyncio.gather(*(self._want(websocket=number % 2 == 0) for number in range(begin, min(count, begin + TOGETHER))))

    async def _want(self, *, websocket: bool) -> None:
        began = time.perf_counter()
        more, transport = (UPGRADE, "websocket") if websocket else ("", "polling")
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                self.writers.append(writer)
                writer.write(WANTED.format(transport=transport, host=HOST, more=more).encode())
                answer = await reader.readuntil(b"\r\n\r\n")
        except LOST as error:
            self.wrong.append(repr(error))
            return
        self.slowest = max(self.slowest, time.perf_counter() - began)
        if answer.startswith(b"HTTP/1.1 401"):
            self.refused += 1
        else:
            self.wrong.append(repr(answer[:40]))

    async def say_nothing(self, count: int) -> None:
        """Connect and say nothing."""
        for _ in range(count):
            self.writers.append((await asyncio.open_connection(HOST, self.port))[1])


async def run(program: Program, token: str, count: int, seconds: float) -> list[Figure]:
    """Let them come and stay for some seconds; return what the others noticed."""
    strangers, health = Strangers(program.port), Asker(program.port, token, every=0.05)
    threads = use_of(program).threads
    asking = asyncio.create_task(health.ask())
    try:
        await strangers.say_nothing(SILENT)
        await strangers.come(count)
        began = time.perf_counter()
        (await join(program.port, token))[1].close()
        joined = time.perf_counter() - began
        await asyncio.sleep(seconds)
    finally:
        asking.cancel()
        await asking
        for writer in strangers.writers:
            writer.close()
    return [
        Figure("strangers who asked for a socket, half of them a WebSocket", f"{count:,}"),
        none_of("of these not refused with 401", count - strangers.refused),
        Figure("slowest refusal", f"{strangers.slowest * 1000:,.0f} ms"),
        Figure("who connected and said nothing", f"{SILENT:,}"),
        at_most("/health meanwhile, p99", health.took.percentile(99), 250, "ms"),
        none_of("/health unanswered", health.unanswered),
        at_most("a signed-in viewer's socket beside them all", joined * 1000, 1000, "ms"),
        Figure("threads of the server, before and with all of them", f"{threads} and {use_of(program).threads}"),
        *(Figure("WRONG", wrong) for wrong in strangers.wrong[:3]),
    ]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20, help="for which they stay")
    given = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="botv2-strangers-") as folder:
        program = Program(Path(folder), "bench.faults.unguarded" if given.control else "app", "run")
        try:
            program.start()
            figures = asyncio.run(run(program, make_token(program, "read"), given.count, given.seconds))
        finally:
            program.kill()
    return report("Strangers (R14)", figures, given)


if __name__ == "__main__":
    sys.exit(main())
