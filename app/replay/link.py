"""The line from a bot of ours to the server: the public client, and the few questions that a bot asks over REST."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from client import connect
from client.wire import Wire
from data.errors import Code, Refused
from data.times import iso

BUFFER_RECORDS = 10_000
WAIT_SECONDS = 0.05
STALLED_SECONDS = 5.0
HOW_TO_MAKE_ONE = "make one with `python -m app token create replay --scope read --scope ingest`"


def _read_token(token: str | None, token_file: Path | None) -> str:
    """Return the token as given, or the first line of the file (`-`: of standard input); raises `Refused` without any."""
    if token is None and token_file is not None:
        try:
            token = sys.stdin.readline() if str(token_file) == "-" else token_file.read_text().partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(Code.BAD_FILE, "the token cannot be read", fields={str(token_file): str(error)}) from None
    if not (token or "").strip():
        raise Refused(Code.UNAUTHENTICATED, f"a token is needed, as --token or --token-file; {HOW_TO_MAKE_ONE}")
    return str(token).strip()


class Link:
    """Reports what a bot does, in order, and waits rather than let the client's buffer overflow."""

    def __init__(self, url: str, token: str, bot: str, heartbeat_seconds: float | None = None) -> None:
        """Begin to send; returns at once, whether or not the server is there. Raises `Refused` for a faulty address or token."""
        try:
            self._wire = Wire(url, token)  # for questions; the client has its own
        except ValueError as error:
            raise Refused(Code.BAD_REQUEST, str(error)) from None
        self.bot = bot
        self._monitor = connect(url, token, bot=bot, heartbeat_seconds=heartbeat_seconds, buffer_records=BUFFER_RECORDS)

    def record(self, kind: str, moment: datetime | None = None, **fields: Any) -> None:
        """Hand a record to the client; one with a `moment` carries that time. Fields that are None are left out.

        Waits while half of the buffer is full. Raises `Refused` as `arrive` does.
        """
        if self._monitor.waiting > BUFFER_RECORDS // 2:
            self._wait(lambda: self._monitor.waiting <= BUFFER_RECORDS // 4)
        self._monitor.record(kind, **fields, **({} if moment is None else {"timestamp": iso(moment)}))

    def event(self, moment: datetime | None, event_type: str, message: str, severity: str = "INFO", **metadata: Any) -> None:
        """Report an event."""
        self.record("event", moment, event_type=event_type, message=message, severity=severity, metadata=metadata)

    def arrive(self) -> None:
        """Return when everything has been taken, however long the server is away.

        Raises `Refused` when the server is there and does not take what is sent, or refused a part of it.
        """
        self._wait(lambda: self._monitor.flush(WAIT_SECONDS))
        if self._monitor.refused or self._monitor.dropped:
            lost = f"{self._monitor.refused} records were refused, {self._monitor.dropped} dropped"
            raise Refused(Code.FORBIDDEN, f"not everything was recorded: {lost}; may the token write for the bot {self.bot!r}?")

    def _wait(self, done: Callable[[], bool]) -> None:
        sent, moved = self._monitor.sent, time.monotonic()
        while not done():
            time.sleep(WAIT_SECONDS)
            if self._monitor.sent != sent:
                sent, moved = self._monitor.sent, time.monotonic()
            elif time.monotonic() - moved > STALLED_SECONDS:
                self._look_why_nothing_moves()
                moved = time.monotonic()

    def _look_why_nothing_moves(self) -> None:
        """Raise when it is the token's fault; a server that is away, busy or full will take what waits when it can."""
        answer = self._wire.request("POST", "/api/monitoring/batch", b'{"records":[]}', {"Content-Type": "application/json"})
        if answer.status == 401:
            raise _unknown_token()
        if answer.status == 403:
            raise Refused(Code.FORBIDDEN, f"the token may not write: {answer.message}; {HOW_TO_MAKE_ONE}")

    def close(self) -> None:
        """Send what is left within 5 seconds and end the client."""
        self._monitor.close(timeout=5.0)
        self._wire.close()

    def ask(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of a GET, or None when the token may not read.

        Raises `Refused`: `unauthenticated` for a token that the server does not know, `storage_unavailable` without a server.
        """
        answer = self._wire.request("GET", f"{path}?{urlencode(query)}")
        if answer.status == 200:
            return answer.body
        if answer.status == 403:
            return None
        if answer.status == 401:
            raise _unknown_token()
        if answer.status:
            raise Refused(Code.STORAGE_UNAVAILABLE, f"the server at {self._wire.name} answers {answer.status} {answer.message}".rstrip())
        raise Refused(Code.STORAGE_UNAVAILABLE, f"no dashboard answers at {self._wire.name}; start one with `make run`")


def _unknown_token() -> Refused:
    return Refused(Code.UNAUTHENTICATED, f"the server does not know this token; {HOW_TO_MAKE_ONE}")


@contextmanager
def connected(url: str, token: str | None, token_file: Path | None, bot: str, heartbeat_seconds: float | None = None) -> Iterator[Link]:
    """Give the link that the command line describes, and close it at the end; what is not delivered within 5 s then is lost.

    Raises `Refused` without a token, or for an address that is none.
    """
    link = Link(url, _read_token(token, token_file), bot, heartbeat_seconds)
    try:
        yield link
    finally:
        link.close()
