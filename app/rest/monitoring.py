"""The monitoring API, `/api/monitoring`: what bots report and what watchers ask."""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from app.answers import json_response, success
from app.rest import monitoring_shapes as shape
from app.rest.endpoint import Call, Endpoint, loads
from app.rest.exporting import exporter
from app.rest.monitoring_shapes import BATCH_RECORDS
from app.rest.shapes import Said
from data import exports, posting
from data.entries import Row
from data.errors import Code, Refused
from data.records import WRITE_MODELS, AlertIn, CloseIn, Draft, EventIn, PositionIn, SignalIn, validated
from data.scope import (
    ActivityExportScope,
    ActivityScope,
    AlertExportScope,
    AlertScope,
    PositionExportScope,
    PositionScope,
    SignalExportScope,
    SignalScope,
)

BATCH_BYTES = 8 * 1024 * 1024
NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}


def get_activity(call: Call) -> Row:
    """Return events, newest first."""
    found = call.desk.live.search(call.query)
    return success(events=found.events, count=len(found.events), searched_to_id=found.searched_to_id)


def recorder(name: str, message: str | None = None) -> Callable[[Call], Row]:
    """Return the answer of an endpoint that stores its body and gives it back as `name`."""

    def record(call: Call) -> Row:
        said = {} if message is None else {"message": message}
        answer: Row = call.desk.record(
            [call.body], call.principal, retry=call.retry, answer=lambda outcomes: success(**said, **{name: outcomes[0].record})
        )
        return answer

    record.__doc__ = f"Store the body; return it as `{name}`."
    return record


def controller(action: str, message: str) -> Callable[[Call], Row]:
    """Return the answer of an endpoint that does one of the clears and resets."""

    def control(call: Call) -> Row:
        answer: Row = call.desk.control(
            action, call.principal, request.remote_addr or "", retry=call.retry, answer=lambda _outcomes: success(message=message)
        )
        return answer

    control.__doc__ = f"{message}."
    return control


def get_signals(call: Call) -> Row:
    """Return the latest signal per bot, strategy and symbol."""
    signals = call.desk.live.signals(call.query)
    return success(signals=signals, count=len(signals))


def get_positions(call: Call) -> Row:
    """Return the open positions and their summary: the sum of P&L and the mean of P&L in percent (None without positions)."""
    positions = call.desk.live.positions(call.query)
    return success(positions=positions, count=len(positions), summary=call.desk.live.summary(positions))


def get_alerts(call: Call) -> Row:
    """Return the alerts that this session or token has not been given yet."""
    alerts = call.desk.live.alerts_for(call.principal.reader, clear=call.query.clear, after_id=call.query.after_id)
    return success(alerts=alerts, count=len(alerts))


def get_statistics(call: Call) -> Row:
    """Return the counters since the last reset."""
    return success(statistics=call.desk.statistics())


def get_pulse(call: Call) -> Response | Row:
    """Return, per kind of data, the id of the record that last changed it; 304 when nothing did."""
    versions = call.desk.versions()
    tag = "-".join(str(version) for version in versions.values())
    if request.if_none_match.contains(tag):
        response = Response(status=304)
        response.set_etag(tag)
        return response
    body = success(versions=versions)
    response = json_response(body | {"server_time": body["timestamp"]})
    response.set_etag(tag)
    return response


def read_batch(raw: bytes) -> list[Draft]:
    """Return the drafts of a batch, JSON or NDJSON. Raises `Refused` naming index and field of every fault."""
    records = _ndjson(raw) if request.mimetype in NDJSON else _json_records(raw)
    if not records:
        raise Refused(Code.INVALID_FIELDS, "a batch needs at least one record", fields={"records": "is empty"})
    if len(records) > BATCH_RECORDS:
        raise Refused(Code.TOO_LARGE, f"a batch holds at most {BATCH_RECORDS} records")
    drafts: list[Draft] = []
    found: dict[str, str] = {}
    for index, record in enumerate(records):
        try:
            drafts.append(_draft(record))
        except Refused as refusal:
            found |= {f"records[{index}].{name}".rstrip("."): fault for name, fault in refusal.fields.items()}
    if found:
        raise Refused(Code.INVALID_FIELDS, "the batch was not stored: some of its records break a rule", fields=found)
    return drafts


