"""The journal's one writer: what arrives together shares one commit, and is acknowledged after it.

`append` is the only way in for facts. A request waits in a bounded queue; the writer thread takes all that has
gathered, posts it inside one transaction, commits, lets the projections follow, and only then wakes the callers.
"""

import hashlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from data import posting, rules
from data.counted import Counted
from data.entries import Entry, Outcome, Row
from data.errors import Code, Refused
from data.ledger import Ledger
from data.records import Draft
from data.schema import Idempotency
from data.store import Store
from data.tail import Tail
from data.times import now

log = logging.getLogger(__name__)

QUEUE_REQUESTS = 4096
QUEUE_RECORDS = 40_000  # some seconds of the writer's work, and what it may cost in memory
BATCH_RECORDS = 20_000
ANSWER_SECONDS = 15.0
KEY_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Retry:
    """An `Idempotency-Key`: whose it is, and the digest of the body that came under it."""

    principal: str
    key: str
    body_hash: str

    @classmethod
    def of(cls, principal: str, key: str, body: bytes) -> "Retry":
        """Return the retry mark of a request's body."""
        return cls(principal, key, hashlib.sha256(body).hexdigest())


@dataclass(slots=True)
class _Request:
    """One caller's drafts, which are stored together or not at all, and the answer that it waits for."""

    work: Callable[[Ledger], Any]
    records: int = 1
    only_positions: bool = False
    answer: "queue.SimpleQueue[Any]" = field(default_factory=queue.SimpleQueue)  # takes one, for a fraction of what a Future costs

    def result(self, patience: float | None = None) -> Any:
        """Return the answer, or raise it if it is an error; `queue.Empty` when none comes within `patience` seconds."""
        answer = self.answer.get(timeout=patience)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Journal:
    """Appends records durably and in one order; tells the projections in that order."""

    def __init__(self, store: Store, *, durability: str = "full", counted: Counted | None = None) -> None:
        """Prepare the journal of `store`; call `start` for group commit, else each append commits by itself."""
        self.store = store
        self.tail = Tail(store)
        self._relaxed = durability == "normal"
        self._counted = counted or Counted()
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._records_waiting = 0
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._one_at_a_time = threading.RLock()

    def append(
        self, drafts: Sequence[Draft], *, bot: str = "default", retry: Retry | None = None, answer: Callable[[list[Outcome]], Row] | None = None
    ) -> Any:
        """Store the drafts, all or none, and return when they are committed.

        Args:
            drafts: validated records; those without a bot belong to `bot`.
            bot: see above; also the bot under which `retry` is kept.
            retry: makes a repetition of the request get the first answer, without recording anything.
            answer: turns the outcomes into the JSON answer; needed with `retry`, which keeps it.

        Returns:
            What `answer` returns, or without it a list with an `Outcome` per draft.

        Raises:
            Refused: for a draft that the tables contradict (`records[i]` in its fields where there are several),
                `conflict` for another body under a retry's key, or a `storage_…` code; nothing is stored then.
        """
        request = _Request(lambda ledger: _post_all(ledger, drafts, bot, retry, answer), len(drafts))
        request.only_positions = all(draft.kind == "position" for draft in drafts)
        return self._do(request)

    def raise_silence_alerts(self, listening: float = math.inf) -> list[Outcome]:
        """Raise the alerts of bots that have fallen silent in the last `listening` seconds; safe to call from any number of processes."""
        with self.store.read() as connection:
            if not rules.someone_is_silent(connection, now(), listening):
                return []
        outcomes: list[Outcome] = self._do(_Request(lambda ledger: posting.record_silence(ledger, listening)))
        return outcomes

    def subscribe(self, follower: Callable[[list[Entry]], None]) -> None:
        """Have `follower` called with every committed entry, in order, whichever process wrote it."""
        self.tail.subscribe(follower)

    def start(self) -> None:
        """Start the writer and the tail."""
        self.tail.start()
        self._thread = threading.Thread(target=self._write_for_ever, name="journal-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Commit what has gathered and end the threads."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self.tail.stop()

    @property
    def waiting(self) -> int:
        """Return how many requests wait for the writer."""
        return self._queue.qsize()

    def _do(self, request: _Request) -> Any:
        if self._thread is None:
            self._commit([request])
            return request.result()
        self._enqueue(request)
        try:
            return request.result(ANSWER_SECONDS)
        except queue.Empty:
            raise Refused(
                Code.STORAGE_BUSY, "the store did not answer in time; send the record again under the same Idempotency-Key", retry_after=2
            ) from None

    def _enqueue(self, request: _Request) -> None:
        with self._counting:
            waiting = self._records_waiting
            if self._queue.qsize() >= QUEUE_REQUESTS or (waiting and waiting + request.records > QUEUE_RECORDS):
                raise Refused(Code.STORAGE_BUSY, "too many records wait to be stored; try again", retry_after=1)
            self._records_waiting += request.records
        self._queue.put(request)

    # --- the writer ----------------------------------------------------------------------------------------

    def _write_for_ever(self) -> None:
        while (request := self._taken(block=True)) is not None:
            try:
                if (refusal := self._commit(self._gathered(request))) is not None:
                    self._refuse_waiting(refusal)
            except Exception:  # its callers are refused when their time is over; those who come after must be served
                log.exception("the writer failed")

    def _taken(self, *, block: bool) -> _Request | None:
        """Return the next that waits, or None: for now, or after the order to stop."""
        try:
            request = self._queue.get(block)
        except queue.Empty:
            return None
        if request is not None:
            with self._counting:
                self._records_waiting -= request.records
        elif not block:
            self._queue.put(None)  # the order to stop: after what has been taken
        return request

    def _gathered(self, first: _Request) -> list[_Request]:
        batch, records = [first], first.records
        while records < BATCH_RECORDS and (request := self._taken(block=False)) is not None:
            batch.append(request)
            records += request.records
        return batch

    def _commit(self, batch: list[_Request]) -> Refused | None:
        """Store a batch and answer its callers; returns why when the store itself failed."""
        with self._one_at_a_time:
            try:
                answers, entries = self._transact(batch)
            except Refused as refusal:
                self._counted.failure(refusal.code)
                for request in batch:
                    request.answer.put(refusal)
                return refusal
            except Exception as error:
                # One request's fault must not be its neighbours': find it by storing each alone.
                if len(batch) == 1:
                    log.exception("a record could not be stored")
                    batch[0].answer.put(error)
                    return None
                failures = [self._commit([request]) for request in batch]
                return next((failure for failure in failures if failure is not None), None)
            if entries:
                self.tail.follow(entries)
        for request, answer in zip(batch, answers, strict=True):
            request.answer.put(answer)
        return None

    def _transact(self, batch: list[_Request]) -> tuple[list[Any], list[Entry]]:
        durable = not (self._relaxed and all(request.only_positions for request in batch))
        began = time.perf_counter()
        with self.store.write(durable=durable) as connection:
            ledger = Ledger(connection, now())
            answers: list[Any] = []
            for request in batch:
                try:
                    with ledger.request():
                        answers.append(request.work(ledger))
                except Refused as refusal:
                    answers.append(refusal)
            ledger.flush()
        self._counted.commit(time.perf_counter() - began, ledger.entries)
        return answers, ledger.entries

    def _refuse_waiting(self, refusal: Refused) -> None:
        """Answer all that wait with the store's failure now, so that nobody waits for one timeout after another."""
        while (request := self._taken(block=False)) is not None:
            request.answer.put(refusal)


def _post_all(ledger: Ledger, drafts: Sequence[Draft], bot: str, retry: Retry | None, answer: Callable[[list[Outcome]], Row] | None) -> Any:
    if retry is not None and (first := _first_answer(ledger, retry, bot)) is not None:
        return first
    outcomes: list[Outcome] = []
    for index, draft in enumerate(drafts):
        try:
            outcomes.append(posting.post(ledger, draft, draft.bot or bot))
        except Refused as refusal:
            if len(drafts) == 1:
                raise
            fields = {f"records[{index}].{name}": fault for name, fault in refusal.fields.items()}
            raise Refused(refusal.code, refusal.message, fields=fields) from None
    result: Any = outcomes if answer is None else answer(outcomes)
    if retry is not None:
        mark = {"principal": retry.principal, "bot": bot, "key": retry.key, "body_hash": retry.body_hash}
        ledger.put(Idempotency, mark | {"answer": result, "created_at": ledger.received_at})
    return result


def _first_answer(ledger: Ledger, retry: Retry, bot: str) -> Row | None:
    known = ledger.find(Idempotency, retry.principal, bot, retry.key)
    if known is None or ledger.received_at - known["created_at"] > KEY_LIFETIME:
        return None
    if known["body_hash"] != retry.body_hash:
        raise Refused(Code.CONFLICT, "this Idempotency-Key was used with another body", fields={"Idempotency-Key": "is taken by another body"})
    answer: Row = known["answer"]
    return answer
