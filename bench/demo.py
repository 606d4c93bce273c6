"""The program with the demo's year of history and nobody trading, so that every visit finds the same."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench.program import PASSWORD, Program, make_token

PAST_WITHIN = 120.0
LOOK_SECONDS = 3.0


@contextmanager
def at_rest(folder: Path) -> Iterator[Program]:
    """Have the demo's bots report their past, then serve it without them. Raises RuntimeError when it does not come."""
    lively = Program(folder, "app", "run", "--demo")
    lively.start()
    try:
        _wait_for_past(lively, make_token(lively, "read"))
    finally:
        lively.stop()
    program = Program(folder, "app", "run")
    program.start()
    try:
        yield program
    finally:
        program.stop()


def _wait_for_past(program: Program, token: str) -> None:
    seen, deadline = 0, time.monotonic() + PAST_WITHIN
    while time.monotonic() < deadline:
        _, body = answered(program.port, "GET", "/api/trades/stats", {"Authorization": f"Bearer {token}"})
        trades = json.loads(body)["data"]["total_trades"]
        if trades == seen > 0:
            return
        seen = trades
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"the demo's history is not there; the server said:\n{program.log.read_text()[-2000:]}")


def session_of(program: Program) -> str:
    """Return the value of the cookie `session` of somebody who signs in now."""
    form = urlencode({"username": "admin", "password": PASSWORD})
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
    try:
        connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        cookies = connection.getresponse().headers.get_all("Set-Cookie", [])
    finally:
        connection.close()
    return next(cookie.partition(";")[0].removeprefix("session=") for cookie in cookies if cookie.startswith("session="))


def answered(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
    """Ask over a connection of its own; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
