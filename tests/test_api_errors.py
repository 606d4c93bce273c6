"""Whatever is wrong with a request: the right status, as JSON, with what is wrong named, and nothing stored."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import ALERT, CLOSE, CONTROLS, EVENT, MONITORING, POSITION, RECORDING, SIGNAL, Api, checked_envelope, without

ApiAs = Callable[..., Api]
READS = ("/activity", "/activity/export", "/signals", "/positions", "/alerts", "/stats", "/api/trades", "/api/trades/stats")
POSTS = (*RECORDING, *CONTROLS, "/batch")


def full(path: str) -> str:
    return path if path.startswith("/api") else MONITORING + path


def test_without_a_token_every_endpoint_is_401_in_json(client: Any) -> None:
    for path in READS:
        assert checked_envelope(client.get(full(path)))["error"]["code"] == "unauthenticated"
        assert client.get(full(path)).status_code == 401
    for path in POSTS:
        for headers in ({}, {"Authorization": "Bearer bv2_wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}):
            response = client.post(full(path), json={}, headers=headers)
            assert response.status_code == 401
            assert "Bearer" in response.headers["WWW-Authenticate"]
            checked_envelope(response)


def test_each_scope_opens_what_it_names_and_nothing_else(api_as: ApiAs) -> None:
    read, ingest, control = api_as("read"), api_as("ingest"), api_as("control")
    for path in READS:
        assert read.client.get(full(path), headers=read.headers).status_code == 200
        for other in (ingest, control):
            assert other.get(path, 403)["error"]["code"] == "forbidden"
    for path, body in RECORDING.items():
        ingest.post(path, body)
        for other in (read, control):
            assert other.post(path, body, 403)["error"]["code"] == "forbidden"
    ingest.batch({"kind": "event", **EVENT})
    read.batch({"kind": "event", **EVENT}, status=403)
    for path in CONTROLS:
        control.post(path)
        for other in (read, ingest):
            assert other.post(path, None, 403)["error"]["code"] == "forbidden"


def test_a_token_that_is_bound_to_a_bot_speaks_for_no_other(api_as: ApiAs) -> None:
    alpha = api_as("read", "ingest", bot="alpha")
    for path, body in RECORDING.items():
        answer = alpha.post(path, body)
        record = next(value for name, value in answer.items() if name in {"event", "signal", "position", "alert"})
        assert record["bot"] == "alpha"
        refused = alpha.post(path, {**body, "bot": "beta"}, 403)["error"]
        assert (refused["code"], list(refused["fields"])) == ("forbidden", ["bot"])
    assert alpha.post("/activity", {**EVENT, "bot": "alpha"}, 201)["event"]["bot"] == "alpha"


def test_unknown_paths_are_404_and_wrong_methods_405_in_json(api: Api) -> None:
    for path in (
        "/",
        "/nothing",
        "/activity/",
        "/activity/nothing",
        "/alerts/1",
        "/api/nothing",
        "/api/",
        "/api",
        "/api/trades/1/2",
        "/signals/update/x",
    ):
        for method in ("get", "post", "delete"):
            response = getattr(api.client, method)(full(path), headers=api.headers)
            assert response.status_code == 404, (method, path)
            assert checked_envelope(response)["error"]["code"] == "not_found"
    for method, path in (
        ("delete", "/activity"), ("put", "/positions"), ("patch", "/alerts"), ("get", "/batch"), ("post", "/stats"), ("get", "/positions/close"),
        ("get", "/activity/clear"), ("post", "/activity/export"), ("delete", "/api/trades"),
    ):  # fmt: skip  # a table
        response = getattr(api.client, method)(full(path), headers=api.headers)
        assert response.status_code == 405, (method, path)
        assert checked_envelope(response)["error"]["code"] == "method_not_allowed"
        assert response.headers["Allow"]


def test_another_media_type_is_415(api: Api) -> None:
    for path in RECORDING:
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""):
            response = api.send(path, b'{"a": 1}', content_type)
            assert response.status_code == 415, (path, content_type)
            assert checked_envelope(response)["error"]["code"] == "unsupported_media_type"


def test_what_is_not_json_is_400_and_unknown_parameters_too(api: Api) -> None:
    for path in (*RECORDING, "/batch"):
        response = api.send(path, b'{"message": "m",}')
        assert response.status_code == 400
        assert checked_envelope(response)["error"]["code"] == "not_json"
    for path, body in RECORDING.items():
        assert list(api.post(f"{path}?verbose=1", body, 400)["error"]["fields"]) == ["verbose"]
    for path in READS:
        assert list(api.get(path, 400, verbose=1)["error"]["fields"]) == ["verbose"]


REQUIRED = {
    "/activity": (EVENT, {"event_type", "message"}),
    "/signals/update": (SIGNAL, {"strategy_name", "symbol", "signal_type", "confidence"}),
    "/positions/update": (POSITION, {"position_id", "symbol", "side", "entry_price", "current_price", "size"}),
    "/positions/close": (CLOSE, {"position_id", "final_pnl", "final_pnl_pct"}),
    "/alerts": (ALERT, {"title", "message", "severity"}),
}


def test_every_missing_and_every_unknown_field_is_named(api: Api) -> None:
    for path, (record, required) in REQUIRED.items():
        assert set(api.post(path, {}, 422)["error"]["fields"]) == required
        assert set(api.post(path, {"x": 1, "id": 5}, 422)["error"]["fields"]) == required | {"x", "id"}
        for name in required:
            assert list(api.post(path, without(record, name), 422)["error"]["fields"]) == [name]
            assert list(api.post(path, {**record, name: None}, 422)["error"]["fields"]) == [name]


def test_one_bad_field_refuses_the_whole_record_and_later_reads_still_work(api: Api) -> None:
    api.post("/positions/update", POSITION)
    before = [without(api.get(path), "timestamp") for path in ("/activity", "/signals", "/positions")]
    bad: list[tuple[str, dict[str, Any], str]] = [
        ("/positions/update", {**POSITION, "size": 0}, "size"),
        ("/positions/update", {**POSITION, "entry_price": -1}, "entry_price"),
        ("/positions/update", {**POSITION, "current_price": 0}, "current_price"),
        ("/positions/update", {**POSITION, "side": "UP"}, "side"),
        ("/positions/update", {**POSITION, "unrealized_pnl": "100"}, "unrealized_pnl"),
        ("/positions/update", {**POSITION, "opened_at": "2026-01-01"}, "opened_at"),
        ("/positions/close", {**CLOSE, "final_pnl": "1"}, "final_pnl"),
        ("/activity", {**EVENT, "severity": "LOUD"}, "severity"),
        ("/activity", {**EVENT, "metadata": []}, "metadata"),
        ("/activity", {**EVENT, "metadata": "{}"}, "metadata"),
        ("/activity", {**EVENT, "bot": ""}, "bot"),
        ("/activity", {**EVENT, "bot": "b" * 201}, "bot"),
        ("/signals/update", {**SIGNAL, "indicators": {"rsi": None}}, "indicators.rsi"),
        ("/signals/update", {**SIGNAL, "indicators": {"rsi": True}}, "indicators.rsi"),
        ("/signals/update", {**SIGNAL, "indicators": {"rsi": {"x": 1}}}, "indicators.rsi"),
    ]
    for path, record, field in bad:
        assert list(api.post(path, record, 422)["error"]["fields"]) == [field], record
    assert [without(api.get(path), "timestamp") for path in ("/activity", "/signals", "/positions")] == before
    assert api.post("/positions/update", {**POSITION, "size": 0.2}, 200)["position"]["id"] == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_metadata_and_texts_go_up_to_their_bounds_and_no_further(api: Api) -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {} if levels == 1 else {"a": nested(levels - 1)}

    for good in ({"x": "y" * 16_000}, {"€": "€" * 5_000}, nested(8), {"a": [[[[[[[1]]]]]]]}, {"": ""}, {"n": None, "b": [True, 1.5, -(2**63) + 1]}):
        assert api.post("/activity", {**EVENT, "metadata": good}, 201)["event"]["metadata"] == good
    for bad in ({"x": "y" * 17_000}, {"€": "€" * 6_000}, nested(9), {"a": [[[[[[[[1]]]]]]]]}, {"a": "\0"}, {"\0": 1}, {"n": 2**63}, {"n": 2**64}):
        assert list(api.post("/activity", {**EVENT, "metadata": bad}, 422)["error"]["fields"]) == ["metadata"]
    indicators = {f"{number:03}" * 10: 1.5 for number in range(500)}
    assert list(api.post("/signals/update", {**SIGNAL, "indicators": indicators}, 422)["error"]["fields"]) == ["indicators"]
    assert api.post("/activity", {**EVENT, "message": "m" * 2000}, 201)
    assert api.post("/activity", {**EVENT, "message": "m" * 2001}, 422)
    assert api.post("/signals/update", {**SIGNAL, "symbol": "s" * 200}, 200)
    assert api.post("/signals/update", {**SIGNAL, "symbol": "s" * 201}, 422)
    assert [event["metadata"] for event in api.get("/activity", limit=1)["events"]] == [EVENT["metadata"]]
