"""What is not HTTP enough to reach the app: gunicorn refuses it by itself, here in the same words and form as the app's own refusals."""

from socket import socket

import orjson

from app.answers import failure
from data.errors import Code, Refused

CODES = {403: Code.FORBIDDEN, 500: Code.INTERNAL}


def write_refusal(connection: socket, status: int, reason: str, _message: str) -> None:
    """Answer with the envelope of a refusal and close; takes the place of `gunicorn.util.write_error`, whose answer is an HTML page.

    The message stays in the log: it repeats what was sent.
    """
    body = orjson.dumps(failure(Refused(CODES.get(status, Code.BAD_REQUEST), reason.lower())))
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode("latin-1") + body)
