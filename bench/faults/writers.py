"""Bots that post numbered records without a pause, and keep what they were answered and how long that took."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.api import Answer, Api
from bench.faults.evidence import Sent

PAUSE = 0.02  # between two attempts of a writer whose server is gone or refuses
FINISH_WITHIN = 30.0
STORED = {200, 201}
BUSY = {429, 503, 507}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that a record was not taken, for now."""

    status: int
    seconds: float
    at: float  # on the monotonic clock
    retry_after: str | None


class Writer(threading.Thread):
    """A bot that posts numbered records without a pause; a `stubborn` one repeats each under its key until it is answered."""

    def __init__(self, number: int, port: int, token: str, *, stubborn: bool) -> None:
        """Prepare the `number`-th writer."""
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self.stubborn = number, stubborn
        self.sent: list[Sent] = []
        self.acknowledged: dict[Sent, Answer] = {}
        self.acknowledged_at: list[float] = []
        self.refusals: list[Refusal] = []
        self.unanswered: list[str] = []
        self.surprises: list[str] = []
        self.finish, self.abandon = threading.Event(), threading.Event()
        self._api = Api(port, token)

    def run(self) -> None:
        """Post until told to finish; a stubborn writer still brings its last record home."""
        while not self.finish.is_set():
            request = Sent(self.number, len(self.sent))
            self.sent.append(request)
            while not self.post(request) and self.stubborn and not self.abandon.is_set():
                time.sleep(PAUSE)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._api.close()

    def post(self, request: Sent) -> bool:
        """Send a request once; returns whether an answer came that ends the matter."""
        key = f"{request.writer}-{request.number}" if self.stubborn else None
        began = time.monotonic()
        try:
            answer = self._api.post(request.path, request.body(), key)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.unanswered.append(repr(error))
            time.sleep(PAUSE)
            return False
        ended = time.monotonic()
        if answer.status in STORED:
            self.acknowledged[request] = answer
            self.acknowledged_at.append(ended)
        elif answer.status in BUSY:
            self.refusals.append(Refusal(answer.status, ended - began, ended, answer.retry_after))
            return False
        else:
            self.surprises.append(f"{request.path} answered {answer.status}: {answer.body}")
        return True


@dataclass(frozen=True)
class Team:
    """Writers at work."""

    writers: Sequence[Writer]

    @property
    def sent(self) -> list[Sent]:
        """Return every request that was tried."""
        return [request for writer in self.writers for request in writer.sent]

    @property
    def acknowledged(self) -> dict[Sent, Answer]:
        """Return every acknowledged request with its answer."""
        return {request: answer for writer in self.writers for request, answer in writer.acknowledged.items()}

    @property
    def refusals(self) -> list[Refusal]:
        """Return every refusal."""
        return [refusal for writer in self.writers for refusal in writer.refusals]

    @property
    def unanswered(self) -> list[str]:
        """Return why requests got no answer at all."""
        return [fault for writer in self.writers for fault in writer.unanswered]

    @property
    def surprises(self) -> list[str]:
        """Return every answer that is neither a success nor a refusal for now."""
        return [surprise for writer in self.writers for surprise in writer.surprises]

    def count(self) -> int:
        """Return how many requests were acknowledged so far."""
        return sum(len(writer.acknowledged_at) for writer in self.writers)

    def first_after(self, moment: float, patience: float) -> float:
        """Wait for an acknowledgement that came after `moment`; returns how many seconds after it, infinity when there is none in time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            later = [at for writer in self.writers for at in writer.acknowledged_at[-1:] if at > moment]
            if later:
                return min(later) - moment
            time.sleep(0.002)
        return float("inf")

    def finish(self) -> None:
        """Have them bring home what they are at, and end."""
        for writer in self.writers:
            writer.finish.set()
        for writer in self.writers:
            writer.join(FINISH_WITHIN)

    def statuses(self) -> str:
        """Return the answers by status in words."""
        found = Counter(refusal.status for refusal in self.refusals)
        return ", ".join(f"{count:,} of {status}" for status, count in sorted(found.items())) or "none"


@contextmanager
def working(count: int, port: int, token: str, *, stubborn: bool = True, first: int = 0) -> Iterator[Team]:
    """Have `count` writers post while the block runs, numbered from `first`; they end with it, however it ends."""
    team = Team([Writer(number, port, token, stubborn=stubborn) for number in range(first, first + count)])
    for writer in team.writers:
        writer.start()
    try:
        yield team
        team.finish()
    finally:
        for writer in team.writers:
            writer.finish.set()
            writer.abandon.set()
