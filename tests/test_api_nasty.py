"""The fixed list of nasty values, against every POST endpoint: refused each, and the server is as good as before."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from data.records import WRITE_MODELS
from tests.support.api import BATCHED, CONTROLS, RECORDING, Api, checked_envelope
from tests.support.nasty import BODIES, NOT_NUMBERS, NOT_TEXT, bodies_with

if TYPE_CHECKING:
    from dash import Dash

NUMBERS = {
    "/signals/update": ("confidence",),
    "/positions/update": ("entry_price", "current_price", "size"),
    "/positions/close": ("final_pnl", "final_pnl_pct"),
}
TEXTS = {
    "/activity": ("event_type", "message"),
    "/signals/update": ("strategy_name", "symbol", "signal_type"),
    "/positions/update": ("position_id", "symbol", "side"),
    "/positions/close": ("position_id",),
    "/alerts": ("title", "message", "severity"),
}


def refused(api: Api, path: str, body: bytes, content_type: str = "application/json") -> str | None:
    """Return what is wrong with the answer to a nasty body: None for a 4xx in the promised form."""
    response = api.send(path, body, content_type)
    if not 400 <= response.status_code < 500:
        return f"{path}: {response.status_code} for {body[:80]!r}…: {response.get_data()[:200]!r}"
    checked_envelope(response)
    return None


def assert_untouched(api: Api) -> None:
    counted = api.get("/stats")["statistics"]
    assert [counted[name] for name in ("total_events", "total_signals", "total_positions", "active_positions", "total_alerts_sent")] == [0] * 5
    assert counted["last_update"] is None
    for path in ("/activity", "/signals", "/positions", "/alerts"):
        assert api.get(path)["count"] == 0
    assert api.post("/activity", RECORDING["/activity"], 201)["event"]["id"] == 1


def test_a_nasty_value_in_any_required_field_is_refused(api: Api) -> None:
    wrong = [
        refused(api, path, body)
        for path, record in RECORDING.items()
        for field in (*TEXTS[path], *NUMBERS.get(path, ()))
        for _, body in bodies_with(record, field)
    ]
    assert [fault for fault in wrong if fault] == []
    assert_untouched(api)


def test_a_number_is_a_json_number_and_a_text_a_json_text(api: Api) -> None:
    wrong = [
        refused(api, path, json.dumps({**RECORDING[path], field: value}).encode())
        for table, values in ((NUMBERS, NOT_NUMBERS), (TEXTS, NOT_TEXT))
        for path, fields in table.items()
        for field in fields
        for value in values
    ]
    assert [fault for fault in wrong if fault] == []
    assert_untouched(api)


def test_a_nasty_body_is_refused_by_every_endpoint_that_takes_one(api: Api) -> None:
    wrong = [refused(api, path, body) for path in (*RECORDING, "/batch") for body in BODIES.values()]
    wrong += [refused(api, "/batch", body, "application/x-ndjson") for body in BODIES.values()]
    assert [fault for fault in wrong if fault] == []
    assert_untouched(api)


def test_clears_and_resets_take_no_body_but_an_empty_object(api: Api) -> None:
    wrong = [refused(api, path, body) for path in CONTROLS for name, body in BODIES.items() if name not in {"nothing", "an empty object"}]
    wrong += [refused(api, path, b'{"all": true}') for path in CONTROLS]
    assert [fault for fault in wrong if fault] == []
    assert_untouched(api)
    for path in CONTROLS:
        api.post(path, {})
        assert api.client.post(f"/api/monitoring{path}", headers=api.headers).status_code == 200


def test_nasty_records_are_refused_in_batches(api: Api) -> None:
    wrong = []
    for kind, record in BATCHED.items():
        for field in [name for name, info in WRITE_MODELS[kind].model_fields.items() if info.is_required()]:
            for _, body in bodies_with({"kind": kind, **record}, field):
                wrong.append(refused(api, "/batch", body, "application/x-ndjson"))
                wrong.append(refused(api, "/batch", b'{"records": [' + body + b"]}"))
    assert [fault for fault in wrong if fault] == []
    assert_untouched(api)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_accepted_extreme_is_read_back_as_it_was(api: Api) -> None:
    record = {
        **RECORDING["/positions/update"],
        "size": 5e-324,
        "entry_price": 1e18,
        "unrealized_pnl": -0.1,
        "position_id": "\ud7ff🂡' OR 1=1 --<script>",
    }
    assert record.items() <= api.post("/positions/update", record, 200)["position"].items()
    assert record.items() <= api.get("/positions")["positions"][0].items()


def test_a_malformed_call_of_a_callback_is_refused_and_a_nasty_value_in_one_breaks_nothing(
    app: "Dash", client: FlaskClient, bearer: dict[str, str]
) -> None:
    nasty: tuple[Any, ...] = (None, 0, "", [], {}, [1], {"a": 1}, "a\0")
    failed: list[str] = []

    def call(body: dict[str, Any], *allowed: int) -> None:
        status = client.post("/_dash-update-component", json=body, headers=bearer).status_code
        if status not in allowed:
            failed.append(f"{status} for {body}"[:300])

    for output, callback in app.callback_map.items():
        names = output.strip(".").split("...")
        ends = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=False)) for name in names]
        inputs, state = ([{**end, "value": None} for end in callback[part]] for part in ("inputs", "state"))
        body = {"output": output, "outputs": ends if len(ends) > 1 else ends[0], "inputs": inputs, "state": state, "changedPropIds": []}
        if "callback" not in callback:
            call(body, 400)  # it runs in the browser
            continue
        for part in ("outputs", "inputs", "state"):
            for value in nasty:
                if value != body[part]:
                    call({**body, part: value}, 400)
        refusals = (400,) if inputs[0]["id"].endswith("-wanted") else (403, 422)  # a table that asks for no rows; a person who may not
        for value in nasty:
            for part, number in [("inputs", number) for number in range(len(inputs))] + [("state", number) for number in range(len(state))]:
                filled = [{**end, "value": value} if place == number else end for place, end in enumerate(body[part])]
                call({**body, part: filled}, 200, 204, *refusals)
    assert failed == []
