"""`/metrics`: what is measured of this process and its store, as Prometheus reads it.

A figure is one more line here; what has to be counted as it happens is a counter of `data.counted`. While the store is away the answer
holds what this process knows by itself.
"""

from collections.abc import Callable, Iterable, Iterator

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.rest.endpoint import Call, Endpoint
from data.desk import Desk
from data.entries import Row
from data.errors import Refused

MEDIA = "text/plain"
KINDS = {"event": "total_events", "signal": "total_signals", "position": "total_positions", "alert": "total_alerts_sent"}
OF_BOTS: tuple[tuple[str, str, Callable[[Row], float]], ...] = (  # from `Vitals.bots`; a bot is one more line in each
    ("last_report_timestamp_seconds", "When a bot was heard last, in seconds since 1970", lambda bot: bot["last_seen"].timestamp()),
    ("bot_open_positions", "A bot's open positions", lambda bot: bot["open_positions"]),
    ("open_pnl", "Unrealized P&L of a bot's open positions, as it reported them", lambda bot: bot["open_pnl"]),
)
OF_BOTS_BY_CURRENCY = (
    ("equity", "Total value in a bot's last snapshot"),
    ("realized_pnl", "Net P&L of a bot's closed trades"),
)


class _Measured(Collector):
    """What a desk says of itself when it is asked."""

    def __init__(self, desk: Desk, sockets: int) -> None:
        self._desk = desk
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        """Yield each metric, measured now."""
        health = self._desk.health()
        yield from self._of_process(health)
        if health["database"]["state"] != "ok":
            return
        try:
            counts, bots = self._desk.vitals.read(), self._desk.vitals.bots()
        except Refused:  # it went since
            return
        yield from self._of_store(counts)
        yield from _of_bots(bots)

    def _of_process(self, health: Row) -> Iterator[Metric]:
        statistics, database, feed = self._desk.statistics(), health["database"], health["feed"]
        records = CounterMetricFamily("botv2_records", "Records since the last reset of the statistics", labels=["kind"])
        for kind, name in KINDS.items():
            records.add_metric([kind], statistics[name])
        yield records
        yield _gauge("open_positions", "Open positions", statistics["active_positions"])
        yield _gauge("queue_length", "Requests that wait for the writer", feed["waiting"])
        yield _gauge("open_sockets", "Connected pages and Socket.IO clients", self._sockets)
        yield _gauge("uptime_seconds", "Since this process began to serve", health["uptime_seconds"])
        yield _gauge("store_up", "Whether the store answers", database["state"] == "ok")
        if database["state"] == "ok":
            yield _gauge("store_answer_seconds", "How long the store took to answer just now", database["latency_ms"] / 1000)
            yield _gauge("feed_lag_records", "Committed records that this process has not shown yet", feed["records_behind"])
        if health["redis"]["state"] != "unset":
            yield _gauge("redis_up", "Whether Redis serves", health["redis"]["state"] == "ok")

    def _of_store(self, counts: Row) -> Iterator[Metric]:
        yield CounterMetricFamily("botv2_journal_records", "Id of the journal's last record", value=counts["last_id"])
        yield _gauge("trades", "Stored trades", counts["trades"])
        yield _gauge("bots", "Bots that were ever heard; those heard last, up to 1,000, have lines of their own", counts["bots"])
        about = "Alerts that nobody has acknowledged or resolved, counted up to 10,000"
        alerts = GaugeMetricFamily("botv2_active_alerts", about, labels=["severity"])
        for severity, number in counts["active_alerts"].items():
            alerts.add_metric([severity], number)
        yield alerts


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"botv2_{name}", about, value=value)


def _of_bots(bots: Iterable[Row]) -> Iterator[Metric]:
    for name, about, value in OF_BOTS:
        gauge = GaugeMetricFamily(f"botv2_{name}", about, labels=["bot"])
        for bot in bots:
            gauge.add_metric([bot["bot"]], value(bot))
        yield gauge
    for name, about in OF_BOTS_BY_CURRENCY:
        gauge = GaugeMetricFamily(f"botv2_{name}", about, labels=["bot", "currency"])
        for bot in bots:
            for currency, amount in bot[name].items():
                gauge.add_metric([bot["bot"], currency], amount)
        yield gauge


def get_metrics(call: Call) -> Response:
    """Return the metrics of this process and its store as Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)  # one of its own: the library's global one would be shared by all apps of a process
    registry.register(_Measured(call.desk, len(current_app.extensions["botv2.push"].viewers)))
    text = generate_latest(registry) + generate_latest(call.desk.counted.registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


ENDPOINTS = (Endpoint("GET", "/metrics", "read", get_metrics, media=(MEDIA,)),)
