"""The gate: who gets past it, and from which site."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.incoming import local_path, public_endpoint
from tests.support.doors import body, sign_in

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
EVERYWHERE = [
    "/",
    "/monitoring",
    "/nothing",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_reload-hash",
    "/_favicon.ico",
    "/_mcp",
    "/metrics",
    "/docs",
    "/assets/x.css",
    "/api/monitoring/stats",
    "/api/nothing",
    "/socket.io/",
    "/login/",
    "/login/once/",
    "/login/once/a/b",
    "/Login",
    "//login",
    "/health/",
    "/healthz",
    "/logout",
]


# --- who ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_nothing_answers_a_stranger(client: FlaskClient, path: str, accept: str) -> None:
    """S1: deny by default."""
    answer = client.get(f"http://localhost{path}", headers={"Accept": accept})
    assert answer.status_code in {302, 401}
    if answer.status_code == 302:
        assert answer.location.startswith("/login")
    else:
        assert body(answer)["error"]["code"] == "unauthenticated"
        assert set(body(answer)) == {"success", "error", "timestamp"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/health", "/_dash-update-component", "/api/monitoring/activity", "/socket.io/"])
def test_no_method_answers_a_stranger(client: FlaskClient, method: str, path: str) -> None:
    """S1: whatever the method."""
    assert client.open(path, method=method, headers=BROWSER).status_code == 401


def test_public_endpoints_are_these_and_no_others(client: FlaskClient) -> None:
    """S1: the allow-list."""
    assert [path for path in EVERYWHERE if public_endpoint("GET", path)] == []
    assert client.get("/health").status_code == 200
    assert client.get("/login").status_code == 200
    assert client.get("/login/once/anything").status_code == 200


@pytest.mark.parametrize("path", ["/", "/monitoring", "/nothing"])
def test_page_leads_a_person_to_the_sign_in_and_back(client: FlaskClient, path: str) -> None:
    answer = client.get(path + "?bot=a%20b", headers=BROWSER)
    assert answer.status_code == 302
    assert answer.location == "/login?next=" + path + "%3Fbot%3Da%2520b"
    assert client.get("/", headers=BROWSER).location == "/login"


@pytest.mark.parametrize("path", ["/api/monitoring/stats", "/_dash-layout", "/socket.io/", "/assets/x.css"])
def test_machinery_gets_json_even_when_it_asks_for_html(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (401, "application/json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_token_counts_before_the_cookie_and_a_wrong_one_is_refused_with_a_good_cookie(client: FlaskClient, bearer: Any) -> None:
    sign_in(client)
    assert body(client.get("/api/monitoring/stats"))["name"] == "admin"
    assert body(client.get("/api/monitoring/stats", headers=bearer("read")))["name"] == "bot"
    assert body(client.get("/api/monitoring/stats", headers={"Authorization": "bearer  " + bearer("read")["Authorization"][7:]}))["name"] == "bot"
    for wrong in ("Bearer bv2_wrong", "Bearer", "Bearer ", "bearer x"):
        answer = client.get("/api/monitoring/stats", headers={"Authorization": wrong})
        assert (answer.status_code, body(answer)["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("query", ["token=bv2_x", "a=1&access_token=x", "api_key=", "TOKEN=x", "%74oken=x"])
def test_token_in_an_address_is_refused(client: FlaskClient, bearer: Any, query: str) -> None:
    """S27: in the header only."""
    answer = client.get(f"/api/monitoring/stats?{query}", headers=bearer("read"))
    assert (answer.status_code, body(answer)["error"]["code"]) == (400, "bad_request")


def test_query_that_only_speaks_of_tokens_passes(client: FlaskClient, bearer: Any) -> None:
    assert client.get("/api/monitoring/stats?q=token%20api_key", headers=bearer("read")).status_code == 200


def test_caller_cannot_name_himself(client: FlaskClient) -> None:
    assert client.get("/api/monitoring/stats", environ_overrides={"botv2.principal": "admin"}).status_code == 401


# --- sockets -------------------------------------------------------------------------------------------------------

WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x"}


@pytest.mark.parametrize("headers", [{}, WEBSOCKET], ids=["polling", "websocket"])
def test_socket_is_closed_to_strangers(client: FlaskClient, headers: dict[str, str]) -> None:
    """S2: the gate stands in front of the sockets."""
    assert client.get("/socket.io/?EIO=4&transport=polling", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:81"},
    ],
)
@pytest.mark.parametrize("how", ["cookie", "token"])
def test_socket_is_closed_to_foreign_pages(client: FlaskClient, bearer: Any, headers: dict[str, str], how: str) -> None:
    """S2: by Origin and Sec-Fetch-Site."""
    sign_in(client)
    forged = {**headers, "X-Forwarded-Host": "evil.example", **(bearer("read") if how == "token" else {})}
    assert client.get("/socket.io/?EIO=4", headers={**forged, **WEBSOCKET}).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}])
def test_socket_is_open_to_the_own_page_and_to_programs(client: FlaskClient, bearer: Any, headers: dict[str, str]) -> None:
    assert client.get("/socket.io/?EIO=4", headers={**headers, **bearer("read")}).status_code == 200
    sign_in(client)
    assert client.get("/socket.io/?EIO=4", headers=headers).status_code == 200


def test_socket_needs_the_scope_read(client: FlaskClient, bearer: Any) -> None:
    """S2: a bot that may only write must not listen."""
    assert client.get("/socket.io/?EIO=4", headers=bearer("ingest", "control")).status_code == 403


def test_forwarded_host_does_not_reach_the_socket_server(client: FlaskClient, bearer: Any) -> None:
    """S2: it would take it for the host that an Origin must match."""
    answer = client.get("/socket.io/", headers={**bearer("read"), "X-Forwarded-Host": "evil.example"})
    assert answer.text == "no forwarded host"


# --- from which site -------------------------------------------------------------------------------------------------

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://localhost"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/login", "/logout", "/login/once/x", "/api/monitoring/activity", "/_dash-update-component"])
def test_foreign_page_can_change_nothing(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    """S13: whatever changes state looks at Origin and Sec-Fetch-Site, sign-in and sign-out too."""
    sign_in(client)
    answer = client.post(path, headers=headers)
    assert (answer.status_code, body(answer)["error"]["code"]) == (403, "cross_site")


def test_foreign_origin_is_refused_with_a_token_too(client: FlaskClient, bearer: Any) -> None:
    """S13: no cross-origin reads or writes are configured."""
    answer = client.post("/api/monitoring/activity", headers={**bearer("ingest"), "Origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_own_page_curl_and_a_page_behind_a_tls_proxy_can(client: FlaskClient, headers: dict[str, str]) -> None:
    """S13: curl with a cookie works."""
    sign_in(client)
    assert client.post("/api/monitoring/activity", headers=headers).status_code == 200


def test_foreign_page_may_link_here(client: FlaskClient) -> None:
    sign_in(client)
    assert client.get("/monitoring", headers={"Sec-Fetch-Site": "cross-site", **BROWSER}).status_code == 200


# --- where a sign-in leads ------------------------------------------------------------------------------------------

PAYLOADS = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "///evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil",
    "evil.example",
    "",
    "?x",
    "@evil.example",
    "data:text/html,x",
    "/\r\nLocation:https://evil.example",
    "/a\\..\\b",
    "\u2028//evil.example",
    "/\u00a0/evil",
    "/login",
    "/logout",
    "/login/once/x",
    "/" + "a" * 5000,
]


@pytest.mark.parametrize("wanted", PAYLOADS)
def test_sign_in_leads_to_no_other_site(wanted: str) -> None:
    """S21: a path on this server, or the start page."""
    assert local_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/monitoring", "/monitoring?bot=a%20b&q=//x", "/a/b.c", "/straße"])
def test_sign_in_leads_back_to_own_pages(wanted: str) -> None:
    assert local_path(wanted) == wanted
