"""The gate: from where a request comes and whom it asks for, told by proxies and by the Host header."""

import socket
import ssl
from types import SimpleNamespace
from typing import Any

import pytest

from app.gate import Gate
from data.settings import Settings
from data.store import Store
from tests.support.doors import PASSWORD, body, build_doors, sign_in


class Doors:
    """A server behind this many proxies, and what was handed on by its gate."""

    def __init__(self, made: SimpleNamespace, settings: Settings) -> None:
        self.made, self.environ = made, dict[str, Any]()
        behind = made.flask.wsgi_app._app
        made.flask.wsgi_app = Gate(lambda environ, start: self.environ.update(environ) or behind(environ, start), made.accounts, settings)

    def get(self, *, peer: str = "127.0.0.1", path: str = "/health", **headers: Any) -> Any:
        overrides = {"REMOTE_ADDR": peer} | {name: value for name, value in headers.items() if name.startswith(("wsgi.", "gunicorn."))}
        named = {name.replace("_", "-"): value for name, value in headers.items() if name not in overrides}
        return self.made.client().get(path, headers=named, environ_overrides=overrides)


@pytest.fixture
def behind(store: Store, settings: Settings) -> Any:
    limited = settings.model_copy(update={"botv2_rate_limits": "on"})
    made = build_doors(store, limited)
    return lambda proxies=0, hosts="": Doors(made, limited.model_copy(update={"botv2_trusted_proxies": proxies, "botv2_trusted_hosts": hosts}))


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6,198.51.100.1:4711", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "198.51.100.1"),
        (1, "[2001:db8::1]:80", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "", "203.0.113.9"),
        (1, "unknown", "203.0.113.9"),
        (1, "198.51.100.1, <script>", "203.0.113.9"),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are_trusted(behind: Any, proxies: int, told: str, address: str) -> None:
    """S12: counted from the right; what stands further left was written by anybody."""
    doors = behind(proxies)
    assert doors.get(peer="203.0.113.9", X_Forwarded_For=told).status_code == 200
    assert doors.environ["REMOTE_ADDR"] == address


def test_a_scheme_is_believed_likewise_and_gunicorns_own_belief_is_not(behind: Any) -> None:
    """S6, S12: gunicorn takes X-Forwarded-Proto of any program on this machine."""
    pair = socket.socketpair()
    wrapped = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    wrapped.check_hostname = False
    with pair[0] as plain, pair[1] as other, wrapped.wrap_socket(other, do_handshake_on_connect=False) as encrypted:
        believed = {"wsgi.url_scheme": "https", "X_Forwarded_Proto": "https"}
        for proxies, connection, told, scheme in (
            (0, plain, "https", "http"),
            (0, encrypted, "http", "https"),
            (1, plain, "https", "https"),
            (1, plain, "http, HTTPS", "https"),
            (1, plain, "https, http", "http"),
            (2, plain, "https", "https"),
            (1, plain, "gopher", "http"),
        ):
            doors = behind(proxies)
            answer = doors.get(**believed | {"X_Forwarded_Proto": told, "gunicorn.socket": connection})
            assert (answer.status_code, doors.environ["wsgi.url_scheme"]) == (200, scheme), (proxies, told)
            assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")


def test_nobody_behind_the_gate_sees_what_was_said_of_the_way(behind: Any) -> None:
    """S2, S12: the socket server would take the host that an Origin must match from it."""
    names = ("Host", "For", "Proto", "Port", "Prefix", "Server", "Ssl", "Protocol", "Scheme", "By")
    said = {f"X_Forwarded_{name}": "evil.example" for name in names} | {"Forwarded": "for=6.6.6.6;host=evil.example", "X_Real_IP": "6.6.6.6"}
    for proxies in (0, 1):
        doors = behind(proxies)
        assert doors.get(**said).status_code == 200
        assert "evil.example" not in str({name: value for name, value in doors.environ.items() if name != "werkzeug.request"})
        assert doors.environ["HTTP_HOST"] == "localhost"


