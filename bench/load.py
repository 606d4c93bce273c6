"""Clients by the hundred in one process, as cheap as they can be made, so that the server is what is measured."""

import asyncio
import base64
import contextlib
import json
import os
import re
import statistics
import time
from dataclasses import dataclass, field

HOST = "127.0.0.1"
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 2.0
TRICKLE_SECONDS = 0.5
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
STAMP = re.compile(rb'"message":"push (\d+)"')


@dataclass
class Timed:
    """Seconds that each of some answers (or pushes) took, and how many there should have been."""

    seconds: list[float]
    expected: int = 0
    per_second: float = 0.0

    def percentile(self, which: int) -> float:
        """Return a percentile in milliseconds, infinity without any."""
        if len(self.seconds) < 2:
            return self.seconds[0] * 1000 if self.seconds else float("inf")
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[which - 1] * 1000

    @property
    def share(self) -> float:
        """Return how much of what was expected came."""
        return len(self.seconds) / self.expected


def post_request(path: str, token: str, body: dict[str, object]) -> bytes:
    """Return the bytes of a POST."""
    raw = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


async def hammer(port: int, request: bytes, clients: int, seconds: float) -> Timed:
    """Have kept-alive clients send `request` again and again for some seconds; every answer must be a 201."""
    until = time.perf_counter() + seconds
    taken: list[float] = []
    async with asyncio.timeout(seconds + ANSWER_SECONDS * 5):
        await asyncio.gather(*(_send_until(port, request, until, taken) for _ in range(clients)))
    return Timed(taken, per_second=len(taken) / seconds)


async def _send_until(port: int, request: bytes, until: float, taken: list[float]) -> None:
    while time.perf_counter() < until:
        _, client = await asyncio.get_running_loop().create_connection(lambda: _Client(request, until, taken), HOST, port)
        await client.ended


class _Client(asyncio.Protocol):
    """One connection that repeats its request at each answer, until it is time or the server hangs up after one; streams would cost twice."""

    def __init__(self, request: bytes, until: float, taken: list[float]) -> None:
        self._request, self._until, self._taken = request, until, taken
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # narrows the type
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._received = b""
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, complete, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not complete or (length and len(body) < int(length[1])):
            return
        if head[9:12] != b"201":
            self._end(RuntimeError(f"answered {head[:40]!r}"))
            return
        now = time.perf_counter()
        self._taken.append(now - self._began)
        if now >= self._until or b"connection: close" in head.lower():
            self._end()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or ConnectionError("the server hung up instead of answering"))

    def _end(self, error: Exception | None = None) -> None:
        self._transport.close()
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer; return its status and whether the connection stays open."""
    head = await reader.readuntil(b"\r\n\r\n")
    if length := LENGTH.search(head):
        await reader.readexactly(int(length[1]))
    return int(head.split(b" ", 2)[1]), b"connection: close" not in head.lower()


# --- Socket.IO -------------------------------------------------------------------------------------------------


@dataclass
class Viewers:
    """Socket.IO clients over WebSocket, without a library: they connect, answer pings, and note when a push came."""

    port: int
    token: str
    arrivals: list[tuple[int, float]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _readers: list["asyncio.Task[None]"] = field(default_factory=list)

    async def connect(self, count: int) -> None:
        """Have as many clients as `count` connected, if the server lets them."""
        async with asyncio.timeout(CONNECT_SECONDS * 4):
            await asyncio.gather(*(self._connect_one() for _ in range(count - len(self.writers))))

    async def _connect_one(self) -> None:
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await join(self.port, self.token)
            self.writers.append(writer)
            self._readers.append(asyncio.create_task(self._listen(reader, writer)))

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await frame(reader)
                now = time.perf_counter()
                if packet == b"2":
                    writer.write(text_frame(b"3"))
                elif packet.startswith(b'42["activity"'):
                    self.arrivals += [(int(number), now) for number in STAMP.findall(packet)]

    async def watch(self, events: int, seconds: float) -> Timed:
        """Post events evenly over some seconds; return what each client's push took, from the POST to its arrival."""
        self.arrivals.clear()
        connected, sent = len(self.writers), {}
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(ANSWER_SECONDS + seconds):
                for number in range(events):
                    sent[number] = time.perf_counter()
                    await self._post(f"push {number}")
                    await asyncio.sleep(seconds / events)
        deadline = time.perf_counter() + ANSWER_SECONDS
        while len(self.arrivals) < events * connected and time.perf_counter() < deadline:
            await asyncio.sleep(0.02)
        return Timed([at - sent[number] for number, at in self.arrivals], expected=events * max(1, connected))

    async def _post(self, message: str) -> None:
        """Post an event over a connection of its own."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            writer.write(post_request("/api/monitoring/activity", self.token, {"event_type": "SYSTEM", "message": message}))
            await read_answer(reader)
        finally:
            writer.close()

    async def close(self) -> None:
        """Hang up."""
        for writer in self.writers:
            writer.close()
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self.writers.clear()
        self._readers.clear()


async def join(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a Socket.IO connection over WebSocket and return it, joined. Raises OSError or IncompleteReadError when it is refused."""
    reader, writer = await asyncio.open_connection(HOST, port)
    key = base64.b64encode(os.urandom(16)).decode()
    try:
        writer.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {HOST}:{port}\r\nAuthorization: Bearer {token}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status, _ = await read_answer(reader)
        if status != 101:
            raise OSError(f"answered {status}")
        await frame(reader)  # Engine.IO's open
        writer.write(text_frame(b"40"))
        while not (await frame(reader)).startswith(b"40"):
            pass
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next text frame's payload; a server's frames are not masked."""
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
        payload = await reader.readexactly(size)
        if first & 0x0F == 8:
            raise OSError("the server closed the socket")
        if first & 0x0F == 1:
            return payload


def text_frame(payload: bytes) -> bytes:
    """Return a client's text frame of less than 126 bytes, masked with zeros."""
    return bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload


# --- slow clients ------------------------------------------------------------------------------------------------


async def health_beside_stalled_clients(port: int, token: str, clients: int, questions: int = 20) -> Timed:
    """Let clients trickle requests, half of them in the head, half in the body; return what `/health` took meanwhile."""
    whole = post_request("/api/monitoring/activity", token, {"event_type": "SYSTEM", "message": "x" * 1000})
    in_head, in_body = 20, whole.index(b"\r\n\r\n") + 10
    tasks = [asyncio.create_task(_trickle(port, whole, in_body if number % 2 else in_head)) for number in range(clients)]
    await asyncio.sleep(2 * TRICKLE_SECONDS)
    taken: list[float] = []
    for asked in range(questions):
        began = time.perf_counter()
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(f"GET /health HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                await read_answer(reader)
                writer.close()
                taken.append(time.perf_counter() - began)
        if asked == 2 and not taken:
            break  # silenced
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Timed(taken, expected=questions)


async def _trickle(port: int, request: bytes, at_once: int) -> None:
    _, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request[:at_once])
        for byte in request[at_once:]:
            await asyncio.sleep(TRICKLE_SECONDS)
            writer.write(bytes((byte,)))
    finally:
        writer.close()
