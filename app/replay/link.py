"""The line from a bot of ours to the server: the public client, and the few questions that a bot asks over REST."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from client import connect
from data.errors import Code, Refused
from data.times import iso

BUFFER_RECORDS = 10_000
ROOM_SECONDS = 0.02
QUESTION_SECONDS = 10.0
REACHED = frozenset({401, 403})
MAKE_A_TOKEN = "make one with `python -m app token create replay --scope read --scope ingest`"


def read_token(token: str | None, token_file: Path | None) -> str:
    """Return the token as given, or the first line of the file (`-`: of standard input); raises `Refused` without any."""
    if token is None and token_file is not None:
        try:
            token = sys.stdin.readline() if str(token_file) == "-" else token_file.read_text().partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(Code.BAD_FILE, "the token cannot be read", fields={str(token_file): str(error)}) from None
    if not (token or "").strip():
        raise Refused(Code.UNAUTHENTICATED, f"a token is needed, as --token or --token-file; {MAKE_A_TOKEN}")
    return str(token).strip()


class Link:
    """Reports what a bot does, in order, and waits rather than let the client's buffer overflow."""

    def __init__(self, url: str, token: str, bot: str, heartbeat_seconds: float | None = None) -> None:
        """Begin to send; returns at once, whether or not the server is there."""
        self._url, self._token, self.bot = url.rstrip("/"), token, bot
        self._monitor = connect(self._url, token, bot=bot, heartbeat_seconds=heartbeat_seconds, buffer_records=BUFFER_RECORDS)

    def record(self, kind: str, moment: datetime | None = None, **fields: Any) -> None:
        """Hand a record to the client; one with a `moment` carries that time. Fields that are None are left out."""
        while self._monitor.waiting > BUFFER_RECORDS // 2:
            time.sleep(ROOM_SECONDS)
        given = {name: value for name, value in fields.items() if value is not None}
        self._monitor.record(kind, **given, **({} if moment is None else {"timestamp": iso(moment)}))

    def event(self, moment: datetime | None, event_type: str, message: str, severity: str = "INFO", **metadata: Any) -> None:
        """Report an event."""
        self.record("event", moment, event_type=event_type, message=message, severity=severity, metadata=metadata)

    def arrive(self, while_waiting: Callable[[], object] = lambda: None) -> None:
        """Return when everything has been taken; raises `Refused` when the server refused something."""
        while not self._monitor.flush(1.0):
            while_waiting()
        if self._monitor.refused or self._monitor.dropped:
            lost = f"{self._monitor.refused} records were refused by the server, {self._monitor.dropped} dropped"
            raise Refused(Code.FORBIDDEN, f"not everything was recorded: {lost}; is the token bound to another bot than {self.bot!r}?")

    def close(self, timeout: float = 5.0) -> None:
        """Send what is left within `timeout` seconds and end the client."""
        self._monitor.close(timeout=timeout)

    def ask(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of a GET, or None when the token may not read.

        Raises `Refused`: `unauthenticated` for a token that the server does not know, `storage_unavailable` without a server.
        """
        given = {name: value for name, value in query.items() if value is not None}
        address = f"{self._url}{path}?{urlencode(given)}" if given else f"{self._url}{path}"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310  # its scheme is checked
        try:
            with urllib.request.urlopen(request, timeout=QUESTION_SECONDS) as answer:  # noqa: S310  # as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 403:
                return None
            if error.code == 401:
                raise Refused(Code.UNAUTHENTICATED, f"the server does not know this token; {MAKE_A_TOKEN}") from None
            raise Refused(Code.STORAGE_UNAVAILABLE, f"the server at {self._url} answers {error.code}", retry_after=1) from None
        except (OSError, ValueError):
            raise Refused(Code.STORAGE_UNAVAILABLE, f"no dashboard answers at {self._url}; start one with `make run`", retry_after=1) from None


def checked_url(url: str) -> str:
    """Return the address when it is one of http; raises `Refused` otherwise."""
    if not url.startswith(("http://", "https://")):
        raise Refused(Code.BAD_REQUEST, "the address is wrong", fields={"url": "must begin with http:// or https://"})
    return url
