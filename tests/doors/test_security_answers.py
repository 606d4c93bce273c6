"""The gate: how often a caller may come, what every answer carries, and what is written down."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.incoming import limit_class
from data.schema import AuditEntry
from data.settings import Settings
from data.store import Store
from tests.support.doors import body, build_doors


def limited(store: Store, settings: Settings) -> SimpleNamespace:
    return build_doors(store, settings.model_copy(update={"botv2_rate_limits": "on"}))


# --- how often -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "amount"),
    [("GET", "/api/monitoring/stats", 1_200), ("POST", "/api/monitoring/activity", 6_000), ("POST", "/api/monitoring/activity/clear", 120)],
)
def test_each_principal_meets_its_limit_and_learns_when_to_come_back(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, path: str, amount: int
) -> None:
    """S30: per-token rate."""
    doors = limited(store, settings)
    gate = doors.flask.wsgi_app
    monkeypatch.setattr(gate, "_app", lambda environ, start: (start("200 OK", []) and []) or [])
    client = FlaskClient(doors.flask)
    token, other = ({"Authorization": "Bearer " + doors.accounts.create_token("bot", ["read", "ingest", "control"])} for _ in range(2))
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": token["Authorization"]}
    statuses = []
    for _ in range(amount):
        list(gate(dict(environ), lambda status, _headers, _info=None: statuses.append(status)))
    assert set(statuses) == {"200 OK"}
    answer = client.open(path, method=method, headers=token)
    assert (answer.status_code, body(answer)["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert client.open(path, method=method, headers=other).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/monitoring/pulse"),
        ("POST", "/_dash-update-component"),
        ("GET", "/_dash-component-suites/x.js"),
        ("GET", "/assets/live.js"),
        ("GET", "/socket.io/"),
        ("POST", "/socket.io/"),
    ],
)
def test_what_the_pages_repeat_is_not_counted(method: str, path: str) -> None:
    assert limit_class({"REQUEST_METHOD": method, "PATH_INFO": path}) is None


def test_limits_can_be_switched_off(client: FlaskClient, bearer: Any) -> None:
    token = bearer("control")
    assert {client.post("/api/monitoring/activity/clear", headers=token).status_code for _ in range(130)} == {200}


# --- what every answer carries -----------------------------------------------------------------------------------------

CSP = (
    "default-src 'self'; script-src 'self' 'sha256-x='; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/monitoring", 200),
        ("/nothing", 404),
        ("/broken", 500),
        ("/assets/x.css", 200),
        ("/socket.io/", 200),
        ("/socket.io/?break", 500),
        ("/login", 200),
        ("/api/monitoring/stats?token=x", 400),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_answer_carries_the_security_headers(store: Store, settings: Settings, path: str, status: int, scheme: str) -> None:
    """S15, S16: the pages', the sockets', the errors' and the static files' alike; S36: no versions."""
    asked = []

    def hashes() -> list[str]:
        asked.append(1)
        return ["'sha256-x='"]

    doors = build_doors(store, settings, csp_hashes=hashes)
    assert not asked
    client, token = doors.client(), {"Authorization": "Bearer " + doors.accounts.create_token("bot", ["read"])}
    for headers in (token, {"Authorization": "Bearer wrong"}):
        answer = client.get(path, headers=headers, base_url=f"{scheme}://localhost")
        assert answer.status_code == (status if headers is token else answer.status_code)
        assert answer.headers["Content-Security-Policy"] == CSP
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")
        assert "Server" not in answer.headers
    assert asked == [1]


def test_answer_keeps_the_caching_that_it_chose(doors: SimpleNamespace, bearer: Any) -> None:
    doors.flask.after_request(lambda response: response.headers.set("Cache-Control", "max-age=60") or response)
    assert doors.client().get("/monitoring", headers=bearer("read")).headers.getlist("Cache-Control") == ["max-age=60"]


@pytest.mark.parametrize("path", ["/socket.io/?break"])
def test_unexpected_error_shows_its_request_id_and_nothing_else(
    client: FlaskClient, bearer: Any, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """S35: no trace, path, SQL or version."""
    answer = client.get(path, headers=bearer("read"))
    assert (answer.status_code, body(answer)["error"]["code"]) == (500, "internal")
    assert answer.headers["X-Request-Id"] in body(answer)["error"]["message"]
    assert answer.headers["X-Request-Id"] in caplog.text
    assert not any(word in answer.text for word in ("RuntimeError", "passwd", "SELECT", "Traceback"))


@pytest.mark.parametrize("error", [StopIteration, ConnectionError])
def test_signals_of_the_socket_server_pass(doors: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, bearer: Any, error: type[Exception]) -> None:
    """A WebSocket that has ended says so by these."""

    def ended(_environ: Any, _start: Any) -> None:
        raise error

    monkeypatch.setattr(doors.flask.wsgi_app, "_app", ended)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/socket.io/", "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": bearer("read")["Authorization"]}
    with pytest.raises(error):
        doors.flask.wsgi_app(environ, lambda *_: None)


# --- what is written down ------------------------------------------------------------------------------------------------


def test_refusals_are_in_the_audit_log_without_a_secret(client: FlaskClient, store: Store, bearer: Any) -> None:
    """S34: every refusal, once a minute and caller."""
    reader = bearer("read")
    for _ in range(3):
        client.get("/api/monitoring/stats", headers={"Authorization": "Bearer bv2_canary"})
        client.post("/api/monitoring/activity", headers=reader)
        client.post("/login/once/canary", headers={"Origin": "null"})
    with store.read() as connection:
        rows = [row for row in connection.execute(select(AuditEntry.__table__)) if row.action.startswith("refused.")]
    assert [(row.actor, row.action, row.target) for row in rows] == [
        ("anonymous", "refused.401", "/api/monitoring/stats"),
        ("token:1 bot", "refused.403", "/api/monitoring/activity"),
        ("anonymous", "refused.403", "/login"),
    ]
    assert "canary" not in str(rows)
    assert rows[0].address == "127.0.0.1"


def test_gate_costs_a_bot_less_than_a_tenth_of_a_millisecond(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    doors = limited(store, settings)
    gate = doors.flask.wsgi_app
    monkeypatch.setattr(gate, "_app", lambda _environ, start: start("200 OK", []) or [])
    token = "Bearer " + doors.accounts.create_token("bot", ["ingest"])
    path = "/api/monitoring/activity"
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": token}
    durations = []
    for _ in range(500):
        start = time.perf_counter()
        gate(dict(environ), lambda *_: None)
        durations.append(time.perf_counter() - start)
    assert sorted(durations)[250] < 1e-4
