"""What reaches the server as bytes and not as a client's idea of a request: smuggling, paths as they are written, and what costs it memory."""

import json
import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.server import LiveServer

LOGIN = b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What two programs on the way may read differently: where the first request ends, and so who sent the second.
SMUGGLED = {
    "both lengths": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhelloX",
    "the same length twice": b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a list of lengths": b"Content-Length: 5, 6\r\n\r\nhelloX",
    "a length with a sign": b"Content-Length: +5\r\n\r\nhello",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a length in hexadecimals": b"Content-Length: 0x5\r\n\r\nhello",
    "an underlined length": b"Content-Length: 1_0\r\n\r\nhellohello",
    "a coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding after the last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed in a header": b"X-A: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare carriage return": b"X-A: 1\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a NUL in a header": b"X-A: 1\0\r\nContent-Length: 0\r\n\r\n",
    "a header without a name": b": chunked\r\nContent-Length: 0\r\n\r\n",
    "two hosts": b"Host: evil.example\r\nContent-Length: 0\r\n\r\n",
    "a size that is no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    "a piece that is longer than it says": b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all of this module."""
    server = LiveServer(tmp_path_factory.mktemp("wire"), BOTV2_RATE_LIMITS="off")
    try:
        server.start()
        yield server
    finally:
        server.kill()


def said(server: LiveServer, sent: bytes) -> bytes:
    """Return all that the server says to these bytes until it closes, or has been silent for a while."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.settimeout(3)
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except (TimeoutError, ConnectionResetError):
            pass
    return b"".join(parts)


def test_a_request_whose_end_is_not_clear_is_refused_and_what_follows_it_is_not_answered(server: LiveServer) -> None:
    """S39: 20 cases; each is 400, and the request behind it stays unread."""
    token = server.bearer("ingest")["Authorization"].encode()
    head = b"POST /api/monitoring/activity HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + token + b"\r\nContent-Type: application/json\r\n"
    with ThreadPoolExecutor(5) as pool:
        answers = dict(zip(SMUGGLED, pool.map(lambda rest: said(server, head + rest + LOGIN), SMUGGLED.values()), strict=True))
    for case, answer in answers.items():
        assert answer.startswith(b"HTTP/1.1 400 "), (case, answer[:200])
        assert answer.count(b"HTTP/1.1 ") == 1, case
        assert b"<form" not in answer, case
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["success"] is False, case
    for case, rest in SMUGGLED.items():
        assert b"<form" not in said(server, b"POST /api/monitoring/activity HTTP/1.1\r\nHost: localhost\r\n" + rest + LOGIN), f"{case}, unread"
    assert said(server, LOGIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


def test_an_answer_of_the_server_before_the_app_carries_the_headers_too(server: LiveServer) -> None:
    """S16: also what gunicorn refuses by itself."""
    answer = said(server, b"GET / HTTP/9.9\r\n\r\n").decode()
    assert answer.startswith("HTTP/1.1 400 ")
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cache-Control"):
        assert f"\r\n{name}: " in answer
    assert "server:" not in answer.lower()
    assert "gunicorn" not in answer.lower()


PATHS = (
    "/../../etc/passwd", "/assets/../../data/settings.py", "/assets/%2e%2e/%2e%2e/data/settings.py", "/assets/..%2f..%2fdata/settings.py",
    "/assets/..%5c..%5cdata%5csettings.py", "//etc/passwd", "/assets//etc/passwd", "/./../app/server.py", "/%2e%2e%2f.env", "/.env", "/.git/config",
    "/assets/%00/../x", "/var/botv2.sqlite", "/secret_key", "/logs/dashboard.log", "/_dash-component-suites/..%2f..%2fetc/passwd",
    "/_dash-component-suites/dash/..%2f..%2f..%2fapp/server.py", "/assets/..;/..;/data/settings.py", "/static/app.py", "/assets/~root/.ssh/id_rsa",
)  # fmt: skip  # one a line would be a page


def test_no_path_as_it_is_written_leads_out_of_what_is_served(server: LiveServer) -> None:
    """S23: 20 payloads, unnormalised, as a browser would never send them."""
    token = server.bearer("read")["Authorization"]
    for path in PATHS:
        answer = said(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 40[04] ", answer), (path, answer[:100])
        assert not any(word in answer for word in (b"root:", b"BaseSettings", b"SQLite format", b"create_app", b"[core]"))


def resident(server: LiveServer) -> int:
    """Return the bytes of memory that the server's worker holds."""
    assert server.process is not None
    [worker] = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_ten_abusive_calls_cost_little_memory(server: LiveServer) -> None:
    """S30: bodies, pages, points, filters and ranges have bounds, or are streamed."""
    headers, url = server.bearer("read", "ingest", "control"), server.url
    event = {"event_type": "ORDER", "message": "m" * 2000, "metadata": {"x": "y" * 10_000}}
    lines = b"\n".join([json.dumps({"kind": "event", **event}).encode()] * 600)
    nested = b"[" * 4_000_000 + b"]" * 4_000_000
    names = ",".join(f"n{number}" for number in range(700))

    def post(path: str, body: Any, kind: str = "application/json") -> int:
        answer = requests.post(f"{url}{path}", data=body, headers={**headers, "Content-Type": kind}, timeout=60)
        return answer.status_code

    def get(path: str) -> int:
        with requests.get(f"{url}{path}", headers=headers, timeout=60, stream=True) as answer:
            for _ in answer.iter_content(65536):
                pass
            return answer.status_code

    calls = (
        (lambda: post("/api/monitoring/activity", b"x" * 50_000_000), {413}),
        (lambda: post("/api/monitoring/batch", b"x" * 50_000_000), {413}),
        (lambda: post("/api/monitoring/batch", nested[: 8 * 1024 * 1024]), {400, 413}),
        (lambda: post("/api/monitoring/batch", lines, "application/x-ndjson"), {200, 201, 413, 422}),
        (lambda: post("/api/monitoring/batch", iter([b"x" * 65536] * 1000)), {400, 411, 413}),
        (lambda: post("/login", b"username=" + b"x" * 20_000_000, "application/x-www-form-urlencoded"), {413}),
        (lambda: get("/api/monitoring/activity?limit=1000000000"), {400}),
        (lambda: get("/api/portfolio/equity?points=1000000000"), {400}),
        (lambda: get(f"/api/trades?symbol={names}"), {400, 414}),
        (lambda: get("/api/portfolio/equity?start=0001-01-01T00:00:00Z&end=9999-12-31T00:00:00Z"), {200, 400}),
        (lambda: get("/api/export/activity?format=json"), {200}),
    )
    for call, _ in calls[6:]:
        call()  # what is loaded or kept by the first question of its kind is no abuse
    before = resident(server)
    for place, (call, statuses) in enumerate(calls):
        try:
            assert call() in statuses, place
        except requests.ConnectionError:
            assert place in {0, 1, 4, 5}, place  # refused before all of it was sent
    assert (resident(server) - before) / 2**20 < 100
    assert requests.get(f"{url}/health", timeout=10).status_code == 200