def test_a_page_behind_a_proxy_with_tls_reaches_the_sockets(behind: Any) -> None:
    """S2: its Origin was judged at the gate; the socket server would compare it with a scheme that the proxy has changed."""
    for proxies, headers in (
        (1, {"X_Forwarded_Proto": "https", "Origin": "https://localhost"}),
        (0, {"Origin": "https://localhost", "Sec_Fetch_Site": "same-origin"}),
    ):
        doors = behind(proxies)
        token = "Bearer " + doors.made.accounts.create_token("page", ["read"])
        assert doors.get(path="/socket.io/?EIO=4", Authorization=token, **headers).status_code == 200
        assert "HTTP_ORIGIN" not in doors.environ
        assert doors.get(path="/socket.io/?EIO=4", Authorization=token, **headers | {"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(("proxies", "added", "guesses"), [(0, "", 10), (1, ", 203.0.113.9", 10), (1, "", 50)])
def test_a_header_that_changes_makes_no_guess_more(behind: Any, monkeypatch: pytest.MonkeyPatch, proxies: int, added: str, guesses: int) -> None:
    """S12: of fifty tries the hash sees ten, without a proxy and behind one; the third is what a proxy that is none would let through."""
    doors = behind(proxies)
    reached: list[str] = []

    def verify(_passwords: Any, _stored: str | None, password: str) -> bool:
        reached.append(password)
        return password == PASSWORD

    monkeypatch.setattr("data.accounts.passwords.Passwords.verify", verify)

    def tried(password: str, told: str, peer: str = "10.0.0.1") -> int:
        answer = sign_in(doors.made.client(), password, headers={"X-Forwarded-For": told}, environ_overrides={"REMOTE_ADDR": peer})
        return int(answer.status_code)

    statuses = [tried("wrong password", f"198.51.100.{number}{added}") for number in range(50)]
    assert (len(reached), statuses.count(401), statuses.count(429)) == (guesses, guesses, 50 - guesses)
    assert tried(PASSWORD, "192.0.2.7", peer="10.0.0.1" if proxies else "192.0.2.7") == 302


EVIL = [
    "evil.example",
    "evil.example:8050",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "EVIL.example",
    "xn--80ak6aa92e.com",
    "desk.example.",
]
BROKEN = [
    "a b",
    "evil.example/x",
    "desk.example:port",
    "desk.example:8050:1",
    "[::1",
    "user@desk.example",
    "desk.example\\x",
    "desk.example,evil.example",
]


@pytest.mark.parametrize("path", ["/health", "/login", "/monitoring", "/api/monitoring/stats", "/socket.io/?EIO=4", "/assets/x.css"])
def test_an_unknown_host_is_refused_before_anything_is_answered(behind: Any, path: str) -> None:
    """S22: under the names that are listed, and this machine's own for what runs on it."""
    doors = behind(hosts="desk.example, .inner.example, [2001:db8::1]")
    for host in (*EVIL, *BROKEN, "6.6.6.6", "eviinner.example", "[2001:db8::2]"):
        answer = doors.get(path=path, Host=host, peer="203.0.113.9")
        assert (answer.status_code, list(body(answer)["error"]["fields"])) == (400, ["Host"]), host
        assert "evil" not in answer.text
        assert "Content-Security-Policy" in answer.headers
    for host in (
        "desk.example",
        "DESK.example:8050",
        "inner.example",
        "a.b.inner.example",
        "[2001:DB8::1]:443",
        "localhost:8050",
        "127.0.0.1",
        "[::1]",
    ):
        assert doors.get(path=path, Host=host, peer="203.0.113.9").status_code != 400, host


@pytest.mark.parametrize(
    ("proxies", "peer", "host", "status"),
    [
        (0, "127.0.0.1", "localhost:8050", 200),
        (0, "127.0.0.1", "desk.localhost", 200),
        (0, "127.0.0.1", "127.0.0.2:8050", 200),
        (0, "127.0.0.1", "[::1]:8050", 200),
        (0, "127.0.0.1", "evil.example:8050", 400),
        (0, "::1", "evil.example", 400),
        (0, "::ffff:127.0.0.1", "evil.example", 400),
        (0, "192.168.1.7", "nas.local:8050", 200),
        (0, "172.18.0.1", "my_dashboard:8050", 200),
        (0, "", "desk.example", 200),
        (0, "192.168.1.7", "a b", 400),
        (1, "127.0.0.1", "desk.example", 200),
    ],
)
def test_without_a_list_a_name_that_was_made_to_lead_here_is_refused(behind: Any, proxies: int, peer: str, host: str, status: int) -> None:
    """S22: DNS rebinding, a foreign page's own name for this machine; `make run`, a network's names and a proxy's go on working."""
    assert behind(proxies).get(peer=peer, Host=host).status_code == status
