"""Batches: all records or none, as JSON or line by line."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.api import BATCHED, CLOSE, EVENT, POSITION, TRADE, Api, checked_envelope


def kinds(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"kind": kind, **record, **changes.get(kind, {})} for kind, record in BATCHED.items()]


def ndjson(*records: Any) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def test_a_batch_takes_every_kind(api: Api) -> None:
    answer = api.batch(*kinds())
    assert answer["accepted"] == 8
    assert isinstance(answer["last_id"], int)
    counted = api.get("/stats")["statistics"]
    assert [counted[name] for name in ("total_events", "total_signals", "total_positions", "active_positions")] == [1, 1, 1, 0]
    assert api.get("/api/trades")["data"]["total"] == 2
    assert api.get("/activity")["events"][0]["id"] < answer["last_id"]


def test_lines_of_json_are_a_batch_too(api: Api) -> None:
    body = ndjson(*kinds()).replace(b"\n", b"\r\n\n", 3) + b"\n"
    for content_type in ("application/x-ndjson", "application/x-ndjson; charset=utf-8"):
        response = api.send("/batch", body, content_type)
        assert response.status_code == 201, response.get_data()
        assert response.get_json()["accepted"] == 8
    broken = api.send("/batch", ndjson(*kinds()) + b'\n{"kind": ', "application/x-ndjson")
    assert broken.status_code == 400
    assert "line 9" in checked_envelope(broken)["error"]["message"]
    assert api.get("/activity")["count"] == 2


def test_one_faulty_record_refuses_all_and_every_fault_is_named_with_its_index(api: Api) -> None:
    records: list[Any] = [
        *kinds(),
        {"kind": "event", "message": 5, "event_type": "NO"},
        {"kind": "nothing"},
        {"message": "no kind"},
        [],
        None,
        {"kind": "control", "action": "x"},
    ]
    fields = api.batch(*records, status=422)["error"]["fields"]
    assert set(fields) == {
        "records[8].message", "records[8].event_type", "records[9].kind", "records[10].kind", "records[11]", "records[12]", "records[13].kind",
    }  # fmt: skip  # a list
    response = api.send("/batch", ndjson(*records[7:10]), "application/x-ndjson")
    assert response.status_code == 422
    assert set(checked_envelope(response)["error"]["fields"]) == {"records[1].message", "records[1].event_type", "records[2].kind"}
    assert api.get("/stats")["statistics"]["total_events"] == 0
    assert api.get("/api/trades")["data"]["total"] == 0


def test_a_close_of_nothing_refuses_the_batch_and_keeps_nothing_of_it(api: Api) -> None:
    fields = api.batch({"kind": "event", **EVENT}, {"kind": "close", **CLOSE}, status=404)["error"]["fields"]
    assert set(fields) == {"records[1].position_id"}
    assert api.get("/activity")["count"] == 0
    assert api.batch({"kind": "position", **POSITION}, {"kind": "close", **CLOSE})["accepted"] == 2


def test_a_batch_that_is_none_is_refused(api: Api) -> None:
    bodies: list[Any] = [[], {}, {"records": []}, {"records": {}}, {"records": None}, {"records": [{"kind": "event", **EVENT}], "x": 1}, 5, "records"]
    for body in bodies:
        assert "records" in api.post("/batch", body, 422)["error"]["fields"], body
    assert api.send("/batch", b"null").status_code == 422
    assert checked_envelope(api.send("/batch", b"", "application/x-ndjson"))["error"]["code"] == "invalid_fields"
    assert api.send("/batch", b"{}", "text/plain").status_code == 415


def test_a_batch_holds_ten_thousand_records_and_no_more(api: Api) -> None:
    one = {"kind": "event", "event_type": "SYSTEM", "message": "m"}
    assert api.batch(*[one] * 10_000)["accepted"] == 10_000
    assert api.batch(*[one] * 10_001, status=413)
    assert api.get("/stats")["statistics"]["total_events"] == 10_000


def test_a_batch_may_have_8_mib_and_any_other_body_256_kb(api: Api) -> None:
    large = {"kind": "event", "event_type": "SYSTEM", "message": "m" * 2000, "metadata": {"x": "y" * 16_000}}
    body = ndjson(*[large] * 460)
    assert 8_000_000 < len(body) < 8 * 1024 * 1024
    assert api.send("/batch", body, "application/x-ndjson").status_code == 201
    assert api.send("/batch", body + b" " * 400_000, "application/x-ndjson").status_code == 413
    padded = json.dumps(EVENT).encode()
    assert api.send("/activity", padded + b" " * (250 * 1024 - len(padded))).status_code == 201
    response = api.send("/activity", padded + b" " * 257 * 1024)
    assert response.status_code == 413
    assert checked_envelope(response)["error"]["code"] == "too_large"


def test_a_bound_token_speaks_for_its_bot_alone_in_batches_too(api_as: Callable[..., Api]) -> None:
    alpha = api_as("read", "ingest", bot="alpha")
    event = {"kind": "event", **EVENT}
    fields = alpha.batch(event, {**event, "bot": "beta"}, {**event, "bot": "alpha"}, status=403)["error"]["fields"]
    assert set(fields) == {"records[1].bot"}
    alpha.batch(event, {**event, "bot": "alpha"})
    assert {row["bot"] for row in alpha.get("/activity")["events"]} == {"alpha"}
    assert alpha.get("/activity")["count"] == 2


def test_the_same_batch_again_records_its_natural_keys_once(api: Api) -> None:
    records = [
        {"kind": "trade", **TRADE},
        {"kind": "snapshot", **BATCHED["snapshot"]},
        {"kind": "candle", **BATCHED["candle"]},
        {"kind": "position", **POSITION, "timestamp": "2026-01-22T20:30:15Z"},
    ]
    first, second = api.batch(*records), api.batch(*records, *records)
    assert second["accepted"] == 8
    assert second["last_id"] == first["last_id"]
    assert api.get("/api/trades")["data"]["total"] == 1
    assert api.get("/positions")["count"] == 1
