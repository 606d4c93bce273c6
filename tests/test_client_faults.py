"""The client before a server that refuses, fails, lies or says nothing: a scripted one on loopback."""

import contextlib
import json
import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from client import Monitor
from client.patience import Pace
from client.verdict import Step, judge
from client.wire import Answer, Wire
from tests.support.processes import free_port
from tests.support.waiting import until

QUICK = Pace(gather=0.01, first=0.02, longest=0.05, barred=0.05, calm=0.1)
TOKEN = "bv2_a-token-that-nobody-may-see"


@dataclass
class Request:
    """One batch as it came."""

    key: str
    body: bytes
    at: float

    @property
    def messages(self) -> list[str]:
        return [record.get("message") or record["kind"] for record in json.loads(self.body)["records"]]


@dataclass
class Reply:
    """One answer: `raw` in place of an envelope; `cut` closes the connection without one, `stored` says that it was kept all the same."""

    status: int = 201
    code: str = ""
    fields: dict[str, str] | None = None
    headers: dict[str, str] | None = None
    raw: bytes | None = None
    cut: bool = False
    stored: bool = False

    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        error = {"code": self.code, "message": f"no: {TOKEN}", "fields": self.fields or {}}
        return json.dumps({"success": True} if self.status < 300 else {"success": False, "error": error}).encode()


STORED = Reply()


class Scripted:
    """Answers batches by a script, then stores whatever comes, each key once, as the real server does."""

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[Request], Reply]] = []
        self.requests: list[Request] = []
        self.stored: dict[str, Request] = {}
        self.connections: set[Any] = set()
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                scripted.connections.add(self.client_address)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                scripted.answer(self, Request(self.headers["Idempotency-Key"], body, time.monotonic()))

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def answer(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        self.requests.append(request)
        step = self.script.pop(0) if self.script and request.key not in self.stored else STORED
        reply = step(request) if callable(step) else step
        if reply.stored or (reply.status == 201 and reply.raw is None and not reply.cut):
            self.stored.setdefault(request.key, request)
        if reply.cut:
            handler.close_connection = True
            return
        content = reply.content()
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(content)), **(reply.headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    @property
    def messages(self) -> list[str]:
        """Return what is stored, in order."""
        return [message for request in self.stored.values() for message in request.messages]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def monitor_to() -> Iterator[Callable[..., Monitor]]:
    made: list[Monitor] = []

    def make(url: str, **options: Any) -> Monitor:
        made.append(Monitor(url, TOKEN, **({"pace": QUICK} | options)))
        return made[-1]

    yield make
    for monitor in made:
        monitor.close(0)


def report(monitor: Monitor, *messages: str) -> None:
    for message in messages:
        monitor.log_event("ORDER", message)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(503, "storage_busy"),
        Reply(507, "storage_full"),
        Reply(429, "rate_limited", headers={"Retry-After": "0"}),
        Reply(500, "internal"),
        Reply(502, raw=b"<html>Bad Gateway</html>"),
        Reply(503, "storage_busy", stored=True),
        Reply(cut=True),
        Reply(cut=True, stored=True),
        Reply(201, raw=b"<html>Welcome to this hotel's network</html>"),
        Reply(200, raw=b'{"success": "yes"}'),
        Reply(201, raw=b"[" * 100_000),
        Reply(201, raw=b"\xff\x00garbage", stored=True),
        Reply(201, headers={"Content-Length": "-5", "Connection": "close"}, raw=b"", stored=True),
        Reply(201, raw=b"{", headers={"Content-Length": "nonsense", "Connection": "close"}, stored=True),
    ],
    ids=lambda reply: f"{reply.status}{'-cut' * reply.cut}{'-stored' * reply.stored}",
)
def test_after_a_failure_the_same_bytes_come_again_under_the_same_key(
    trouble: Reply, scripted: Scripted, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scripted.script = [trouble, trouble]
    monitor = monitor_to(scripted.url)
    report(monitor, "a", "b", "c")
    assert monitor.flush()
    assert {request.key for request in scripted.requests[:3]} == {scripted.requests[0].key}
    assert {request.body for request in scripted.requests[:3]} == {scripted.requests[0].body}
    assert scripted.messages == ["a", "b", "c"]
    assert (monitor.sent, monitor.refused, monitor.dropped, monitor.waiting) == (3, 0, 0, 0)
    assert caplog.text.count("takes no records") <= 1  # once, not for every try
    assert TOKEN not in caplog.text


def test_it_waits_as_long_as_the_server_asks(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    scripted.script = [Reply(429, "rate_limited", headers={"Retry-After": "1"})]
    monitor = monitor_to(scripted.url)
    report(monitor, "a")
    assert monitor.flush()
    first, second = scripted.requests
    assert second.at - first.at >= 1


@pytest.mark.parametrize(
    ("given", "seconds"), [("7", 7), ("0", 0), ("99999999", 300), ("9" * 400, 300), ("-3", None), ("soon", None), ("", None), ("1.5", None)]
)
def test_retry_after_is_read_with_care(given: str, seconds: float | None, scripted: Scripted) -> None:
    scripted.script = [Reply(503, "storage_busy", headers={"Retry-After": given})]
    with contextlib.closing(Wire(scripted.url, TOKEN)) as wire:
        assert wire.request("POST", "/", b"{}", {"Idempotency-Key": "k"}).retry_after == seconds


def test_retry_after_may_be_a_date(scripted: Scripted) -> None:
    scripted.script = [Reply(503, "x", headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)})]
    with contextlib.closing(Wire(scripted.url, TOKEN)) as wire:
        assert 50 < (wire.request("POST", "/", b"{}", {"Idempotency-Key": "k"}).retry_after or 0) <= 60


