"""Bots that post and people who ask, in the same process as hundreds of viewers, and how long their answers take."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

from bench.load import HOST

LOST = (OSError, TimeoutError, asyncio.IncompleteReadError)
NAME = "localhost"  # to which the proxy's certificate belongs
PATIENCE = 20.0
LONGEST = 10.0  # seconds


@dataclass(frozen=True)
class Reply:
    """An HTTP answer and the seconds it took."""

    status: int
    body: Any
    seconds: float


async def ask(port: int, token: str, method: str, path: str, record: dict[str, Any] | None = None, *, tls: SSLContext | None = None) -> Reply:
    """Send a request over a connection of its own, with `tls` to a proxy. Raises one of `LOST` when it is not answered."""
    body = b"" if record is None else json.dumps(record).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {NAME}:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(HOST, port, ssl=tls, server_hostname=NAME if tls else None)
        try:
            writer.write(head.encode() + body)
            answer, _, content = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    if not answer:
        raise ConnectionError("no answer")
    return Reply(int(answer.split(b" ", 2)[1]), json.loads(content) if content else None, time.perf_counter() - began)


@dataclass
class Lags:
    """Durations counted by the millisecond, longer ones as the longest, because there are millions of them."""

    counts: list[int] = field(default_factory=lambda: [0] * round(LONGEST * 1000 + 1))

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[round(min(LONGEST, max(0.0, seconds)) * 1000)] += 1

    def percentile(self, which: float) -> float:
        """Return a percentile in milliseconds, infinity without any."""
        wanted, seen = sum(self.counts) * which / 100, 0
        for milliseconds, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return float(milliseconds)
        return float("inf")


@dataclass
class Poster:
    """A bot that posts events at a steady rate, each telling when it was sent."""

    port: int
    token: str
    took: list[float] = field(default_factory=list)
    last: int = 0
    refused: int = 0

    async def post(self, rate: float, seconds: float, size: int = 0) -> None:
        """Post so many events a second for some seconds, with messages of at least `size` characters in their metadata."""
        due, until = time.perf_counter(), time.perf_counter() + seconds
        tasks = set()
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.add(asyncio.create_task(self._post_one(size)))
            due += 1 / rate
        await asyncio.gather(*tasks)

    async def _post_one(self, size: int) -> None:
        record = {"event_type": "SYSTEM", "message": f"sent {time.perf_counter():.6f}", "metadata": {"padding": "x" * size}}
        try:
            reply = await ask(self.port, self.token, "POST", "/api/monitoring/activity", record)
        except LOST:
            self.refused += 1
            return
        if reply.status == 201:
            self.took.append(reply.seconds)
            self.last = max(self.last, reply.body["event"]["id"])
        else:
            self.refused += 1


@dataclass
class Asker:
    """Somebody who asks the server a question again and again, and counts how long its answers take; no answer is infinity."""

    port: int
    token: str
    path: str = "/health"
    every: float = 0.1
    tls: SSLContext | None = None
    took: Lags = field(default_factory=Lags)
    unanswered: int = 0

    async def ask(self) -> None:
        """Ask until cancelled, each question in its time, however late the answers before are."""
        tasks: set[asyncio.Task[None]] = set()
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                tasks.add(asyncio.create_task(self._ask_one()))
                await asyncio.sleep(self.every)
        await asyncio.gather(*tasks)

    async def _ask_one(self) -> None:
        try:
            reply = await ask(self.port, self.token, "GET", self.path, tls=self.tls)
            self.took.add(reply.seconds if reply.status == 200 else float("inf"))
        except LOST:
            self.unanswered += 1
