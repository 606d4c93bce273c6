"""The monitoring API as a bot or a script uses it, and the records that the contract shows."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

MONITORING = "/api/monitoring"

# The four examples of monitor.md, as they stand there; "…Z" is any time in UTC.
EVENT: dict[str, Any] = {
    "timestamp": "2026-01-22T20:30:15.123456Z",
    "event_type": "ORDER",
    "message": "Market order executed: BUY 0.1 BTC at $50,000",
    "severity": "INFO",
    "metadata": {"symbol": "BTCUSDT", "side": "BUY", "quantity": 0.1, "price": 50000},
}
SIGNAL: dict[str, Any] = {
    "strategy_name": "MA_Crossover",
    "symbol": "BTCUSDT",
    "signal_type": "BUY",
    "confidence": 0.85,
    "timestamp": "2026-01-22T20:30:15Z",
    "indicators": {"sma_50": 50000, "sma_200": 48000, "rsi": 65},
    "ensemble_vote": "BUY",
}
POSITION: dict[str, Any] = {
    "position_id": "pos_123456",
    "symbol": "BTCUSDT",
    "side": "LONG",
    "entry_price": 50000,
    "current_price": 51000,
    "size": 0.1,
    "unrealized_pnl": 100,
    "unrealized_pnl_pct": 2.0,
    "time_in_position": "01:30:00",
    "stop_loss": 49000,
    "stop_loss_pct": 2.0,
    "take_profit": 52000,
    "strategy": "MA_Crossover",
}
ALERT: dict[str, Any] = {
    "title": "Stop Loss Triggered",
    "message": "Position BTCUSDT closed at stop loss",
    "severity": "WARNING",
    "timestamp": "2026-01-22T20:30:15Z",
}
CLOSE: dict[str, Any] = {"position_id": "pos_123456", "final_pnl": 100, "final_pnl_pct": 2.0}
TRADE: dict[str, Any] = {
    "trade_id": "t-1",
    "symbol": "BTC/USDT",
    "direction": "long",
    "size": 2,
    "entry_price": 100,
    "entry_time": "2025-01-01T00:00:00Z",
}
SNAPSHOT: dict[str, Any] = {"total_value": 1000, "timestamp": "2025-01-01T00:00:00Z"}
CANDLE: dict[str, Any] = {
    "symbol": "BTC/USDT",
    "timeframe": "1h",
    "timestamp": "2025-01-01T00:00:00Z",
    "open": 1,
    "high": 3,
    "low": 0.5,
    "close": 2,
}

RECORDING = {
    "/activity": EVENT,
    "/signals/update": SIGNAL,
    "/positions/update": POSITION,
    "/positions/close": CLOSE,
    "/alerts": ALERT,
}
CONTROLS = ("/activity/clear", "/signals/clear", "/stats/reset", "/demo/remove")
BATCHED = {
    "event": EVENT,
    "signal": SIGNAL,
    "position": POSITION,
    "close": CLOSE,
    "alert": ALERT,
    "trade": TRADE,
    "snapshot": SNAPSHOT,
    "candle": CANDLE,
}


def ago(**span: float) -> str:
    """Return the moment this long ago as the API writes it; `ago(hours=-1)` lies ahead."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of `record` that lacks these fields."""
    return {name: value for name, value in record.items() if name not in names}


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same moment, each in a thread of its own, and return their results in order."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        start.wait()
        results[place] = call()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Api:
    """Calls the app as one caller; every answer is checked for the envelope that the contract promises."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        """Return the JSON answer to a GET; `status` is what is expected."""
        return self._checked(self.client.get(_full(path), query_string=query, headers=self.headers), status)

    def post(self, path: str, body: Any = None, status: int | None = None, **headers: str) -> Any:
        """Return the JSON answer to a POST; without a `status` any success is expected."""
        return self._checked(self.client.post(_full(path), json=body, headers={**self.headers, **_dashed(headers)}), status)

    def patch(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """Return the JSON answer to a PATCH."""
        return self._checked(self.client.patch(_full(path), json=body, headers={**self.headers, **_dashed(headers)}), status)

    def delete(self, path: str, status: int = 200, **headers: str) -> Any:
        """Return the JSON answer to a DELETE."""
        return self._checked(self.client.delete(_full(path), headers={**self.headers, **_dashed(headers)}), status)

    def send(self, path: str, body: bytes, content_type: str = "application/json", **headers: str) -> TestResponse:
        """Return the bare response to a POST of these bytes."""
        return self.client.post(_full(path), data=body, content_type=content_type, headers={**self.headers, **_dashed(headers)})

    def batch(self, *records: dict[str, Any], status: int = 201) -> Any:
        """Store records in one batch; each names its `kind`."""
        return self.post("/batch", {"records": list(records)}, status)

    def titles(self) -> list[str]:
        """Return the titles of all alerts that are in the store, oldest first, without moving the cursor."""
        return [alert["title"] for alert in reversed(self.get("/alerts", clear="false", after_id=0)["alerts"])]

    def _checked(self, response: TestResponse, status: int | None) -> Any:
        expected = (200, 201) if status is None else (status,)
        assert response.status_code in expected, (response.status_code, response.get_data(as_text=True)[:2000])
        return checked_envelope(response)


def checked_envelope(response: TestResponse) -> Any:
    """Return a response's JSON after a look at its envelope; a failure must have code, message and fields."""
    assert response.mimetype == "application/json"
    answer = response.get_json()
    assert answer["success"] is (response.status_code < 400)
    assert answer["timestamp"].endswith("Z")
    if not answer["success"]:
        assert set(answer) == {"success", "error", "timestamp"}
        assert set(answer["error"]) == {"code", "message", "fields"}
        assert answer["error"]["code"]
        assert answer["error"]["message"]
        assert "Traceback" not in response.get_data(as_text=True)
    return answer


def _full(path: str) -> str:
    return path if path.startswith("/api") else MONITORING + path


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def near(value: Any) -> Any:
    """Return what equals `value` but for the last digits of a float."""
    return pytest.approx(value, rel=1e-12)
