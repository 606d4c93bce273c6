"""What an attacker sends to the whole app: statements, paths, forged arguments, foreign fields; and what an error tells of us."""

import re
from collections.abc import Iterator
from itertools import cycle, islice, product
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from data.records import WRITE_MODELS
from data.schema import Base
from data.store import Store
from tests.support.api import ALERT, BATCHED, EVENT, POSITION, RECORDING, SIGNAL, TRADE, Api

if TYPE_CHECKING:
    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # none of this is the database's
SEEDED = "seeded-canary-bot"
QUOTES = ("'", '"', "')", "`", "\\'", "1", "1)", "%27", "\u2019", "x")
STATEMENTS = (
    " OR 1=1", "; DROP TABLE journal", " UNION SELECT password_hash FROM user_account", " AND SLEEP(5)", "; SELECT pg_sleep(5)",
    "; ATTACH DATABASE '/tmp/x' AS x", " OR 'a'='a", "; COPY journal TO PROGRAM 'id'", "; UPDATE user_account SET role='admin'", " ORDER BY 99",
)  # fmt: skip  # one a line would be a page
STATEMENTS_200 = tuple(map("".join, product(QUOTES, STATEMENTS, (" --", " /*"))))
NAMES = {"bot", "strategy", "symbol", "q"}
READS_A_PAYLOAD = 3


def rows(app: "Dash") -> dict[str, Any]:
    """Return the rows that serve, by route and method."""
    views = app.server.view_functions
    return {
        f"{row.method} {rule.rule}": row
        for rule in app.server.url_map.iter_rules()
        if (row := getattr(views[rule.endpoint], "botv2_endpoint", None)) is not None
    }


def counted(store: Store) -> dict[str, int]:
    """Return how many rows each table holds, but for those in which every request leaves a trace."""
    with store.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
            if name not in {"audit", "counter", "alert_firing"}
        }


def seed(api: Api) -> None:
    seeded = ({"kind": "event", **EVENT}, {"kind": "signal", **SIGNAL}, {"kind": "position", **POSITION}, {"kind": "alert", **ALERT})
    api.batch(*({**record, "bot": SEEDED} for record in (*seeded, {"kind": "trade", **TRADE})))


def signed_in(app: "Dash", desk: "Desk") -> "FlaskClient":
    """Return an admin's browser: some questions are no token's business."""
    admin = app.server.test_client()
    admin.set_cookie("session", desk.accounts.sign_in("admin", desk.accounts.ensure_admin() or "", address="127.0.0.1") or "")
    return admin


def questions(app: "Dash") -> Iterator[tuple[str, str]]:
    """Yield every parameter of every question, round and round."""
    paths = {key.split()[1]: row for key, row in rows(app).items() if row.method == "GET" and row.query is not None and "<" not in key}
    return cycle([(path, field) for path, row in sorted(paths.items()) for field in row.query.model_fields])


def test_statements_in_any_parameter_name_or_record_are_text(app: "Dash", api: Api, store: Store, desk: "Desk") -> None:
    """S19: 200 payloads; nothing is run, nothing of others comes back, no 5xx."""
    seed(api)
    client = signed_in(app, desk)
    before, asked, wrong = counted(store), questions(app), []
    for payload in STATEMENTS_200:
        for path, field in islice(asked, READS_A_PAYLOAD):
            response = client.get(path, query_string={field: payload})
            if response.status_code not in {200, 400, 404, 422} or (field in NAMES and SEEDED in response.get_data(as_text=True)):
                wrong.append((response.status_code, path, field, payload))
            response.close()
        if (status := client.get(f"/api/market/{payload}").status_code) != 404:
            wrong.append((status, "/api/market", "", payload))
    assert wrong == []
    assert counted(store) == before
    for start in range(0, 200, 50):
        payloads = STATEMENTS_200[start : start + 50]
        named = [{"kind": "event", **EVENT, "bot": payload, "message": payload, "metadata": {payload: payload}} for payload in payloads]
        api.batch(*named, *({"kind": "trade", **TRADE, "trade_id": payload, "symbol": payload, "strategy": payload} for payload in payloads))
    after = counted(store)
    assert after["trade"] == before["trade"] + 200
    assert after["user_account"] == before["user_account"]
    for payload in STATEMENTS_200[::20]:
        assert {event["bot"] for event in api.get("/activity", bot=payload.replace("\\", "\\\\").replace(",", "\\,"))["events"]} == {payload}


