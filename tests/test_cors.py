"""Pages of foreign origins: those in BOTV2_CORS_ORIGINS may read with a token; nobody else's may, and none may write."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from data.errors import Refused
from data.settings import Settings

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from data.desk import Desk

FRIEND, STRANGER = "https://desk.example", "https://evil.example"
PATH = "/api/monitoring/stats"
CORS = "Access-Control-Allow-"


@pytest.fixture
def backend() -> str:
    """The gate speaks to the store through `Accounts` alone, which has its tests on both databases."""
    return "sqlite"


@pytest.fixture
def settings(store_url: str, tmp_path: Any) -> Settings:
    return Settings.load(
        database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_cors_origins=f"{FRIEND}, http://localhost:3000"
    )


@pytest.fixture
def preflight(client: "FlaskClient") -> Callable[..., "TestResponse"]:
    def ask(origin: str, method: str = "GET", path: str = PATH) -> "TestResponse":
        headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
        return client.options(path, headers={**headers, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})

    return ask


def allowances(response: "TestResponse") -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith(CORS)}


def test_a_named_origin_may_ask_before_it_reads_and_needs_no_sign_in_for_that(preflight: Callable[..., "TestResponse"]) -> None:
    for origin in (FRIEND, "http://localhost:3000"):
        response = preflight(origin)
        assert response.status_code == 204
        assert response.headers[f"{CORS}Origin"] == origin
        assert "Authorization" in response.headers[f"{CORS}Headers"]
        assert response.headers[f"{CORS}Methods"] == "GET, HEAD"
        assert f"{CORS}Credentials" not in response.headers
        assert "Origin" in response.headers["Vary"]


def test_nobody_else_may_and_nobody_may_write(preflight: Callable[..., "TestResponse"]) -> None:
    for response in (
        preflight(STRANGER),
        preflight(f"{FRIEND}.evil.example"),
        preflight("null"),
        preflight(FRIEND, "POST"),
        preflight(FRIEND, "DELETE"),
        preflight(FRIEND, path="/"),
        preflight(FRIEND, path="/_dash-layout"),
    ):
        assert response.status_code in {302, 401}
        assert set(allowances(response)) <= {f"{CORS}Origin"}
        assert f"{CORS}Methods" not in response.headers


def test_a_read_with_a_token_is_shown_to_the_named_origin_alone(client: "FlaskClient", bearer: dict[str, str]) -> None:
    for origin, shown in ((FRIEND, {f"{CORS}Origin": FRIEND}), (STRANGER, {}), ("null", {})):
        response = client.get(PATH, headers={**bearer, "Origin": origin, "Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 200
        assert allowances(response) == shown
        assert response.headers["Vary"] == "Origin"
    refused = client.get(PATH, headers={"Authorization": "Bearer bv2_wrong", "Origin": FRIEND})
    assert (refused.status_code, allowances(refused)) == (401, {f"{CORS}Origin": FRIEND})  # so that the page can say why


def test_a_cookie_does_not_count_for_a_read_from_elsewhere(client: "FlaskClient", desk: "Desk") -> None:
    password = desk.accounts.ensure_admin()
    cookie = desk.accounts.sign_in("admin", password or "", address="127.0.0.1")
    client.set_cookie("session", cookie or "")
    assert client.get(PATH).status_code == 200
    assert client.get(PATH, headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}).status_code == 200
    for origin in (FRIEND, STRANGER, "null"):
        assert client.get(PATH, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}).status_code == 401


def test_a_write_from_a_named_origin_stays_refused(client: "FlaskClient", bearer: dict[str, str]) -> None:
    response = client.post(PATH + "/reset", headers={**bearer, "Origin": FRIEND, "Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, response.get_json()["error"]["code"]) == (403, "cross_site")
    assert allowances(response) == {}


def test_without_the_setting_nothing_is_added(store_url: str, desk: "Desk", bearer: dict[str, str]) -> None:
    from app.server import create_app

    plain = create_app(Settings.load(database_url=store_url, botv2_rate_limits="off"), desk).server.test_client()
    response = plain.get(PATH, headers={**bearer, "Origin": FRIEND})
    assert (response.status_code, allowances(response), response.headers.get("Vary")) == (200, {}, None)


@pytest.mark.parametrize(
    "origins",
    ["*", "https://a.example/", "https://a.example/path", "a.example", "null", "ftp://a.example", "https://a.example:443", "https://*.a.example"],
)
def test_what_is_no_origin_stops_the_start(origins: str) -> None:
    with pytest.raises(Refused) as refusal:
        Settings.load(botv2_cors_origins=f"https://good.example,{origins}")
    assert list(refusal.value.fields) == ["BOTV2_CORS_ORIGINS"]


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTV2_CORS_ORIGINS", "https://A.example, http://[::1]:8080,")
    assert Settings.load().cors_origins == {"https://a.example", "http://[::1]:8080"}
    monkeypatch.setenv("BOTV2_CORS_ORIGINS", "")
    assert Settings.load().cors_origins == frozenset()
