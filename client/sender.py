"""The one thread that sends what has gathered, in order and one batch at a time, until the server has taken it."""

import logging
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from .buffer import Buffer, Letter
from .news import NEVER, News
from .patience import Pace, Patience, tell
from .records import Record
from .verdict import Step, Verdict, is_strike, judge
from .wire import Wire

PATH = "/api/monitoring/batch"
BATCH_RECORDS = 500
BATCH_BYTES = 4 * 1024 * 1024
SMALLEST_BATCH_BYTES = 64 * 1024


@dataclass
class _Batch:
    """What is sent as one: the key and the bytes stay the same over all repetitions."""

    letters: list[Letter]
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    unsure: bool = False  # an earlier try may have been stored
    strikes: int = 0
    made: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.body = b'{"records":[' + b",".join(record.body for _, record in self.letters) + b"]}"
        self.of_the_bot = sum(number > 0 for number, _ in self.letters)  # the others are the client's own


class Sender:
    """Takes records from any thread without waiting for anything, and delivers them from its own."""

    def __init__(self, wire: Wire | None, buffer: Buffer, *, bot: str | None, heartbeat: float | None, pace: Pace) -> None:
        """Start nothing yet. Without a wire, records gather and are dropped when there is no room."""
        self._wire, self._buffer, self._pace = wire, buffer, pace
        self._news, self._patience = News(bot, heartbeat, pace), Patience(pace)
        self._changed = threading.Condition()  # guards everything here but the patience; nothing slow happens under it
        self._pending: deque[_Batch] = deque()  # the parts of what was taken from the buffer, in order
        self._thread: threading.Thread | None = None
        self._hurrying = 0
        self._give_up_at: float | None = None  # set when the client is closed
        self._batch_bytes = BATCH_BYTES
        self.sent = 0
        self.refused = 0

    # --- called by the bot's threads -----------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, once."""
        with self._changed:
            if self._thread is None and self._wire is not None and self._give_up_at is None:
                self._thread = threading.Thread(target=self._run, args=(self._wire,), name="botv2-client", daemon=True)
                self._thread.start()

    def put(self, record: Record) -> None:
        """Have a record sent; after `close` it counts as dropped."""
        with self._changed:
            was_whole, is_closed = self._buffer.drops is None, self._give_up_at is not None
            if is_closed:
                self._buffer.drop(record)
            else:
                self._buffer.put(record)
            begins_to_drop = was_whole and self._buffer.drops is not None
            if len(self._buffer) in {1, BATCH_RECORDS}:
                self._changed.notify_all()
        if self._thread is None:
            self.start()
        if begins_to_drop:
            tell(logging.WARNING, "records are being dropped: %s", "the client is closed" if is_closed else "its buffer is full")

    def count_refused(self, records: int) -> None:
        """Count records that will never be stored, because of what is in them."""
        with self._changed:
            self.refused += records

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put before has been answered; return whether it has."""
        with self._changed:
            target = self._buffer.last
            self._hurrying += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._is_settled(target), timeout if self._thread else 0)
            finally:
                self._hurrying -= 1

    def close(self, timeout: float) -> bool:
        """Take no more records, send what waits for at most so long, end the thread; return whether nothing is left."""
        with self._changed:
            if self._give_up_at is None:
                self._give_up_at = time.monotonic() + timeout
                self._news.end()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        if left := self.waiting:
            tell(logging.WARNING, "closed before %d records were delivered", left)
        return left == 0

    @property
    def waiting(self) -> int:
        """Return how many of the bot's records are neither stored, refused nor dropped yet."""
        with self._changed:
            return len(self._buffer) + sum(batch.of_the_bot for batch in self._pending)

    @property
    def dropped(self) -> int:
        """Return how many records there was no room for."""
        with self._changed:
            return self._buffer.dropped

    def _is_settled(self, target: int) -> bool:
        numbers = [number for batch in self._pending for number, _ in batch.letters]
        if self._buffer.oldest is not None:
            numbers.append(self._buffer.oldest)
        return self._buffer.drops is None and all(number > target for number in numbers)

    # --- the thread ------------------------------------------------------------------------------------------

    def _run(self, wire: Wire) -> None:
        while self._give_up_at is None or time.monotonic() < self._give_up_at:
            try:
                if not self._pending and not self._gather():
                    break
                self._deliver(wire, self._pending[0])
            except Exception:  # whatever it is, the thread must live; the batch keeps its key
                tell(logging.ERROR, "the client failed at something and goes on", trace=True)
                if self._wait(self._pace.longest):
                    break
        wire.close()

    def _gather(self) -> bool:
        """Wait for something to send and make a batch of it; returns False when the client is closed and nothing is left."""
        with self._changed:
            while not len(self._buffer) and (left := self._news.until_due(self._buffer.drops, hurried=self._is_hurried())) > 0:
                if self._give_up_at is not None:
                    return False
                self._changed.wait(None if left == NEVER else left)
            self._changed.wait_for(lambda: self._is_hurried() or len(self._buffer) >= BATCH_RECORDS, self._pace.gather)
            own = self._news.heartbeat()
            if report := self._news.report(self._buffer.drops, hurried=self._is_hurried()):
                self._buffer.drops = None
            # The client's own records have the number 0, which none of the bot's has.
            self._pending.append(_Batch([*((0, record) for record in own + report), *self._buffer.take(BATCH_RECORDS, self._batch_bytes)]))
            return True

    def _is_hurried(self) -> bool:
        return self._hurrying > 0 or self._give_up_at is not None

    def _deliver(self, wire: Wire, batch: _Batch) -> None:
        """Try once to have the first pending batch stored, and do what the answer calls for."""
        answer = wire.request("POST", PATH, batch.body, {"Content-Type": "application/json", "Idempotency-Key": batch.key})
        batch.strikes = batch.strikes + 1 if is_strike(answer) else 0
        verdict = judge(answer, len(batch.letters), batch.strikes)
        self._patience.note(verdict)
        if verdict.step is Step.DONE:
            self._finish(batch)
        elif verdict.step is Step.WITHOUT:
            self._refuse(batch, verdict.refused)
        elif verdict.step is Step.HALVE:
            self._halve(batch, verdict.why)
        elif verdict.step is Step.CONFLICT and batch.unsure:
            self._give_up(batch, verdict.why)
        else:
            if verdict.step is Step.CONFLICT:
                tell(logging.WARNING, "another key is tried, as none of ours can be stored under this one: %s", verdict.why)
                self._replace_first([batch.letters])
            batch.unsure = batch.unsure or answer.reached
            self._pause(verdict)

    def _finish(self, batch: _Batch) -> None:
        with self._changed:
            self.sent += batch.of_the_bot
            self._news.note_sent(time.monotonic() - batch.made)
            self._replace_first([])

    def _refuse(self, batch: _Batch, refused: dict[int, str]) -> None:
        """Drop exactly the refused records (index: fault); the rest is another batch."""
        told = [f"{batch.letters[index][1].kind}: {fault}" for index, fault in list(refused.items())[:3]]
        tell(logging.WARNING, "%d records were refused: %s", len(refused), " | ".join(told + ["…"] * (len(refused) > len(told))))
        with self._changed:
            self.refused += sum(batch.letters[index][0] > 0 for index in refused)
            self._replace_first([[letter for index, letter in enumerate(batch.letters) if index not in refused]])

    def _halve(self, batch: _Batch, why: str) -> None:
        middle = len(batch.letters) // 2
        if middle == 0:
            self._refuse(batch, {0: why})
            return
        if why.startswith("413"):
            self._batch_bytes = max(SMALLEST_BATCH_BYTES, min(self._batch_bytes, len(batch.body) // 2))
        self._replace_first([batch.letters[:middle], batch.letters[middle:]])

    def _give_up(self, batch: _Batch, why: str) -> None:
        """409 after a try that may have arrived: what is stored under the key can only be ours, changed on its way.

        A proxy that rewrites, a path that has moved: to send it under another key would double it.
        """
        tell(logging.ERROR, "%d records are not sent again, they were changed on their way and stored so: %s", batch.of_the_bot, why)
        with self._changed:
            self.refused += batch.of_the_bot
            self._replace_first([])

    def _replace_first(self, parts: list[list[Letter]]) -> None:
        with self._changed:
            self._pending.popleft()
            self._pending.extendleft(_Batch(letters) for letters in reversed(parts) if letters)
            self._changed.notify_all()

    def _pause(self, verdict: Verdict) -> None:
        """Wait before the next try; a client that is being closed waits less, or, when nothing will change, no longer."""
        pause = self._patience.pause(verdict)
        if not self._wait(pause):
            return
        with self._changed:
            if verdict.step is Step.BARRED:
                self._give_up_at = time.monotonic()
        if verdict.pause is None:
            pause = min(pause, self._pace.first)
        time.sleep(max(0.0, min(pause, (self._give_up_at or 0.0) - time.monotonic())))

    def _wait(self, seconds: float) -> bool:
        """Wait so long, or until the client is being closed; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._give_up_at is not None, seconds)
