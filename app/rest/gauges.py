"""`/metrics`: what is measured of this process and its store, as Prometheus reads it."""

from collections.abc import Iterator

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.rest.endpoint import Call, Endpoint
from data.desk import Desk

MEDIA = "text/plain"
KINDS = {"event": "total_events", "signal": "total_signals", "position": "total_positions", "alert": "total_alerts_sent"}


class _Measured(Collector):
    """What a desk says of itself when it is asked."""

    def __init__(self, desk: Desk, sockets: int) -> None:
        self._desk = desk
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, measured now. Raises `Refused` (`storage_…`) when the store does not answer."""
        vitals, health, statistics = self._desk.vitals.read(), self._desk.health(), self._desk.statistics()
        records = CounterMetricFamily("botv2_records", "Records since the last reset of the statistics", labels=["kind"])
        for kind, name in KINDS.items():
            records.add_metric([kind], statistics[name])
        yield records
        yield CounterMetricFamily("botv2_journal_records", "Id of the journal's last record", value=vitals["last_id"])
        for name, about, value in (
            (
                "feed_lag_records",
                "Committed records that this process has not shown yet",
                max(0, vitals["last_id"] - self._desk.journal.tail.applied),
            ),
            ("open_positions", "Open positions", statistics["active_positions"]),
            ("active_alerts", "Alerts that nobody has acknowledged or resolved, counted up to 10,000", vitals["active_alerts"]),
            ("trades", "Stored trades", vitals["trades"]),
            ("queue_length", "Requests that wait for the writer", self._desk.journal.waiting),
            ("open_sockets", "Connected pages and Socket.IO clients", self._sockets),
            ("uptime_seconds", "Since this process began to serve", health["uptime_seconds"]),
        ):
            yield GaugeMetricFamily(f"botv2_{name}", about, value=value)
        equity = GaugeMetricFamily("botv2_equity", "Total value in a bot's last snapshot", labels=["bot", "currency"])
        for bot, currency, value in vitals["equity"]:
            equity.add_metric([bot, currency], value)
        yield equity


def get_metrics(call: Call) -> Response:
    """Return the metrics of this process and its store as Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)  # one of its own: the library's global one would be shared by all apps of a process
    registry.register(_Measured(call.desk, len(current_app.extensions["botv2.push"].viewers)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


ENDPOINTS = (Endpoint("GET", "/metrics", "read", get_metrics, media=(MEDIA,)),)
