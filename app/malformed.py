"""What does not reach the app, because it is not HTTP enough or one too many: refused in the same words and form as the app's own refusals."""

import contextlib
from socket import SHUT_WR, socket

import orjson

from app.answers import failure
from app.headers import SecurityHeaders
from data.errors import Code, Refused

HEADERS = "".join(f"{name}: {value}\r\n" for name, value in SecurityHeaders(tuple).added_to([], tls=False))
CODES = {403: Code.FORBIDDEN, 500: Code.INTERNAL}
AGAIN_SECONDS = 1
MOST_BYTES = 256 * 1024


def write_refusal(connection: socket, status: int, reason: str, _message: str) -> None:
    """Answer with the envelope of a refusal and close; takes the place of `gunicorn.util.write_error`, whose answer is an HTML page.

    The message stays in the log: it repeats what was sent.
    """
    connection.sendall(_answer(status, reason, Refused(CODES.get(status, Code.BAD_REQUEST), reason.lower())))


def turn_away(connection: socket) -> None:
    """Answer 503 to a new connection, whatever it asks for, without waiting for it; who calls reads what was asked and closes."""
    refusal = Refused(Code.STORAGE_BUSY, "the server has as many connections as it can serve; try again")
    with contextlib.suppress(OSError):  # it has gone, or takes nothing
        connection.setblocking(False)
        connection.sendall(_answer(503, "Service Unavailable", refusal, f"Retry-After: {AGAIN_SECONDS}\r\n"))
        connection.shutdown(SHUT_WR)


def swallow(connection: socket) -> None:
    """Read what has come: a connection that is closed with something unread takes back what it was answered."""
    with contextlib.suppress(OSError):
        connection.recv(MOST_BYTES)


def _answer(status: int, reason: str, refusal: Refused, headers: str = "") -> bytes:
    body = orjson.dumps(failure(refusal))
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{headers}{HEADERS}\r\n".encode("latin-1") + body
