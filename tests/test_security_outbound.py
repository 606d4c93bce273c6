"""The server calls nobody: whatever addresses it is sent, it looks up no name and opens no connection but to its own store."""

import ast
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api import BATCHED, Api
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

INSIDE = "169.254.169.254/latest/meta-data"
PAYLOADS = (
    f"http://{INSIDE}", "http://127.0.0.1:22/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://0/",
    "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1.nip.io/", "http://rebind.example/",
    "http://xn--lcalhost-q1a.example/", "http://①②⑦.⓪.⓪.①/", f"http://user@{INSIDE}", f"http://public.example@{INSIDE}", "https://10.0.0.1/",
    "https://192.168.0.1:8443/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", f"json://{INSIDE}", "syslog://127.0.0.1", "dict://127.0.0.1:11211",
    "http://[fd00:ec2::254]/", "//169.254.169.254/", "ftp://127.0.0.1/",
)  # fmt: skip  # one a line would be a page
CALLERS = {"urllib.request", "http.client", "requests", "urllib3", "httpx", "aiohttp", "smtplib", "ftplib", "telnetlib", "client"}
BOTS = ("app/demo/", "app/replay/")  # bots, which report to an address that their person has given


@pytest.fixture
def backend() -> str:
    """A connection to PostgreSQL would be one."""
    return "sqlite"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list to which every name that is looked up and every connection that is opened adds itself."""
    found: list[Any] = []

    def note(*arguments: Any, **_: Any) -> Any:
        found.append(arguments[-1])
        raise OSError("nobody is called here")

    monkeypatch.setattr(socket, "getaddrinfo", note)
    monkeypatch.setattr(socket.socket, "connect", note)
    monkeypatch.setattr(socket.socket, "connect_ex", note)
    return found


def test_addresses_in_any_string_of_any_record_are_followed_by_nobody(client: "FlaskClient", api: Api, called: list[Any]) -> None:
    """S25: 27 addresses of what lies inside."""
    accepted = 0
    for payload in PAYLOADS:
        for kind, record in BATCHED.items():
            texts = [name for name, value in record.items() if isinstance(value, str)] + ["bot", "action_url", "url", "message", "metadata"]
            for name in texts:
                value = {"url": payload, payload: payload} if name == "metadata" else payload
                answer = client.post("/api/monitoring/batch", json={"records": [{"kind": kind, **record, name: value}]}, headers=api.headers)
                assert answer.status_code in {200, 201, 409, 422}, answer.get_data(as_text=True)
                accepted += answer.status_code < 300
        client.get("/", headers=api.headers, query_string={"next": payload, "url": payload})
        client.post("/api/annotations", json={"chart_id": "x", "date": "2025-01-01", "text": payload, "type": "custom"}, headers=api.headers)
    assert accepted > 10 * len(PAYLOADS), "most of them were to be stored"
    assert called == []
    with pytest.raises(OSError, match="nobody"):
        socket.create_connection(("127.0.0.1", 9))  # what this would have seen
    assert len(called) == 1


def test_no_module_of_the_server_holds_what_could_call_somebody() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), name)
        for folder in ("app", "callbacks", "components", "data")
        for path in (ROOT / folder).rglob("*.py")
        if not path.relative_to(ROOT).as_posix().startswith(BOTS)
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
        if name in CALLERS or name.split(".")[0] in CALLERS
    ]
    assert found == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
