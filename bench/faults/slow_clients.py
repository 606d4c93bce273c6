"""R10: hundreds of clients that trickle a request byte by byte, half of them in its head and half in its body; each comes again when it is cut off.

`python -m bench.faults.slow_clients --clients 200 --seconds 60`: as many of each kind, first at the bare server, then at the shipped nginx in
front of it (where it is installed); with `--control` the server is bare and the one without guards, which lets them trickle for ever.

Bare, the limit is the server's threads: 600, less one for each open socket and each slow client. Behind the proxy slow clients hold none.
"""

import asyncio
import contextlib
import random
import ssl
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.asking import LOST, NAME, Asker
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.use import raise_file_limit
from bench.load import HOST, TRICKLE_SECONDS, post_request
from bench.program import Program, make_token
from tests.support.nginx import Nginx

CUT_SECONDS = 20.0
SPREAD_SECONDS = 5.0  # over which they come: their own handshakes, all at once, would keep this process from asking
QUESTIONS = ("/health", "/api/monitoring/stats")
HEAD, BODY = "head", "body"


@dataclass
class Slow:
    """Clients that trickle to one port, with `tls` when a proxy listens there."""

    port: int
    token: str
    tls: ssl.SSLContext | None
    longest: dict[str, float] = field(default_factory=lambda: {HEAD: 0.0, BODY: 0.0})
    cut: Counter[str] = field(default_factory=Counter)

    async def trickle(self, part: str) -> None:
        """Trickle, again and again, until cancelled; what is under way then has lasted so long at least."""
        whole = post_request("/api/monitoring/activity", self.token, {"event_type": "SYSTEM", "message": "x" * 1000})
        whole = whole.replace(f"Host: {HOST}".encode(), f"Host: {NAME}".encode(), 1)  # under another name the proxy listens to nobody
        at_once = 20 if part == HEAD else whole.index(b"\r\n\r\n") + 10
        while True:
            await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))
            began = time.perf_counter()
            try:
                await self._once(whole, at_once)
                self.cut[part] += 1
            except LOST:
                self.cut[part] += 1
            finally:
                self.longest[part] = max(self.longest[part], time.perf_counter() - began)

    async def _once(self, request: bytes, at_once: int) -> None:
        """Trickle until the server hangs up, or answers, which ends it as well."""
        reader, writer = await asyncio.open_connection(HOST, self.port, ssl=self.tls, server_hostname=NAME if self.tls else None)
        answered = asyncio.create_task(reader.read(1))
        try:
            writer.write(request[:at_once])
            for byte in request[at_once:]:
                await asyncio.wait((answered,), timeout=TRICKLE_SECONDS)
                if answered.done():
                    return
                writer.write(bytes((byte,)))
        finally:
            answered.cancel()
            with contextlib.suppress(*LOST, asyncio.CancelledError):
                await answered
            writer.close()


async def measure(name: str, slow: Slow, clients: int, seconds: float) -> list[Figure]:
    """Let them trickle for some seconds; return what others noticed and when they were cut off."""
    askers = [Asker(slow.port, slow.token, path, tls=slow.tls) for path in QUESTIONS]
    tasks = [asyncio.create_task(slow.trickle(part)) for part in (HEAD, BODY) for _ in range(clients)]
    await asyncio.sleep(SPREAD_SECONDS)
    asking = [asyncio.create_task(asker.ask()) for asker in askers]
    await asyncio.sleep(seconds)
    for task in (*asking, *tasks):
        task.cancel()
    await asyncio.gather(*asking, *tasks, return_exceptions=True)
    found = [at_most(f"{name}: {asker.path} of others, p99", asker.took.percentile(99), 250, "ms") for asker in askers]
    found.append(none_of(f"{name}: questions of others without an answer", sum(asker.unanswered for asker in askers)))
    for part in (HEAD, BODY):
        found.append(at_most(f"{name}: {clients} with a slow {part}, cut {slow.cut[part]:,} times, longest", slow.longest[part], CUT_SECONDS))
    return found


def through_nginx(folder: Path, program: Program, token: str, clients: int, seconds: float) -> list[Figure]:
    """Measure through the shipped proxy. There a body that trickles costs the server nothing, and is cut when it pauses for 5 s."""
    proxy = Nginx(folder, f"127.0.0.1:{program.port}")
    proxy.start()
    try:
        tls = ssl.create_default_context(cafile=str(proxy.certificate))
        *found, body = asyncio.run(measure("nginx", Slow(proxy.port, token, tls), clients, seconds))
    finally:
        proxy.stop()
    return [*found, Figure(f"{body.what} (held by nginx alone)", body.value)]


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--clients", type=int, default=200, help="of each kind")
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="botv2-slow-") as name:
        folder = Path(name)
        program = Program(
            folder, "bench.faults.unguarded" if given.control else "app", "run", BOTV2_TRUSTED_PROXIES="1", BOTV2_TRUSTED_HOSTS="localhost,127.0.0.1"
        )
        try:
            program.start()
            token = make_token(program, "read", "ingest")
            found = asyncio.run(measure("bare", Slow(program.port, token, None), given.clients, given.seconds))
            if not given.control:
                (folder / "nginx").mkdir()
                found += through_nginx(folder / "nginx", program, token, given.clients, given.seconds)
        finally:
            program.kill()
    return report("Slow clients (R10)", found, given)


if __name__ == "__main__":
    sys.exit(main())
