"""What Prometheus reads at /metrics."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from app.server import create_app
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
    assert [found[name,] for name in ("open_positions", "active_alerts", "trades", "feed_lag_records", "queue_length", "open_sockets")] == [
        1,
        1,
        1,
        0,
        0,
        0,
    ]
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
