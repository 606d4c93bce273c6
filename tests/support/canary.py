"""Secrets that can be found again: whatever a test run makes of them ends with a mark, and nothing that is kept or said may hold it (S32)."""

import logging
import mmap
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pyotp
import requests
from flask.testing import FlaskClient

from app.logs import JsonLine

MARK = "c4nary"
KEY = f"a signing key of the tests, {MARK}"
DATABASE_PASSWORD = f"{MARK}-of-the-database"
# Cookies, links and tokens end with the first, secrets of a second factor with the second; the third is the password of all tests' people.
MARKS = (MARK, MARK.upper(), "correct horse battery")
ERRORS = 400
READ_BY_PEOPLE = ("/metrics", "/health", "/api/openapi.json", "/api/docs")
# What the command line says to who started it: a link that works once, its password. The server's own lines are JSON.
SERVER_LOG = "server.log"


def found_in(text: str) -> list[str]:
    """Return the marks that a text holds."""
    return [mark for mark in MARKS if mark in text]


@contextmanager
def marked() -> Iterator[None]:
    """Have every secret that is made in this process end with the mark; as many of its bits are left as tests need."""
    urlsafe, base32 = secrets.token_urlsafe, pyotp.random_base32

    def token_urlsafe(nbytes: int | None = None) -> str:
        return urlsafe(nbytes)[: -len(MARK)] + MARK

    def random_base32(*arguments: Any, **named: Any) -> str:
        return base32(*arguments, **named)[: -len(MARK)] + MARK.upper()

    with mock.patch("secrets.token_urlsafe", token_urlsafe), mock.patch("pyotp.random_base32", random_base32):
        yield


def found_below(folder: Path) -> list[str]:
    """Return the files below a folder that hold a mark."""
    return [f"{path} holds {mark!r}" for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink() for mark in _held(path)]


def _held(path: Path) -> list[str]:
    try:
        if path.name == SERVER_LOG:
            return found_in("\n".join(line for line in path.read_text(errors="replace").splitlines() if line.startswith("{")))
        with path.open("rb") as file:
            if not path.stat().st_size:
                return []
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return [mark for mark in MARKS if content.find(mark.encode()) >= 0]
    except OSError:  # it went away meanwhile, or is somebody else's
        return []


class Sayings(logging.Handler):
    """Listens to what this process logs and answers; `heard` holds what had a mark in it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self._form = JsonLine()

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line of the log that holds a mark."""
        if found_in(line := self._form.format(record)):
            self.heard.append(f"the log says {line[:300]}")

    def answered(self, status: int, path: str, kind: str, read: Callable[[], str]) -> None:
        """Note an error, a page or a figure for a monitor that holds a mark; other answers may, as the token that was just made."""
        if status < ERRORS and "html" not in kind and not path.startswith(READ_BY_PEOPLE):
            return
        if marks := found_in(read()):
            self.heard.append(f"the answer {status} of {path} holds {marks}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to the log of this process, to what its apps answer and to what it is answered over HTTP."""
        opened, sent = FlaskClient.open, requests.Session.send

        def open_(client: FlaskClient, *arguments: Any, **named: Any) -> Any:
            response = opened(client, *arguments, **named)
            self.answered(response.status_code, response.request.path, response.mimetype or "", lambda: response.get_data(as_text=True))
            return response

        def send(session: requests.Session, request: requests.PreparedRequest, **named: Any) -> requests.Response:
            response = sent(session, request, **named)
            path = re.sub(r"^\w+://[^/]*", "", request.url or "")
            if not named.get("stream"):
                self.answered(response.status_code, path, response.headers.get("Content-Type", ""), lambda: response.text)
            return response

        logging.getLogger().addHandler(self)
        with mock.patch.object(FlaskClient, "open", open_), mock.patch.object(requests.Session, "send", send):
            yield
        logging.getLogger().removeHandler(self)