def _draft(record: Any) -> Draft:
    if not isinstance(record, dict):
        raise Refused(Code.INVALID_FIELDS, "", fields={"": "must be a JSON object"})
    kind = record.get("kind")
    model = WRITE_MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Refused(Code.INVALID_FIELDS, "", fields={"kind": f"must be one of {', '.join(WRITE_MODELS)}"})
    return validated(model, {name: value for name, value in record.items() if name != "kind"})


def _ndjson(raw: bytes) -> list[Any]:
    return [loads(line, f"line {number}") for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()]


def _json_records(raw: bytes) -> list[Any]:
    if not request.is_json:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "send the batch as Content-Type: application/json or application/x-ndjson")
    body = loads(raw)
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or set(body) != {"records"}:
        raise Refused(Code.INVALID_FIELDS, "the batch was not stored", fields={"records": 'the body must be {"records": [...]} and nothing else'})
    return records


def post_batch(call: Call) -> Row:
    """Store all records of the body, or none."""
    answer: Row = call.desk.record(
        call.body,
        call.principal,
        retry=call.retry,
        answer=lambda outcomes: success(accepted=len(outcomes), last_id=max(outcome.record["id"] for outcome in outcomes)),
    )
    return answer


ENDPOINTS = (
    Endpoint("GET", "/activity", "read", get_activity, query=ActivityScope, returns=shape.EventsAnswer),
    Endpoint("POST", "/activity", "ingest", recorder("event"), body=EventIn, status=201, returns=shape.EventAnswer),
    Endpoint("POST", "/activity/clear", "control", controller(posting.CLEAR_ACTIVITY, "Activity log cleared"), returns=Said),
    Endpoint("GET", "/activity/export", "read", exporter(exports.ACTIVITY), query=ActivityExportScope, streams=shape.Event),
    Endpoint("GET", "/signals", "read", get_signals, query=SignalScope, returns=shape.SignalsAnswer),
    Endpoint("POST", "/signals/update", "ingest", recorder("signal", "Signal updated"), body=SignalIn, returns=shape.SignalAnswer),
    Endpoint("POST", "/signals/clear", "control", controller(posting.CLEAR_SIGNALS, "Signals cleared"), returns=Said),
    Endpoint("GET", "/signals/export", "read", exporter(exports.SIGNALS), query=SignalExportScope, streams=shape.Signal),
    Endpoint("GET", "/positions", "read", get_positions, query=PositionScope, returns=shape.PositionsAnswer),
    Endpoint("POST", "/positions/update", "ingest", recorder("position", "Position updated"), body=PositionIn, returns=shape.PositionAnswer),
    Endpoint(
        "POST", "/positions/close", "ingest", recorder("position", "Position closed"), body=CloseIn, returns=shape.ClosedPositionAnswer, also=(404,)
    ),
    Endpoint(
        "GET",
        "/positions/export",
        "read",
        exporter(exports.POSITIONS),
        query=PositionExportScope,
        streams=shape.Position,
    ),
    Endpoint("GET", "/alerts", "read", get_alerts, query=AlertScope, returns=shape.NoticesAnswer),
    Endpoint("POST", "/alerts", "ingest", recorder("alert"), body=AlertIn, status=201, returns=shape.NoticeAnswer),
    Endpoint("GET", "/alerts/export", "read", exporter(exports.ALERTS), query=AlertExportScope, streams=shape.Notice),
    Endpoint("GET", "/stats", "read", get_statistics, returns=shape.StatisticsAnswer),
    Endpoint("POST", "/stats/reset", "control", controller(posting.RESET_STATISTICS, "Statistics reset"), returns=Said),
    Endpoint("GET", "/pulse", "read", get_pulse, returns=shape.PulseAnswer, also=(304,)),
    Endpoint("POST", "/demo/remove", "control", controller(posting.REMOVE_DEMO, "Demo data removed"), returns=Said),
    Endpoint(
        "POST",
        "/batch",
        "ingest",
        post_batch,
        body=shape.Batch,
        status=201,
        body_bytes=BATCH_BYTES,
        read_body=read_batch,
        body_media=("application/json", *sorted(NDJSON)),
        returns=shape.BatchAnswer,
        also=(404,),
    ),
)
