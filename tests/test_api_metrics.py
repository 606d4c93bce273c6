"""What Prometheus reads at /metrics."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from app.server import create_app
from data import vitals
from data.errors import Code, Refused
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE, Api

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk
    from data.settings import Settings


def read(client: "FlaskClient", headers: dict[str, str]) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and its labels' values."""
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(response.get_data(as_text=True))
    return {(sample.name.removeprefix("botv2_"), *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_an_empty_store_measures_nothing_but_the_process(client: "FlaskClient", bearer: dict[str, str]) -> None:
    found = read(client, bearer)
    assert found.pop(("uptime_seconds",)) >= 0
    assert 0 < found.pop(("store_answer_seconds",)) < 60
    assert found.pop(("store_up",)) == 1
    stored = {key: found.pop(key) for key in list(found) if key[0].startswith(("commit_seconds", "records_in"))}
    assert {key[1] for key in stored if key[0] == "records_in_total"} <= {"alert_rule"}, "what the start itself writes"
    assert set(found.values()) == {0.0}


def test_records_positions_alerts_and_each_bot_s_equity_are_told(client: "FlaskClient", bearer: dict[str, str], api: Api) -> None:
    for path, record in (("/activity", EVENT), ("/signals/update", SIGNAL), ("/positions/update", POSITION), ("/alerts", ALERT)):
        api.post(path, record)
    later = {"timestamp": "2025-01-02T00:00:00Z", "total_value": 1100, "currency": "EUR"}
    named = 'a"b\\c\nd'
    api.batch(
        {"kind": "trade", **TRADE},
        {"kind": "candle", **CANDLE},
        *({"kind": "snapshot", "bot": "alpha", **SNAPSHOT, **change} for change in ({}, later, {"timestamp": "2024-12-31T00:00:00Z"})),
        {"kind": "snapshot", "bot": named, **SNAPSHOT},
    )
    found = read(client, bearer)
    for kind in ("event", "signal", "position", "alert"):
        assert found["records_total", kind] == 1
    names = ("open_positions", "trades", "feed_lag_records", "queue_length", "open_sockets", "bots")
    assert [found[name,] for name in names] == [1, 1, 0, 0, 0, 3]
    assert {key[1]: value for key, value in found.items() if key[0] == "active_alerts"} == {ALERT["severity"]: 1}
    assert found["journal_records_total",] == 10
    assert {key[1:]: value for key, value in found.items() if key[0] == "equity"} == {("alpha", "EUR"): 1100, (named, "USD"): 1000}


def test_it_needs_the_scope_read(client: "FlaskClient", api_as: Callable[..., Api]) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=api_as("ingest").headers).status_code == 403
    assert client.get("/metrics", headers=api_as("read", bot="alpha").headers).status_code == 200


@pytest.mark.usefixtures("app")
def test_two_apps_share_nothing(settings: "Settings", desk: "Desk") -> None:
    before = set(REGISTRY._names_to_collectors)
    create_app(settings, desk)
    assert set(REGISTRY._names_to_collectors) == before


def test_each_bot_s_last_report_positions_and_results_are_told_by_currency(client: "FlaskClient", bearer: dict[str, str], api: Api) -> None:
    began = time.time()
    closed = {"kind": "trade", **TRADE, "exit_price": 110, "exit_time": "2025-01-01T05:00:00Z", "fees": 1}
    api.batch(
        {"bot": "alpha", **closed},
        {"bot": "alpha", **closed, "trade_id": "t-2", "exit_price": 90},
        {"bot": "alpha", **closed, "trade_id": "t-3", "currency": "EUR"},
        {"bot": "beta", **closed, "trade_id": "t-4", "exit_price": None, "exit_time": None},
        {"bot": "beta", "kind": "position", **POSITION},
        {"bot": "beta", "kind": "position", **POSITION, "position_id": "pos_2", "unrealized_pnl": -250.5},
    )
    found = read(client, bearer)
    assert {key[1:]: value for key, value in found.items() if key[0] == "realized_pnl"} == {("alpha", "USD"): -2, ("alpha", "EUR"): 19}
    assert (found["open_pnl", "alpha"], found["open_pnl", "beta"]) == (0, -150.5)
    assert (found["bot_open_positions", "alpha"], found["bot_open_positions", "beta"]) == (0, 2)
    assert all(began <= found["last_report_timestamp_seconds", bot] <= time.time() for bot in ("alpha", "beta"))


def test_commits_answers_and_refusals_are_counted(client: "FlaskClient", bearer: dict[str, str], api: Api) -> None:
    before = read(client, bearer)
    api.post("/activity", EVENT)
    api.batch({"kind": "event", **EVENT}, {"kind": "position", **POSITION})
    client.get("/api/nothing", headers=bearer)
    client.get("/metrics")
    found = read(client, bearer)

    def more(*key: str) -> float:
        return found.get(key, 0) - before.get(key, 0)

    assert (more("records_in_total", "event"), more("records_in_total", "position")) == (2, 1)
    assert (more("commit_seconds_count"), more("commit_seconds_bucket", "+Inf")) == (2, 2)
    assert more("commit_seconds_sum") > 0
    assert (more("responses_total", "404"), more("responses_total", "401")) == (1, 1)


def test_bots_beyond_a_thousand_have_no_lines_but_count(
    client: "FlaskClient", bearer: dict[str, str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "BOTS", 2)
    for bot in ("first", "second", "third"):
        api.post("/activity", {"bot": bot, **EVENT})
    found = read(client, bearer)
    assert found["bots",] == 3
    assert {key[1] for key in found if key[0] == "last_report_timestamp_seconds"} == {"second", "third"}


def test_while_the_store_is_away_it_tells_what_the_process_knows(
    client: "FlaskClient", bearer: dict[str, str], api: Api, desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("/positions/update", POSITION)
    read(client, bearer)

    def away(*_: Any, **__: Any) -> NoReturn:
        raise Refused(Code.STORAGE_UNAVAILABLE, "the store cannot be reached; try again", retry_after=3)

    monkeypatch.setattr(desk.store, "read", away)
    monkeypatch.setattr(desk.store, "write", away)
    api.client.post("/api/monitoring/activity", json=EVENT, headers=api.headers)
    found = read(client, bearer)
    assert (found["store_up",], found["open_positions",]) == (0, 1)
    assert found["failed_commits_total", "storage_unavailable"] == 1
    assert found["responses_total", "503"] == 1
    assert ("trades",) not in found, "no figure is better than an old one"