@pytest.mark.parametrize(("status", "code"), [(422, "invalid_fields"), (404, "not_found"), (403, "forbidden")])
def test_a_refused_record_alone_is_dropped_and_the_rest_comes_under_a_new_key(
    status: int, code: str, scripted: Scripted, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    scripted.script = [Reply(status, code, {"records[1].size": "must be above 0", "records[1].side": "is required", "records[999].x": "?"})]
    monitor = monitor_to(scripted.url)
    report(monitor, "a", "b", "c")
    assert monitor.flush()
    assert [request.messages for request in scripted.requests] == [["a", "b", "c"], ["a", "c"]]
    assert scripted.requests[0].key != scripted.requests[1].key
    assert (monitor.sent, monitor.refused) == (2, 1)
    assert "event: size must be above 0; side is required" in caplog.text
    assert TOKEN not in caplog.text


def test_a_batch_of_one_may_be_refused_without_an_index(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    scripted.script = [Reply(404, "not_found", {"position_id": "is not open for this bot"})]
    monitor = monitor_to(scripted.url)
    monitor.close_position("p", 1.0, 1.0)
    assert monitor.flush()
    assert (monitor.sent, monitor.refused, len(scripted.requests)) == (0, 1, 1)


@pytest.mark.parametrize("refusal", [Reply(413, "too_large"), Reply(413, raw=b"<html>"), Reply(400, "not_json"), Reply(422, "invalid_fields")])
def test_a_batch_that_is_refused_as_a_whole_is_halved_until_the_culprit_is_found(
    refusal: Reply, scripted: Scripted, monitor_to: Callable[..., Monitor]
) -> None:
    def answer(request: Request) -> Reply:
        return refusal if "bad" in request.messages else STORED

    scripted.script = [answer] * 20
    monitor = monitor_to(scripted.url)
    report(monitor, "a", "b", "c", "bad", "d", "e")
    assert monitor.flush()
    assert scripted.messages == ["a", "b", "c", "d", "e"]
    assert (monitor.sent, monitor.refused) == (5, 1)
    assert len({request.key for request in scripted.requests}) == len(scripted.requests)


def test_after_a_413_the_next_batches_are_smaller(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    scripted.script = [lambda request: Reply(413, "too_large") if len(request.body) > 200_000 else STORED] * 50
    monitor = monitor_to(scripted.url)
    for round_ in range(2):
        report(monitor, *[f"{round_}{number:03} " + "x" * 1_900 for number in range(200)])
        assert monitor.flush()
    assert [message[:4] for message in scripted.messages] == [f"{round_}{number:03}" for round_ in range(2) for number in range(200)]
    assert sum(len(request.body) > 200_000 for request in scripted.requests) <= 3


def test_a_record_over_which_the_server_breaks_again_and_again_does_not_block_the_others(
    scripted: Scripted, monitor_to: Callable[..., Monitor]
) -> None:
    scripted.script = [lambda request: Reply(500, "internal") if "bad" in request.messages else STORED] * 100
    monitor = monitor_to(scripted.url, pace=Pace(gather=0.01, first=0.001, longest=0.001))
    report(monitor, "a", "bad", "b")
    assert monitor.flush(20)
    assert scripted.messages == ["a", "b"]
    assert monitor.refused == 1
    assert len(scripted.requests) > 20


@pytest.mark.parametrize(
    "barred",
    [
        Reply(401, "unauthenticated"),
        Reply(403, "forbidden"),
        Reply(404, "not_found"),
        Reply(302, raw=b"", headers={"Location": "/login"}),
        Reply(307, raw=b"", headers={"Location": "/api/monitoring/batch"}),
        Reply(405, "method_not_allowed"),
        Reply(400, raw=b"The plain HTTP request was sent to HTTPS port"),
        Reply(422, raw=b"{}"),
    ],
    ids=lambda reply: str(reply.status),
)
def test_what_bars_the_whole_is_logged_once_and_loses_nothing(
    barred: Reply, scripted: Scripted, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    scripted.script = [barred] * 4
    monitor = monitor_to(scripted.url)
    report(monitor, "a", "b")
    assert monitor.flush()
    assert scripted.messages == ["a", "b"]
    assert len({request.key for request in scripted.requests}) == 1
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert TOKEN not in caplog.text


def test_a_barred_client_ends_at_once_when_it_is_closed(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    scripted.script = [Reply(401, "unauthenticated")] * 1_000
    monitor = monitor_to(scripted.url, pace=Pace(gather=0.01))
    report(monitor, "a")
    until(lambda: scripted.requests)
    assert not monitor.close(60)  # the test's own time limit is shorter
    assert monitor.waiting == 1
    assert len(scripted.requests) <= 2


def test_a_key_that_is_taken_at_the_first_try_is_changed(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    scripted.script = [Reply(409, "conflict", {"Idempotency-Key": "is taken by another body"})]
    monitor = monitor_to(scripted.url)
    report(monitor, "a")
    assert monitor.flush()
    assert scripted.messages == ["a"]
    assert scripted.requests[0].key != scripted.requests[1].key


def test_a_key_that_is_taken_after_an_unanswered_try_is_ours_and_nothing_is_doubled(
    scripted: Scripted, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    scripted.script = [Reply(cut=True), Reply(409, "conflict"), Reply(409, "conflict")]
    monitor = monitor_to(scripted.url)
    report(monitor, "a")
    assert monitor.flush()
    assert (len(scripted.requests), scripted.messages, monitor.refused) == (2, [], 1)
    assert "not sent again" in caplog.text


def test_one_connection_carries_many_batches(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    monitor = monitor_to(scripted.url)
    for number in range(5):
        report(monitor, str(number))
        assert monitor.flush()
    assert len(scripted.requests) == 5
    assert len(scripted.connections) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_without_a_word(
    scripted: Scripted, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    scripted.script = [STORED, Reply(cut=True)]
    monitor = monitor_to(scripted.url)
    for message in "ab":
        report(monitor, message)
        assert monitor.flush()
    assert scripted.messages == ["a", "b"]
    assert not caplog.records


def test_order_is_kept_through_failures_refusals_and_halves(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    troubles: list[Reply | Callable[[Request], Reply]] = [
        Reply(503, "storage_busy"),
        Reply(413, "too_large"),
        Reply(422, "invalid_fields", {"records[0].message": "no"}),
        Reply(cut=True, stored=True),
    ]
    scripted.script = troubles * 3
    monitor = monitor_to(scripted.url)
    for number in range(300):
        report(monitor, f"{number:03}")
        if number % 50 == 0:
            time.sleep(0.02)
    assert monitor.flush(20)
    assert scripted.messages == sorted(set(scripted.messages))
    assert len(scripted.messages) == monitor.sent == 300 - monitor.refused


def test_a_log_handler_that_fails_does_not_stop_the_sender(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError(record.getMessage())

    handler = Failing()
    logging.getLogger("botv2.client").addHandler(handler)
    scripted.script = [Reply(503, "storage_busy"), Reply(422, "invalid_fields", {"records[0].x": "?"}), Reply(409, "conflict")]
    try:
        monitor = monitor_to(scripted.url)
        report(monitor, "a", "b")
        assert monitor.flush()
    finally:
        logging.getLogger("botv2.client").removeHandler(handler)
    assert (scripted.messages, monitor.refused) == (["b"], 1)


# --- servers that say nothing ------------------------------------------------------------------------------------


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_never_answers_does_not_hold_the_bot_and_the_buffer_stays_bounded(silent_url: str, monitor_to: Callable[..., Monitor]) -> None:
    monitor = monitor_to(silent_url, buffer_records=100, heartbeat_seconds=1)
    for number in range(5_000):
        report(monitor, str(number))
    assert monitor.waiting <= 200
    assert monitor.waiting + monitor.dropped == 5_000
    assert not monitor.flush(0.05)
    assert monitor.get_statistics(timeout=0.1) is None
    assert not monitor.close(0.05)


@pytest.mark.parametrize("server", ["blocked", "down", "refusing"])
def test_a_report_takes_the_bot_no_5_ms_whatever_the_server_does(
    server: str, silent_url: str, scripted: Scripted, monitor_to: Callable[..., Monitor]
) -> None:
    """R29: 19 of 20 calls, because the machine itself may hold up one."""
    scripted.script = [Reply(422, "invalid_fields", {"records[0].x": "?"})] * 3_000
    url = {"blocked": silent_url, "down": f"http://127.0.0.1:{free_port()}", "refusing": scripted.url}[server]
    monitor = monitor_to(url, buffer_records=100)
    taken = []
    for number in range(1_000):
        began = time.perf_counter()
        report(monitor, str(number))
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[950] < 0.005
    assert monitor.dropped > 0
    monitor.close(0.05)


def test_drops_are_reported_once_the_server_takes_records_again(scripted: Scripted, monitor_to: Callable[..., Monitor]) -> None:
    let_go = threading.Event()

    def hang(_: Request) -> Reply:
        let_go.wait(10)
        return STORED

    scripted.script = [hang]
    monitor = monitor_to(scripted.url, buffer_records=4)
    report(monitor, "first")
    until(lambda: scripted.requests)
    for number in range(3):
        monitor.record("position", position_id="p", message=str(number))
    report(monitor, "a", "b", "c", "d")
    monitor.record("trade", trade_id="t")
    let_go.set()
    until(lambda: not monitor.waiting and len(scripted.messages) > 5)
    reports = [record for request in scripted.requests for record in json.loads(request.body)["records"] if record.get("event_type") == "SYSTEM"]
    assert [told["severity"] for told in reports] == ["WARNING"]
    assert reports[0]["metadata"].pop("since").endswith("Z")
    assert reports[0]["metadata"] == {"dropped": 4, "by_kind": {"position": 3, "event": 1}}
    assert [message for message in scripted.messages if "dropped" not in message] == ["first", "b", "c", "d", "trade"]
    assert (monitor.dropped, monitor.sent) == (4, 5)


def test_a_heartbeat_is_sent_once_after_a_long_silence_not_once_for_each_that_was_missed(
    scripted: Scripted, monitor_to: Callable[..., Monitor]
) -> None:
    scripted.script = [Reply(503, "storage_busy")] * 10
    monitor_to(scripted.url, heartbeat_seconds=0.05)
    until(lambda: len(scripted.stored) >= 2)
    assert all(request.messages == ["Heartbeat"] for request in scripted.requests)
    assert len({request.key for request in scripted.requests[:11]}) == 1


def test_an_exit_is_not_held_up_by_a_server_that_never_answers(silent_url: str, monitor_to: Callable[..., Monitor]) -> None:
    monitor = monitor_to(silent_url)
    report(monitor, "a")
    until(lambda: monitor._sender._pending)
    began = time.monotonic()
    assert not monitor.close(0.2)
    assert time.monotonic() - began < 10  # and not the 20 s for which the thread waits for an answer


def test_https_is_spoken_and_a_certificate_of_nobodys_is_refused(
    tmp_path: Path, monitor_to: Callable[..., Monitor], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    scripted = Scripted()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    scripted.server.socket = context.wrap_socket(scripted.server.socket, server_side=True)
    url = scripted.url.replace("http:", "https:")
    try:
        stranger = monitor_to(url)
        report(stranger, "a")
        until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text)
        assert not scripted.requests
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        friend = monitor_to(url)
        report(friend, "b")
        assert friend.flush()
        assert scripted.messages == ["b"]
        stranger.close(0)
        friend.close()
    finally:
        scripted.close()


def test_a_verdict_is_found_for_every_status() -> None:
    for status in [0, *range(100, 600)]:
        for code in ("", "x"):
            step = judge(Answer(status, code=code), 3).step
            assert step is not Step.WITHOUT  # no record is named
            assert step is not Step.DONE  # no success is claimed
