"""The counters, the service's own state, and what is open to all."""

from typing import Any

from flask.testing import FlaskClient

from data.desk import Desk
from data.records import EventIn
from tests.support.api import ALERT, CLOSE, EVENT, POSITION, SIGNAL, Api, ago

COUNTERS = ("total_events", "total_signals", "total_positions", "active_positions", "total_alerts_sent")


def counted(api: Api) -> list[int]:
    statistics = api.get("/stats")["statistics"]
    assert set(statistics) == {*COUNTERS, "last_update", "uptime_seconds"}
    return [statistics[name] for name in COUNTERS]


def test_an_empty_store_has_counted_nothing(api: Api) -> None:
    assert counted(api) == [0] * 5
    statistics = api.get("/stats")["statistics"]
    assert statistics["last_update"] is None
    assert 0 <= statistics["uptime_seconds"] < 60


def test_each_record_counts_once_and_a_position_when_it_opens(api: Api) -> None:
    api.post("/activity", EVENT)
    api.post("/signals/update", SIGNAL)
    api.post("/signals/update", SIGNAL)
    api.post("/positions/update", POSITION)
    api.post("/positions/update", {**POSITION, "current_price": 51_001})
    api.post("/alerts", ALERT)
    assert counted(api) == [1, 2, 1, 1, 1]
    api.post("/positions/close", CLOSE)
    assert counted(api) == [1, 2, 1, 0, 1]
    assert ago(minutes=1) < api.get("/stats")["statistics"]["last_update"] <= ago(seconds=0)


def test_a_reset_starts_counting_again_and_forgets_no_record(api: Api, desk: Desk) -> None:
    api.post("/activity", EVENT)
    api.post("/positions/update", POSITION)
    assert api.post("/stats/reset")["message"]
    assert counted(api) == [0, 0, 0, 1, 0]
    assert api.get("/activity")["count"] == 1
    api.post("/activity", EVENT)
    assert counted(api) == [1, 0, 0, 1, 0]
    again = Desk.open(desk.settings)
    assert [again.statistics()[name] for name in COUNTERS] == [1, 0, 0, 1, 0]
    again.close()


def test_health_is_open_to_all_and_has_no_envelope(client: FlaskClient, desk: Desk) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    answer: dict[str, Any] = response.get_json()
    assert (answer["status"], answer["version"]) == ("ok", "4.3")
    assert answer["release"]
    assert answer["uptime_seconds"] >= 0
    assert answer["database"]["state"] == "ok"
    assert answer["database"]["latency_ms"] > 0
    assert answer["feed"] == {"records_behind": 0, "waiting": 0, "last_record_at": None}
    assert "success" not in answer
    desk.journal.append([EventIn.model_validate(EVENT)])
    assert client.get("/health").get_json()["feed"]["last_record_at"] > ago(minutes=1)
    assert client.post("/health").status_code in {401, 405}


def test_the_pulse_moves_only_with_the_kind_of_data_that_changed(api: Api) -> None:
    def versions() -> dict[str, int]:
        found = api.get("/pulse")["versions"]
        return {name: found[name] for name in ("events", "signals", "positions", "alerts", "stats")}

    before = versions()
    event = api.post("/activity", EVENT, 201)["event"]["id"]
    assert versions() == {**before, "events": event, "stats": event}
    signal = api.post("/signals/update", SIGNAL)["signal"]["id"]
    assert versions() == {**before, "events": event, "signals": signal, "stats": signal}
    response = api.client.get("/api/monitoring/pulse", headers=api.headers)
    same = api.client.get("/api/monitoring/pulse", headers={**api.headers, "If-None-Match": response.headers["ETag"]})
    assert (same.status_code, same.get_data()) == (304, b"")
