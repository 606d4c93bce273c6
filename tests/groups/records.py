"""Records that more than one group reports, and what is looked at in more than one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from data.store import Store
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, TRADE, Api


def closed(number: int, at: str, net: float, **changes: Any) -> dict[str, Any]:
    """Return a trade of a batch that was closed at this moment of 2025, such as `02-01T10:00`."""
    ending = {"exit_price": 101, "exit_time": f"2025-{at}:00Z", "net_pnl": net}
    return {"kind": "trade", **TRADE, "trade_id": f"t{number}", **ending, **changes}


def snapshot(at: str, value: float, **changes: Any) -> dict[str, Any]:
    """Return a snapshot of a batch at this moment of 2025."""
    return {"kind": "snapshot", "timestamp": f"2025-{at}:00Z", "total_value": value, **changes}


def one_of_everything(api: Api) -> dict[str, int]:
    """Report one of everything that can be reported or made; return the ids by kind."""
    api.post("/api/strategies", {"name": "swing", "starting_balance": 1000})
    api.batch(closed(1, "02-01T10:00", 5, strategy="swing"), snapshot("02-01T10:00", 1000), {"kind": "candle", **CANDLE})
    ids = {
        "event": api.post("/activity", EVENT)["event"]["id"],
        "signal": api.post("/signals/update", SIGNAL)["signal"]["id"],
        "position": api.post("/positions/update", POSITION)["position"]["id"],
        "alert": api.post("/alerts", ALERT)["alert"]["id"],
        "annotation": api.post("/api/annotations", {"chart_id": "equity", "date": "2025-02-01T00:00:00Z", "text": "x"})["data"]["id"],
        "rule": api.get("/api/alerts/rules")["data"]["rules"][0]["id"],
    }
    [trade] = api.get("/api/trades")["data"]["trades"]
    return ids | {"trade": trade["id"], "strategy": trade["strategy_id"]}


def strict_json(raw: bytes) -> Any:
    """Return what the text says; raises ValueError for NaN and infinity, which are no JSON."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(raw, parse_constant=refuse)


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Gather the statements that are executed meanwhile, with their parameters."""
    gathered: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        gathered.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield gathered
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
