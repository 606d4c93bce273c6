"""The monitoring API, `/api/monitoring`: what bots report and what watchers ask."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Response, request

from app.answers import json_response, success
from app.rest.endpoint import Call, Endpoint, loads
from data import export, posting
from data.errors import Code, Refused
from data.ledger import Row
from data.live import Live
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

BATCH_RECORDS = 10_000
BATCH_BYTES = 8 * 1024 * 1024
NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
EVENT_COLUMNS = ("id", "timestamp", "event_type", "severity", "bot", "message", "metadata")
SIGNAL_COLUMNS = ("id", "timestamp", "bot", "strategy_name", "symbol", "signal_type", "confidence", "ensemble_vote", "indicators")
POSITION_COLUMNS = (
    "id", "timestamp", "bot", "position_id", "symbol", "side", "strategy", "size", "entry_price", "current_price", "unrealized_pnl",
    "unrealized_pnl_pct", "stop_loss", "stop_loss_pct", "take_profit", "opened_at", "time_in_position",
)  # fmt: skip  # one name a line would be a page
ALERT_COLUMNS = ("id", "timestamp", "severity", "bot", "title", "message", "action_url")


def get_activity(call: Call) -> Row:
    """Return events, newest first."""
    events = call.desk.live.activity(call.query)
    return success(events=events, count=len(events))


def exporter(name: str, columns: Sequence[str], question: Callable[[Live, Any], Iterable[Row]]) -> Callable[[Call], Response]:
    """Return the answer of an endpoint that streams what `question` yields as a file named after `name`."""

    def send(call: Call) -> Response:
        rows = question(call.desk.live, call.query)
        if call.query.format == "csv":
            lines, media_type = export.csv_lines(rows, columns), "text/csv; charset=utf-8"
        else:
            lines, media_type = export.json_lines(rows), "application/json"
        headers = {"Content-Disposition": f'attachment; filename="{name}.{call.query.format}"'}
        return Response(lines, content_type=media_type, headers=headers)

    send.__doc__ = f"Stream all matching rows as {name}.csv or {name}.json."
    return send


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
    Endpoint("GET", "/activity", "read", get_activity, query=ActivityScope),
    Endpoint("POST", "/activity", "ingest", recorder("event"), body=EventIn, status=201),
    Endpoint("POST", "/activity/clear", "control", controller(posting.CLEAR_ACTIVITY, "Activity log cleared")),
    Endpoint("GET", "/activity/export", "read", exporter("activity", EVENT_COLUMNS, Live.every_event), query=ActivityExportScope),
    Endpoint("GET", "/signals", "read", get_signals, query=SignalScope),
    Endpoint("POST", "/signals/update", "ingest", recorder("signal", "Signal updated"), body=SignalIn),
    Endpoint("POST", "/signals/clear", "control", controller(posting.CLEAR_SIGNALS, "Signals cleared")),
    Endpoint("GET", "/signals/export", "read", exporter("signals", SIGNAL_COLUMNS, Live.signals), query=SignalExportScope),
    Endpoint("GET", "/positions", "read", get_positions, query=PositionScope),
    Endpoint("POST", "/positions/update", "ingest", recorder("position", "Position updated"), body=PositionIn),
    Endpoint("POST", "/positions/close", "ingest", recorder("position", "Position closed"), body=CloseIn),
    Endpoint("GET", "/positions/export", "read", exporter("positions", POSITION_COLUMNS, Live.positions), query=PositionExportScope),
    Endpoint("GET", "/alerts", "read", get_alerts, query=AlertScope),
    Endpoint("POST", "/alerts", "ingest", recorder("alert"), body=AlertIn, status=201),
    Endpoint("GET", "/alerts/export", "read", exporter("alerts", ALERT_COLUMNS, Live.every_alert), query=AlertExportScope),
    Endpoint("GET", "/stats", "read", get_statistics),
    Endpoint("POST", "/stats/reset", "control", controller(posting.RESET_STATISTICS, "Statistics reset")),
    Endpoint("GET", "/pulse", "read", get_pulse),
    Endpoint("POST", "/demo/remove", "control", controller(posting.REMOVE_DEMO, "Demo data removed")),
    Endpoint("POST", "/batch", "ingest", post_batch, status=201, body_bytes=BATCH_BYTES, read_body=read_batch),
)