FORGED = ("?bot=nobody", "?bot=%27%20OR%201%3D1%20--&symbol=x", "bot=nobody", "", "javascript:alert(1)", "__class__", "password_hash", "x" * 100_000)


@ON_SQLITE
def test_forged_arguments_of_callbacks_show_nothing_that_was_not_asked_for_and_break_nothing(
    app: "Dash", api: Api, client: "FlaskClient", caplog: pytest.LogCaptureFixture
) -> None:
    """S18: a forged value of a dropdown has no data; a column that is none is no column."""
    seed(api)
    wrong = []
    for output, callback in app.callback_map.items():
        if "callback" not in callback:
            continue
        ends = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=False)) for name in output.strip(".").split("...")]
        for forged in FORGED:
            parts = {part: [{**end, "value": forged} for end in callback[part]] for part in ("inputs", "state")}
            body = {"output": output, "outputs": ends if len(ends) > 1 else ends[0], **parts, "changedPropIds": []}
            response = client.post("/_dash-update-component", json=body, headers=api.headers)
            follows = any(end["property"] == "search" for end in callback["inputs"])
            if response.status_code >= 500 or (follows and forged == FORGED[0] and SEEDED in response.get_data(as_text=True)):
                wrong.append((response.status_code, output, forged[:40], response.get_data(as_text=True)[:200]))
    assert wrong == []
    assert "could not be drawn" not in caplog.text


TRAVERSALS = [
    f"{before}{steps}{target}"
    for before, (steps, target) in product(
        ("/assets/", "/_dash-component-suites/dash/", "/_dash-component-suites/", "/api/docs/"),
        (
            ("../../data/", "settings.py"), ("..%2f..%2fdata%2f", "settings.py"), ("%2e%2e/%2e%2e/data/", "settings.py"),
            ("....//....//data/", "settings.py"), ("/", "etc/passwd"), ("..\\..\\data\\", "settings.py"), ("..%c0%af..%c0%af", "etc/passwd"),
        ),
    )
]  # fmt: skip  # a table


@ON_SQLITE
def test_no_path_leads_to_a_file_that_is_not_served(client: "FlaskClient", bearer: dict[str, str]) -> None:
    """S23: what is served are the assets, by their names."""
    assert len(TRAVERSALS) >= 20
    for path in TRAVERSALS:
        response = client.get(path, headers=bearer)
        assert response.status_code == 404, path
        assert not any(word in response.get_data(as_text=True) for word in ("BaseSettings", "root:", "Traceback"))


@ON_SQLITE
def test_no_caller_sets_what_only_the_server_knows(app: "Dash", api: Api, desk: "Desk") -> None:
    """S29: separate models in and out; whoever and whatever a record is, is not the sender's to say."""
    admin = signed_in(app, desk)
    foreign: dict[str, Any] = {"is_admin": True, "id": 7, "received_at": "2020-01-01T00:00:00Z", "role": "admin", "user_id": 1, "digest": "x"}
    for key, row in rows(app).items():
        if row.body is None or row.read_body is not None:
            continue
        path = re.sub("<.*?>", "1", key.split()[1])
        own = {name: value for name, value in foreign.items() if name not in row.body.model_fields}
        caller, headers = (admin, {}) if "/people" in path else (api.client, api.headers)
        response = caller.open(path, method=row.method, json=own, headers=headers)
        assert response.status_code == 422, (key, response.get_data(as_text=True))
        assert own.keys() <= set(response.get_json()["error"]["fields"]), key
        assert own.keys() >= {"is_admin", "received_at"}
    for kind, record in BATCHED.items():
        own = {name: value for name, value in foreign.items() if name not in WRITE_MODELS[kind].model_fields}
        answer = api.post("/batch", {"records": [{"kind": kind, **record, **own}]}, 422)
        assert {name.rpartition(".")[2] for name in answer["error"]["fields"]} >= own.keys() >= {"is_admin", "id", "received_at"}, kind
    assert api.get("/stats")["statistics"]["total_events"] == 0


