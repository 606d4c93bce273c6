"""The list of nasty values against every other endpoint that takes a body: refused each with a 4xx, and nothing stored is touched."""

from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from app.rest.endpoint import ROW
from tests.support.api import CANDLE, CLOSE, POSITION, SNAPSHOT, TRADE, Api, checked_envelope, without
from tests.support.nasty import BODIES, bodies_with

if TYPE_CHECKING:
    from dash import Dash

    from data.desk import Desk

STRATEGY = {
    "name": "swing", "description": "d", "parameters": {"a": 1}, "enabled": True, "max_position_size": 1, "max_daily_loss": 1,
    "max_drawdown": 0.1, "starting_balance": 100,
}  # fmt: skip  # a table
ANNOTATION = {"chart_id": "equity", "date": "2025-01-01T00:00:00Z", "text": "t", "type": "news", "color": "#ff0000", "icon": "flag"}
RULE = {"name": "mine", "condition": "drawdown", "severity": "WARNING", "threshold": 5, "cooldown_seconds": 60, "enabled": True}
ENDING = {
    "notes": "n", "tags": ["a"], "exit_price": 1, "exit_time": "2025-02-01T00:00:00Z", "exit_reason": "r", "fees": 1, "slippage": 1, "net_pnl": 1,
}  # fmt: skip  # as above

# A body that is accepted, per endpoint that takes one.
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/portfolio"): SNAPSHOT,
    ("POST", "/api/portfolio/starting-balance"): {"starting_balance": 100},
    ("POST", "/api/trades"): TRADE,
    ("PATCH", "/api/trades/<int:record_id>"): ENDING,
    ("POST", "/api/strategies"): STRATEGY,
    ("PATCH", "/api/strategies/<int:record_id>"): without(STRATEGY, "name"),
    ("POST", "/api/market/<path:symbol>/ohlcv"): {"timeframe": "1h", "candles": [without(CANDLE, "symbol", "timeframe")]},
    ("POST", "/api/annotations"): ANNOTATION,
    ("PATCH", "/api/annotations/<int:record_id>"): without(ANNOTATION, "chart_id"),
    ("POST", "/api/alerts/rules"): RULE,
    ("PATCH", "/api/alerts/rules/<int:record_id>"): {**without(RULE, "condition"), "name": "other"},
    ("PUT", "/api/preferences/<path:name>"): {"value": "de"},
    ("POST", "/api/people/users"): {"name": "anna"},
    ("PATCH", "/api/people/users/<int:number>"): {"role": "viewer"},
    ("POST", "/api/people/me/password"): {"present": "x", "password": "another password"},
    ("POST", "/api/people/me/two-factor"): {"present": "x"},
    ("POST", "/api/people/me/two-factor/confirm"): {"code": "123456"},
    ("POST", "/api/people/me/two-factor/codes"): {"present": "x"},
    ("POST", "/api/people/me/two-factor/off"): {"present": "x"},
    ("POST", "/api/people/tokens"): {"name": "mine", "scopes": ["read"]},
}
PERSONAL = ("/api/preferences/", "/api/people/")  # of people, whose own tests send nasty bodies; a token, as here, has none of it
# What is right in some field: null where a field may be empty, a boolean in a switch, an object in free parameters.
RIGHT = {
    ("null in a required field", "description"), ("null in a required field", "parameters"), ("null in a required field", "max_position_size"),
    ("null in a required field", "max_daily_loss"), ("null in a required field", "max_drawdown"), ("null in a required field", "starting_balance"),
    ("null in a required field", "color"), ("null in a required field", "icon"), ("null in a required field", "threshold"),
    ("null in a required field", "timestamp"), ("null in a required field", "notes"), ("null in a required field", "tags"),
    ("null in a required field", "exit_reason"), ("null in a required field", "fees"), ("null in a required field", "slippage"),
    ("null in a required field", "net_pnl"), ("null in a required field", "exit_price"), ("true", "enabled"), ("an object", "parameters"),
}  # fmt: skip  # a table


def rows(app: "Dash") -> dict[tuple[str, str], Any]:
    """Return method and path of every endpoint outside of the monitoring API that changes something -> its row."""
    found = {}
    for rule in app.server.url_map.iter_rules():
        row = getattr(app.server.view_functions[rule.endpoint], ROW, None)
        if row is not None and row.method != "GET" and not rule.rule.startswith("/api/monitoring"):
            found[row.method, rule.rule] = row
    return found


