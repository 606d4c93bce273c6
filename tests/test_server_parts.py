"""Parts of the server that a running one shows only when something is wrong, and the way in for a gunicorn of one's own."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.logs import FILE_NAME, JsonLine, SharedFileHandler, _log_uncaught
from app.malformed import write_refusal
from tests.support.bot import environment
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

IN_WSGI = """
import app.wsgi
client = app.wsgi.application.test_client()
assert client.get("/health").get_json()["status"] == "ok"
assert client.get("/api/trades").status_code == 401
assert app.wsgi.application.extensions["botv2.push"]._thread.is_alive()
"""


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_a_gunicorn_of_ones_own_gets_the_whole_app_and_the_first_password_is_shown_once(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", IN_WSGI],
            cwd=tmp_path,
            env=environment(tmp_path, "", PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.append([line for line in done.stderr.splitlines() if "with the password" in line])
    assert [len(lines) for lines in said] == [1, 0]
    password = said[0][0].split("with the password ")[1].split()[0]
    assert password not in (tmp_path / "logs" / FILE_NAME).read_text()


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [(400, "Bad Request", "bad_request"), (403, "Forbidden", "forbidden"), (500, "Internal Server Error", "internal")],
)
def test_what_is_no_http_is_refused_in_the_apps_own_form_without_what_was_sent(status: int, reason: str, code: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write_refusal(ours, status, reason, "GET /?token=secret")
        ours.shutdown(socket.SHUT_WR)
        head, _, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} {reason}\r\n".encode())
    assert f"Content-Length: {len(body)}".encode() in head
    answer = json.loads(body)
    assert (answer["success"], answer["error"]["code"]) == (False, code)
    assert b"secret" not in body


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"output=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"output": ', "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "bad_request"),
        (b'{"output": "nothing.children", "inputs": [], "changedPropIds": []}', "application/json", 400, "bad_request"),
    ],
)
def test_what_is_no_call_of_a_callback_is_refused_and_is_no_error_of_ours(
    client: "FlaskClient", bearer: dict[str, str], body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = client.post("/_dash-update-component", data=body, content_type=content_type, headers=bearer)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)


@pytest.fixture
def handler(tmp_path: Path) -> Iterator[SharedFileHandler]:
    handler = SharedFileHandler(tmp_path / FILE_NAME, maxBytes=10_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(JsonLine())
    yield handler
    handler.close()


def test_a_log_that_somebody_removed_or_rotated_is_gone_on_with_in_the_new_file(handler: SharedFileHandler, tmp_path: Path) -> None:
    def say(message: str) -> None:
        handler.emit(logging.LogRecord("app", logging.INFO, __file__, 1, message, (), None))

    path = tmp_path / FILE_NAME
    say("first")
    path.unlink()
    say("after it was removed")
    os.rename(path, tmp_path / "rotated")
    path.write_text("")
    say("after another process rotated it")
    assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == ["after another process rotated it"]
    assert json.loads((tmp_path / "rotated").read_text())["message"] == "after it was removed"


def test_a_thread_that_ends_by_an_error_is_in_the_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", _log_uncaught)

    def fail() -> None:
        raise RuntimeError("not foreseen")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    [record] = caplog.records
    assert (record.levelname, record.name, "not foreseen" in str(record.exc_info)) == ("ERROR", "threads", True)


def test_options_names_the_methods_of_a_path_and_no_others(client: "FlaskClient", bearer: dict[str, str]) -> None:
    for path, methods in (
        ("/api/trades", "GET, POST, HEAD, OPTIONS"),
        ("/api/trades/7", "GET, PATCH, HEAD, OPTIONS"),
        ("/api/annotations", "POST, OPTIONS"),
        ("/api/annotations/equity", "GET, HEAD, OPTIONS"),
        ("/api/annotations/7", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/alerts/rules/7", "PATCH, DELETE, OPTIONS"),
        ("/api/monitoring/pulse", "GET, HEAD, OPTIONS"),
    ):
        answer = client.options(path, headers=bearer)
        assert (answer.status_code, answer.headers["Allow"], answer.get_data()) == (200, methods, b""), path
