"""A request's body as it is read behind the gate: one whose end cannot be told is its sender's fault, and ends the connection."""

from typing import Any

from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest

from app.incoming import Environ

INPUT = "wsgi.input"


class Body:
    """Stands in the place of the server's input stream; `broken` once its pieces did not fit together."""

    broken = False

    def __init__(self, environ: Environ) -> None:
        """Take the place of the request's input."""
        self._input: Any = environ.get(INPUT)
        environ[INPUT] = self

    def read(self, *size: int) -> bytes:
        """Return what the server read; raises werkzeug's `BadRequest` for pieces that do not fit together."""
        try:
            data: bytes = self._input.read(*size)
        except ParseException:
            self.broken = True
            raise BadRequest from None
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._input, name)


def end_connection(start_response: Any) -> None:
    """Have gunicorn close after this answer: what follows a broken body may be a request that somebody hid in it."""
    answer: Any = getattr(start_response, "__self__", None)
    if answer is not None and hasattr(answer, "force_close"):  # a Connection header of the app's own is ignored
        answer.force_close()