@pytest.fixture
def ids(api: Api) -> dict[str, Any]:
    """One row of each kind that can be changed: its path's parameter by the beginning of its path."""
    api.post("/positions/update", POSITION)
    api.post("/positions/close", {**CLOSE, "final_pnl_pct": 9})  # its rule raises an alert
    return {
        "/api/trades": api.post("/api/trades", TRADE)["data"]["id"],
        "/api/strategies": api.post("/api/strategies", {"name": "there"})["data"]["id"],
        "/api/annotations": api.post("/api/annotations", ANNOTATION)["data"]["id"],
        "/api/alerts/rules": api.post("/api/alerts/rules", {**RULE, "name": "there"})["data"]["id"],
        "/api/alerts": api.get("/api/alerts")["data"]["alerts"][0]["id"],
        "/api/market": "BTC%2FUSDT",
        "/api/preferences": "language",
        "/api/people/users": 1,
    }


def filled(path: str, ids: dict[str, Any]) -> str:
    for begin, value in ids.items():
        if path.startswith(begin + "/<"):
            return (
                path.replace("<int:record_id>", str(value))
                .replace("<path:symbol>", str(value))
                .replace("<path:name>", str(value))
                .replace("<int:number>", str(value))
            )
    return path


def send(client: FlaskClient, api: Api, method: str, path: str, body: bytes) -> str | None:
    """Return what is wrong with the answer to a nasty body: None for a 4xx in the promised form."""
    response = client.open(path, method=method, data=body, content_type="application/json", headers=api.headers)
    if not 400 <= response.status_code < 500:
        return f"{method} {path}: {response.status_code} for {body[:80]!r}…: {response.get_data()[:200]!r}"
    checked_envelope(response)
    return None


def test_every_endpoint_that_takes_a_body_has_an_example_here(app: "Dash") -> None:
    assert {key for key, row in rows(app).items() if row.body is not None} == set(GOOD)


def test_a_nasty_value_in_any_field_is_refused_and_nothing_changes(
    app: "Dash", client: FlaskClient, api: Api, desk: "Desk", ids: dict[str, Any]
) -> None:
    before = desk.versions()
    wrong = [
        send(client, api, method, filled(path, ids), body)
        for (method, path), good in GOOD.items()
        for field in good
        for name, body in bodies_with(good, field)
        if (name, field) not in RIGHT
    ]
    wrong += [
        send(client, api, "POST", filled("/api/market/<path:symbol>/ohlcv", ids), b'{"timeframe": "1h", "candles": [' + body + b"]}")
        for field in ("timestamp", "open", "high", "low", "close")
        for _, body in bodies_with(without(CANDLE, "symbol", "timeframe"), field)
    ]
    assert [fault for fault in wrong if fault] == []
    assert desk.versions() == before


def test_a_nasty_body_is_refused_by_every_endpoint(app: "Dash", client: FlaskClient, api: Api, desk: "Desk", ids: dict[str, Any]) -> None:
    before = desk.versions()
    none_needed = {"nothing", "an empty object"}
    wrong = [
        send(client, api, method, filled(path, ids), body)
        for (method, path), row in rows(app).items()
        for name, body in BODIES.items()
        if row.body is not None or name not in none_needed
    ]
    assert [fault for fault in wrong if fault] == []
    assert desk.versions() == before


def test_a_nasty_number_in_a_path_is_nothing_there(app: "Dash", client: FlaskClient, api: Api) -> None:
    nasty = ("0", "-1", "1.5", "x", "9223372036854775807", "9223372036854775808", "9" * 400, "%00", "%F0%9F%82%A1", "1%2F2")
    wrong = []
    for (method, path), _row in rows(app).items():
        if "<int:" in path:
            for value in nasty:
                response = client.open(path.replace("<int:record_id>", value), method=method, json=GOOD.get((method, path), {}), headers=api.headers)
                if response.status_code not in {404, 405, 409}:
                    wrong.append(f"{method} {path} {value[:20]}: {response.status_code}")
    assert wrong == []


def test_what_is_good_is_accepted(app: "Dash", client: FlaskClient, api: Api, ids: dict[str, Any]) -> None:
    for (method, path), good in GOOD.items():
        response = client.open(filled(path, ids), method=method, json=good, headers=api.headers)
        assert response.status_code in ({403} if path.startswith(PERSONAL) else {200, 201}), (method, path, response.get_data())
