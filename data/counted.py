"""What this process has done since it began, counted as it happens: for who asks at `/metrics`."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from data.entries import Entry

COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there; a line more for each label, which says when it was first counted


class Counted:
    """The counters of one desk; `registry` is their library's, which writes them. Counting costs a microsecond or two."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry(auto_describe=False)  # one of its own: the library's global one would be shared by all desks
        self._commits = Histogram(
            "botv2_commit_seconds", "Time from a transaction's begin to its commit", buckets=COMMIT_SECONDS, registry=self.registry
        )
        self._stored = Counter("botv2_records_in", "Records that this process has committed", ["kind"], registry=self.registry)
        self._sent = Counter("botv2_records_out", "Records that were pushed, once for each viewer", registry=self.registry)
        self._failed = Counter("botv2_failed_commits", "Transactions that the store refused", ["code"], registry=self.registry)
        self._answered = Counter("botv2_responses", "Answers to requests, by HTTP status", ["status"], registry=self.registry)

    def commit(self, seconds: float, entries: Iterable[Entry]) -> None:
        """Count a commit and what it stored."""
        self._commits.observe(seconds)
        for kind, number in Tally(entry.kind for entry in entries).items():
            self._stored.labels(kind).inc(number)

    def failure(self, code: str) -> None:
        """Count a transaction that the store refused."""
        self._failed.labels(code).inc()

    def sent(self, records: int) -> None:
        """Count records on their way to viewers."""
        self._sent.inc(records)

    def answer(self, status: str) -> None:
        """Count an answer to a request by its status, such as `507`."""
        self._answered.labels(status).inc()