@ON_SQLITE
def test_no_route_allows_a_foreign_origin_unasked(app: "Dash", client: "FlaskClient", bearer: dict[str, str]) -> None:
    """S14: without the setting no answer carries an allowance, whatever it is."""
    paths = sorted({key.split()[1] for key in rows(app) if "<" not in key} | {"/", "/login", "/assets/x", "/_dash-layout", "/nothing"})
    assert len(paths) >= 20
    for path in paths:
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
            response = client.open(path, method=method, headers={**bearer, **asked})
            assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")], path
            response.close()


SECRETS = ("RuntimeError", "Traceback", "/etc/passwd", "SELECT 1", ".py", "sqlite", "Werkzeug", "gunicorn", "Dash/", "canary")


@ON_SQLITE
@pytest.mark.parametrize(
    ("layer", "broken", "method", "path"),
    [
        ("the gate", "data.accounts.Accounts.resolve_token", "GET", "/api/monitoring/stats"),
        ("an endpoint", "data.desk.Desk.statistics", "GET", "/api/monitoring/stats"),
        ("the store", "data.store.Store.read", "GET", "/api/alerts"),
        ("a write", "data.journal.Journal.append", "POST", "/api/monitoring/activity"),
        ("the sign-in", "data.accounts.Accounts.sign_in", "POST", "/login"),
        ("a template", "app.signin.render_template", "GET", "/login"),
        ("the layout", "app.pages.build_layout", "GET", "/_dash-layout"),
        ("the document", "app.pages.index._personal", "GET", "/"),
        ("a callback", "callbacks.panels.drawing", "POST", "/_dash-update-component"),
    ],
)
def test_an_error_in_any_layer_tells_its_number_and_nothing_of_us(
    app: "Dash", client: "FlaskClient", bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    layer: str, broken: str, method: str, path: str,
) -> None:  # fmt: skip  # the fixtures in one line
    """S35: the request's number, under which the log tells what happened."""

    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("canary secret /etc/passwd SELECT 1 Traceback")

    body: dict[str, Any] | None = EVENT if method == "POST" and path != "/login" else None
    if layer == "a callback":
        output = next(output for output, callback in app.callback_map.items() if output.endswith("drawing.data") and "callback" in callback)
        made = app.callback_map[output]
        ends = {"id": output.rpartition(".")[0], "property": "data"}
        body = {"output": output, "outputs": ends, "inputs": [{**end, "value": ""} for end in made["inputs"]], "changedPropIds": []}
        body["state"] = [{**end, "value": ""} for end in made["state"]]
    monkeypatch.setattr(broken, fail)
    response = client.open(path, method=method, json=body, headers={} if path == "/login" else bearer)
    text = response.get_data(as_text=True)
    assert not [word for word in SECRETS if word in text], layer
    assert "canary secret" in caplog.text, layer
    assert response.status_code == 500, layer
    number = response.headers["X-Request-Id"]
    assert number in response.get_json()["error"]["message"]
    assert any(number in (getattr(record, "request_id", ""), *record.getMessage().split()) for record in caplog.records)


@ON_SQLITE
def test_debugging_other_protocols_and_versions_are_off(app: "Dash", client: "FlaskClient", bearer: dict[str, str]) -> None:
    """S36: the document of a page names no version of what runs; there is no debugger, no protocol for models, no metrics for strangers."""
    assert app.server.debug is False
    page = client.get("/", headers=bearer).get_data(as_text=True)
    assert "_dash-config" in page
    assert not [word for word in ("python_version", "dash_version", "plotly_version") if word in page]
    for path in ("/_mcp", "/mcp", "/console", "/?__debugger__=yes&cmd=resource&f=style.css", "/metrics", "/api/docs", "/api/openapi.json", "/"):
        assert client.get(path).status_code in {302, 401}
    for path in ("/_mcp", "/mcp", "/console"):
        assert client.get(path, headers=bearer).status_code == 404
        assert client.post(path, json={"jsonrpc": "2.0", "method": "initialize", "id": 1}, headers=bearer).status_code in {404, 405}
    assert set(RECORDING) == {"/activity", "/signals/update", "/positions/update", "/positions/close", "/alerts"}
