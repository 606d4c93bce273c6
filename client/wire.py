"""One kept-alive connection to the server, and what an answer says. The token stays in here."""

import http.client
import json
import re
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

FAILURES = (OSError, http.client.HTTPException, ValueError)
ANSWER_BYTES = 4 * 1024 * 1024
IDLE_SECONDS = 10.0  # servers and the devices between close what is idle: a new connection is cheaper than to find that out
LONGEST_RETRY_AFTER = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is 0 when nothing did; `reached` says whether the request may have arrived all the same."""

    status: int
    reached: bool = True
    success: bool = False
    code: str = ""
    message: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    body: dict[str, Any] = field(default_factory=dict)


class Wire:
    """Speaks HTTP to one server. For one thread at a time; follows no redirect, so the token goes nowhere else."""

    def __init__(self, url: str, token: str, *, connect_seconds: float = 5.0, answer_seconds: float = 20.0) -> None:
        """Connect later. The server answers within 15 s whatever its store does, so to wait a little longer is to know more.

        Raises ValueError, which never holds the token, for an address or a token that cannot be used.
        """
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token.strip()):
            raise ValueError("the token must be text without spaces")
        parts = urlsplit(url if isinstance(url, str) else "")
        if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[^!-~]", parts.netloc + parts.path):
            raise ValueError("the address must be http://host:port or https://host")
        self._host, self._port, self._is_https = parts.hostname, parts.port, parts.scheme == "https"
        self._base = parts.path.rstrip("/")
        self._token = token.strip()
        self._connect_seconds, self._answer_seconds = connect_seconds, answer_seconds
        self._tls: ssl.SSLContext | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0
        self.name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "") + self._base

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Return the server's answer; never raises for what the network or the server do.

        A kept connection that turns out to be closed is replaced once, at once: with a key, a repetition is no second record.
        """
        if self._connection is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        reached = False
        while True:
            kept = self._connection
            try:
                connection = kept or self._connect()
                reached = True
                return self._exchange(connection, method, path, body, headers or {})
            except FAILURES as error:
                self.close()
                if kept is None or not isinstance(error, ConnectionError):
                    return Answer(0, reached=reached, message=self._told(f"{type(error).__name__}: {error}"))

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_https:
            self._tls = self._tls or ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._connect_seconds, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._connect_seconds)
        self._connection = connection  # before it connects: whoever closes the wire closes this
        connection.connect()
        connection.sock.settimeout(self._answer_seconds)
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection.request(method, self._base + path, body, {"Authorization": f"Bearer {self._token}", **headers})
        response = connection.getresponse()
        raw = response.read(ANSWER_BYTES)
        if not response.isclosed() or connection.sock is None:
            self.close()
        self._used = time.monotonic()
        return self._read(response.status, response.getheader("Retry-After"), raw)

    def _read(self, status: int, retry_after: str | None, raw: bytes) -> Answer:
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        body = body if isinstance(body, dict) else {}
        error = body.get("error")
        error = error if isinstance(error, dict) else {}
        fields = error.get("fields")
        return Answer(
            status,
            success=body.get("success") is True,
            code=self._told(error.get("code") or ""),
            message=self._told(error.get("message") or ""),
            fields={str(name): self._told(fault) for name, fault in fields.items()} if isinstance(fields, dict) else {},
            retry_after=_seconds(retry_after),
            body=body,
        )

    def _told(self, text: Any) -> str:
        """Return what someone else said in a form that may stand in a log: one short line, without the token."""
        plain = "".join(character if character.isprintable() else " " for character in str(text).replace(self._token, "***")[:1000])
        return " ".join(plain.split())[:200]


def _seconds(retry_after: str | None) -> float | None:
    """Return what `Retry-After` asks for, in seconds or as a date; None for none and for nonsense."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after) if retry_after.strip().isdecimal() else _until(parsedate_to_datetime(retry_after))
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _until(moment: datetime) -> float:
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
