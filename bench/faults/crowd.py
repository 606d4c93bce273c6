"""Viewers by the hundred that check what they are told, come back when they are cut off, and fetch what they missed meanwhile.

So a viewer resumes: it subscribes, is answered the id N from which on it is pushed everything, and asks REST for what comes after the last
record that it has, up to N. Pushes that it has already are dropped by their id.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.faults.asking import LOST, PATIENCE, Lags, ask
from bench.load import frame, join, text_frame

IDS = re.compile(rb'"id":(\d+)')
SENT = re.compile(rb'"message":"sent (\d+\.\d+)')
PAGE = 1000
AGAIN_SECONDS = (0.5, 5.0)  # as the official client: twice as long after each failure, from the first to the second, more or less


@dataclass
class Watcher:
    """One viewer; `last` is the id up to which it has everything, None before it was connected."""

    port: int
    token: str
    lags: Lags
    fetches: bool = True
    last: int | None = None
    got: int = 0
    missing: int = 0
    doubled: int = 0
    fetched: int = 0
    ends: int = 0
    connected: bool = False
    joined_at: float = 0.0
    _overlap: int = 0  # what was fetched up to here may be pushed again

    async def watch(self) -> None:
        """Be connected, again and again."""
        pause, longest = AGAIN_SECONDS
        while True:
            writer = None
            try:
                async with asyncio.timeout(PATIENCE):
                    reader, writer = await join(self.port, self.token)
                    await self._subscribe(reader, writer)
                self.connected, self.joined_at, pause = True, time.perf_counter(), AGAIN_SECONDS[0]
                await self._listen(reader, writer)
            except LOST:
                self.ends += self.connected
            finally:
                self.connected = False
                if writer is not None:
                    writer.close()
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(longest, pause * 2)

    async def _subscribe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Subscribe and catch up; what is pushed before the answer is fetched, too."""
        writer.write(text_frame(b'420["subscribe",{}]'))
        while not (packet := await frame(reader)).startswith(b"430"):
            pass
        now = int(IDS.findall(packet)[0])
        if self.last is None:
            self.last = self._overlap = now
        elif self.fetches:
            await self._fetch(now)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            packet = await frame(reader)
            if packet == b"2":
                writer.write(text_frame(b"3"))
            elif packet.startswith(b'42["activity"'):
                now = time.perf_counter()
                for number in IDS.findall(packet):
                    self._take(int(number))
                for sent in SENT.findall(packet):
                    self.lags.add(now - float(sent))
            elif packet.startswith(b'42["resync"') and self.fetches:
                await self._fetch(int(IDS.findall(packet)[0]))

    def _take(self, number: int) -> None:
        assert self.last is not None, "what is pushed comes after the subscription"
        if number <= self.last:
            self.doubled += number > self._overlap
            return
        self.missing += number - self.last - 1
        self.got += 1
        self.last = number

    async def _fetch(self, until: int) -> None:
        """Ask for what is missing up to an id."""
        assert self.last is not None, "who is here for the first time misses nothing"
        while self.last < until:
            reply = await ask(self.port, self.token, "GET", f"/api/monitoring/activity?after_id={self.last}&limit={PAGE}")
            if reply.status != 200:
                raise ConnectionError(f"answered {reply.status}")
            found = sorted(event["id"] for event in reply.body["events"])
            for number in found:
                self._take(number)
            self.fetched += len(found)
            self._overlap = self.last
            if not found:
                break


@dataclass
class Crowd:
    """Some watchers at work."""

    watchers: list[Watcher]
    lags: Lags
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @classmethod
    def of(cls, count: int, port: int, token: str, *, fetches: bool = True) -> "Crowd":
        """Return as many watchers as `count`; those without `fetches` do not ask for what they missed."""
        lags = Lags()
        return cls([Watcher(port, token, lags, fetches) for _ in range(count)], lags)

    async def gather(self, seconds: float = 60.0) -> int:
        """Start them, evenly over a few seconds, and return how many have connected when all have, or when the time is over."""
        for watcher in self.watchers:
            self._tasks.append(asyncio.create_task(watcher.watch()))
            await asyncio.sleep(0.005)
        await settled(lambda: self.connected == len(self.watchers), seconds)
        return self.connected

    @property
    def connected(self) -> int:
        """Return how many are connected now."""
        return sum(watcher.connected for watcher in self.watchers)

    def total(self, what: str) -> int:
        """Return the sum of a count over all watchers."""
        return sum(getattr(watcher, what) for watcher in self.watchers)

    def behind(self, last: int) -> int:
        """Return how many records are still missing to the one with this id, over all watchers."""
        return sum(last - (watcher.last or 0) for watcher in self.watchers)

    async def leave(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def settled(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition()` holds, no longer than some seconds; returns whether it does."""
    deadline = time.perf_counter() + seconds
    while not condition() and time.perf_counter() < deadline:
        await asyncio.sleep(0.05)
    return condition()
