"""The real app's routes: none answers a stranger, and none is without a mark."""

import pytest
from dash import Dash
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access import mark_of
from data.schema import AuditEntry
from data.settings import Settings
from data.store import Store

# The allow-list; whoever adds a line here opens a door to everybody.
PUBLIC = {("/health", "GET"), ("/login", "GET"), ("/login", "POST"), ("/login/once/<secret>", "GET"), ("/login/once/<secret>", "POST")}
# The service worker, the manifest and its icons: the same for everybody, see tests/test_offline.py.
PUBLIC |= {(path, "GET") for path in ("/service-worker.js", "/register-worker.js", "/manifest.webmanifest")}
PUBLIC |= {(f"/icons/{name}.png", "GET") for name in ("192", "512", "maskable-512")}
BESIDE_FLASK = ["/socket.io/?EIO=4&transport=polling", "/_mcp", "/metrics", "/api/docs", "/api/openapi.json", "/api/unknown", "/unknown"]


@pytest.fixture
def backend() -> str:
    """Routes are the same on every database."""
    return "sqlite"


def routes(app: Dash) -> list[tuple[str, str, str]]:
    return [
        (rule.rule, rule.endpoint, method) for rule in app.server.url_map.iter_rules() for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def test_every_route_says_who_may_call_it(app: Dash) -> None:
    """S1: a route without a mark is closed, and a fault."""
    assert [rule for rule, endpoint, _ in routes(app) if mark_of(app.server, endpoint, rule) is None] == []


def test_no_route_but_the_allow_list_answers_a_stranger(app: Dash, client: FlaskClient) -> None:
    """S1: the REST API, the pages, Dash's own endpoints and their unknown neighbours."""
    everything = [(rule, method) for rule, _, method in routes(app)] + [(path, "GET") for path in BESIDE_FLASK]
    assert set(everything) >= PUBLIC
    for rule, method in set(everything) - PUBLIC:
        for accept in ("text/html", "application/json"):
            answer = client.open(rule.replace("<", "").replace(">", "").replace("path:", ""), method=method, headers={"Accept": accept})
            assert answer.status_code in {302, 401}, (method, rule)


def test_public_routes_change_nothing_by_a_get(client: FlaskClient, store: Store) -> None:
    """S13: no GET changes state."""
    for rule, method in PUBLIC:
        if method == "GET":
            assert client.get(rule.replace("<secret>", "secret")).status_code == 200
    with store.read() as connection:
        actions = [row.action for row in connection.execute(select(AuditEntry.__table__))]
    assert not [action for action in actions if not action.startswith("user.")]


def test_the_key_that_signs_is_made_at_the_first_start_and_kept_for_its_owner_alone(app: Dash, settings: Settings) -> None:
    """S7: no default secret."""
    path = settings.botv2_data_dir / "secret_key"
    assert app.server.secret_key == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
