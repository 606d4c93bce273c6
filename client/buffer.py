"""What waits to be sent: bounded in records and bytes, in the order of the calls, and with a plan for what goes first when full."""

import heapq
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .records import Record

BUFFER_BYTES = 32 * 1024 * 1024
SPARED = frozenset({"close", "trade"})

Letter = tuple[int, Record]  # a record under its number in the order of the calls


@dataclass
class Drops:
    """What had to be dropped since it was last reported; `first` and `latest` are on the monotonic clock."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    by_kind: Counter[str] = field(default_factory=Counter)
    first: float = field(default_factory=time.monotonic)
    latest: float = 0.0

    def add(self, kind: str) -> None:
        """Count one more."""
        self.by_kind[kind] += 1
        self.latest = time.monotonic()


class _Cell:
    """A record and its neighbours: it leaves from the middle at once, and no call ever pays for a table that grows."""

    __slots__ = ("after", "before", "number", "record")

    def __init__(self, number: int = 0, record: Record | None = None) -> None:
        self.number, self.record = number, record
        self.before = self.after = self


class Buffer:
    """A queue of records for one thread at a time; its owner holds the lock.

    When it is full the oldest position update that a later one has replaced goes first, then the oldest record that is not
    spared, then the oldest. Spared are closes and trades, and the last update before a close, without which the server would
    know no position to close. Every step costs at most the logarithm of the length, whatever is dropped.
    """

    def __init__(self, records: int, size: int = BUFFER_BYTES) -> None:
        """Hold at most so many records and bytes."""
        self._records, self._size = records, size
        self._length = self._bytes = 0
        self._ends = _Cell()  # of the ring of those that are not spared: after it comes the oldest
        self._spared: list[Letter] = []  # a heap: an update moves here, with its number, when its close comes
        self._replaced: list[tuple[int, _Cell]] = []  # a heap; the records of some have left by another way
        self._latest: dict[tuple[str, str], _Cell] = {}  # the newest update of each position that waits
        self.last = 0
        self.dropped = 0
        self.drops: Drops | None = None

    def __len__(self) -> int:
        """Return how many records wait."""
        return self._length

    @property
    def oldest(self) -> int | None:
        """Return the number of the record that waits longest, or None."""
        head = self._head()
        return None if head is None else head[0]

    def put(self, record: Record) -> None:
        """Append a record, and drop what there is no room for."""
        self.last += 1
        self._length += 1
        self._bytes += len(record.body)
        if record.kind in SPARED:
            heapq.heappush(self._spared, (self.last, record))
            if record.position is not None and (update := self._latest.get(record.position)) is not None:
                heapq.heappush(self._spared, (update.number, self._unlink(update)))
        else:
            cell = self._link(record)
            if record.position is not None:
                if (earlier := self._latest.get(record.position)) is not None:
                    heapq.heappush(self._replaced, (earlier.number, earlier))
                self._latest[record.position] = cell
        while self._length > self._records or self._bytes > self._size:
            self.drop(self._gone(self._victim()))

    def take(self, records: int, size: int) -> list[Letter]:
        """Remove and return the oldest records, at most so many and, but for the first, at most so many bytes."""
        taken: list[Letter] = []
        while len(taken) < records and (head := self._head()) is not None:
            size -= len(head[1].body)
            if taken and size < 0:
                break
            if self._spared and self._spared[0] is head:
                heapq.heappop(self._spared)
            else:
                self._unlink(self._ends.after)
            taken.append((head[0], self._gone(head[1])))
        while self._replaced and taken and self._replaced[0][0] <= taken[-1][0]:
            heapq.heappop(self._replaced)
        return taken

    def drop(self, record: Record) -> None:
        """Count a record that will not be sent."""
        self.dropped += 1
        if self.drops is None:
            self.drops = Drops()
        self.drops.add(record.kind)

    def _head(self) -> Letter | None:
        cell = self._ends.after
        if cell.record is None:
            return self._spared[0] if self._spared else None
        return self._spared[0] if self._spared and self._spared[0][0] < cell.number else (cell.number, cell.record)

    def _victim(self) -> Record:
        while self._replaced:
            _, cell = heapq.heappop(self._replaced)
            if cell.record is not None:
                return self._unlink(cell)
        return heapq.heappop(self._spared)[1] if self._ends.after is self._ends else self._unlink(self._ends.after)

    def _gone(self, record: Record) -> Record:
        self._length -= 1
        self._bytes -= len(record.body)
        return record

    def _link(self, record: Record) -> _Cell:
        cell = _Cell(self.last, record)
        cell.before, cell.after = self._ends.before, self._ends
        cell.before.after = self._ends.before = cell
        return cell

    def _unlink(self, cell: _Cell) -> Record:
        """Take a cell out of the ring and return its record, which the cell forgets."""
        record, cell.record = cell.record, None
        assert record is not None  # noqa: S101  # narrows the type: only the ends hold none, and they never leave
        cell.before.after, cell.after.before = cell.after, cell.before
        cell.before = cell.after = self._ends  # no ring of its own, which would wait for the garbage collector
        if record.position is not None and self._latest.get(record.position) is cell:
            del self._latest[record.position]
        return record
