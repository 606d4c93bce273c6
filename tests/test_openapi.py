"""The API's document says what is served and nothing else, and the page of it works in a browser without help from elsewhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, create_model
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR  # the meta-schema of the OpenAPI Initiative
from selenium.webdriver.support.ui import WebDriverWait

from app.rest.openapi import document, rows
from app.rest.schemas import Schemas
from app.server import create_app
from app.version import API_VERSION
from tests.support.api import Api
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash import Dash
    from dash.testing.browser import Browser
    from flask.testing import FlaskClient

    from data.desk import Desk
    from data.settings import Settings

Answer = dict[str, Any]


@pytest.fixture
def backend() -> str:
    """The document is the same on both; what it says of the answers is held against both in test_contract."""
    return "sqlite"


@pytest.fixture
def described(client: "FlaskClient", bearer: dict[str, str]) -> Answer:
    response = client.get("/api/openapi.json", headers=bearer)
    assert response.status_code == 200
    answer: Answer = response.get_json()
    return answer


def test_the_document_is_openapi_3_1(described: Answer) -> None:
    assert described["openapi"] == "3.1.0"
    assert described["info"]["version"] == API_VERSION
    assert [fault.message for fault in OPENAPI_31_VALIDATOR.iter_errors(described)] == []


def test_every_route_of_the_api_is_in_the_document_and_nothing_else(app: "Dash", described: Answer) -> None:
    routes = {
        (rule.rule.count("/"), method.lower(), rule.endpoint)
        for rule in app.server.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api") and rule.endpoint != "unknown"
    }
    operations = [(path.count("/"), method) for path, item in described["paths"].items() for method in item if path not in {"/health", "/metrics"}]
    assert sorted(route[:2] for route in routes) == sorted(operations)
    assert len(list(rows(app.server))) == len(operations) + 2


def test_every_endpoint_says_what_it_answers_who_may_call_it_and_what_it_does(app: "Dash", described: Answer) -> None:
    silent = [f"{row.method} {rule}" for rule, _, row in rows(app.server) if row.returns is None and row.streams is None and not row.media]
    assert silent == []
    operations = [operation for item in described["paths"].values() for operation in item.values()]
    assert all(operation["summary"] and operation["security"] for operation in operations if operation["operationId"] != "get_health")
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_refusals_are_described_where_they_can_occur(described: Answer) -> None:
    paths = described["paths"]
    assert set(paths["/api/trades"]["get"]["responses"]) == {"200", "400", "401", "403", "414", "429", "503"}
    record = paths["/api/monitoring/activity"]["post"]
    assert set(record["responses"]) == {"201", "400", "401", "403", "409", "413", "415", "422", "429", "503", "507"}
    assert "404" in paths["/api/monitoring/positions/close"]["post"]["responses"]
    assert set(paths["/health"]["get"]["responses"]) == {"200", "400", "401", "414", "429", "503"}
    assert described["components"]["responses"]["429"]["headers"]["Retry-After"]["schema"]["type"] == "integer"
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in record["parameters"]


def test_parameters_and_bodies_are_those_that_are_validated(described: Answer) -> None:
    trades = {parameter["name"]: parameter for parameter in described["paths"]["/api/trades"]["get"]["parameters"]}
    assert (trades["symbol"]["style"], trades["symbol"]["explode"]) == ("form", False)
    assert trades["symbol"]["schema"]["maxItems"] == 100
    assert trades["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    assert "anyOf" not in trades["start"]["schema"]
    severity = described["components"]["schemas"]["EventIn"]["properties"]["severity"]
    assert "WARNING" in severity["anyOf"][0]["enum"]
    assert "[Ww][Aa][Rr]" in severity["anyOf"][1]["pattern"]
    content = described["paths"]["/api/monitoring/batch"]["post"]["requestBody"]["content"]
    assert {"application/json", "application/x-ndjson"} <= set(content)


def test_the_document_is_the_same_each_time_and_names_the_prefix_that_a_proxy_serves_it_under(
    settings: "Settings", desk: "Desk", client: "FlaskClient", bearer: dict[str, str], described: Answer
) -> None:
    assert document(create_app(settings, desk).server) == described
    prefixed = client.get("/api/openapi.json", headers=bearer, environ_overrides={"SCRIPT_NAME": "/bots"}).get_json()
    assert prefixed == described | {"servers": [{"url": "/bots"}]}


def test_two_different_shapes_of_one_name_are_refused() -> None:
    twins: list[type[BaseModel]] = [create_model("Twin", __module__=kind.__name__, field=(kind, ...)) for kind in (int, str)]
    with pytest.raises(ValueError, match="Twin"):
        Schemas(twins)


def test_document_and_page_need_the_scope_read(client: "FlaskClient", api_as: Callable[..., Api]) -> None:
    paths = ("/api/openapi.json", "/api/docs", "/api/docs/start.js")
    for path in paths:
        assert client.get(path, headers={"Sec-Fetch-Dest": "empty"}).status_code == 401
        assert client.get(path, headers=api_as("ingest").headers).status_code == 403
        with client.get(path, headers=api_as("read").headers) as response:
            assert response.status_code == 200
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert client.get("/api/docs", headers={"Accept": "text/html"}).location.endswith("/login?next=/api/docs")  # a person signs in
    for path in ("/api/docs/README.md", "/api/docs/page.html", "/api/docs/..%2Fdocs.py"):
        assert client.get(path, headers=api_as("read").headers).status_code == 404


def test_the_page_shows_the_operations_and_tries_one_with_the_session(signed_in: "Browser", live_server: LiveServer) -> None:
    driver = signed_in.driver
    driver.get(f"{live_server.url}/api/docs")
    operation = "#operations-monitoring-get_api_monitoring_stats"
    WebDriverWait(driver, 20).until(lambda _: len(signed_in.find_elements(".opblock-tag")) >= 3)
    for heading in signed_in.find_elements(".opblock-tag[data-is-open=false]"):
        heading.click()
    signed_in.wait_for_element(f"{operation} button.opblock-summary-control").click()
    signed_in.wait_for_element(f"{operation} button.execute").click()
    WebDriverWait(driver, 20).until(lambda _: "total_events" in signed_in.find_element(f"{operation} .live-responses-table").text)
    assert signed_in.get_logs() == []
