"""What was sent, so that it can be recomputed from its name alone, and the verdict on what the store holds of it."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

EVENT_TYPES = ("ORDER", "STRATEGY", "RISK", "SYSTEM", "ALERT")
SEVERITIES = ("INFO", "SUCCESS", "WARNING", "ERROR")  # not CRITICAL, which would add alerts of the rules' own
BATCH = 5


@dataclass(frozen=True)
class Sent:
    """One request: the `number`-th of a writer."""

    writer: int
    number: int

    @property
    def path(self) -> str:
        """Return where it is posted: mostly single events, now and then a position or a batch."""
        return {3: "/positions/update", 7: "/batch"}.get(self.number % 10, "/activity")

    def records(self) -> dict[str, dict[str, Any]]:
        """Return its records by their unique names."""
        kinds = {"/batch": ["event"] * (BATCH - 1) + ["position"], "/positions/update": ["position"]}.get(self.path, ["event"])
        names = [f"w{self.writer}-{self.number}-{part}" for part in range(len(kinds))]
        return {name: _event(name) if kind == "event" else self._position(name) for name, kind in zip(names, kinds, strict=True)}

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        records = list(self.records().values())
        if self.path != "/batch":
            return records[0]
        return {"records": [{"kind": "event" if "message" in record else "position", **record} for record in records]}

    def _position(self, name: str) -> dict[str, Any]:
        return {
            "position_id": f"w{self.writer}-{self.number % 3}",
            "symbol": f"{name} {_checksum(name)}",
            "side": "LONG",
            "entry_price": 100.0,
            "current_price": 100.0 + self.number % 50,
            "size": 2.0,
        }


def _event(name: str) -> dict[str, Any]:
    checksum = _checksum(name)
    turn = int(checksum, 16)
    return {
        "event_type": EVENT_TYPES[turn % len(EVENT_TYPES)],
        "message": f"{name} {checksum}",
        "severity": SEVERITIES[turn % len(SEVERITIES)],
        "metadata": {"padding": checksum * (1 + turn % 40)},
    }


def _checksum(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]


@dataclass
class Verdict:
    """What became of the promise; `lost`, `half` and `doubled` count records, `other` says what else is wrong."""

    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    half: int = 0
    doubled: int = 0
    other: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Tell whether the promise was kept."""
        return not (self.lost or self.half or self.doubled or self.other)


def judge(database: Path | str, sent: Iterable[Sent], acknowledged: Set[Sent]) -> Verdict:
    """Compare the journal of a stopped server (an SQLite file, or libpq's address of a PostgreSQL database) with what was sent and acknowledged."""
    with _opened(database) as connection:
        rows = connection.execute("SELECT id, kind, effect, body FROM journal ORDER BY id").fetchall()
        verdict = Verdict(acknowledged=sum(len(request.records()) for request in acknowledged), stored=len(rows))
        verdict.other += _faults_of_the_store(connection, rows)
    stored: dict[str, list[dict[str, Any]]] = {}
    for _, _, _, text in rows:
        body = json.loads(text) if isinstance(text, str) else text
        stored.setdefault(str(body.get("message") or body.get("symbol")).partition(" ")[0], []).append(body)
    for request in sent:
        _judge_one(request, stored, verdict, acknowledged=request in acknowledged)
    if stored:
        verdict.other.append(f"{len(stored)} records that nobody sent, {next(iter(stored))!r} among them")
    return verdict


@contextmanager
def _opened(database: Path | str) -> Iterator[Any]:  # of two drivers, which are used alike here
    with closing(psycopg.connect(database) if isinstance(database, str) else sqlite3.connect(database)) as connection:
        yield connection


def _judge_one(request: Sent, stored: dict[str, list[dict[str, Any]]], verdict: Verdict, *, acknowledged: bool) -> None:
    """Judge one request's records and take them from `stored`."""
    expected = request.records()
    found = {name: stored.pop(name, []) for name in expected}
    missing = sum(1 for bodies in found.values() if not bodies)
    if acknowledged:
        verdict.lost += missing
    elif 0 < missing < len(expected):
        verdict.half += len(expected) - missing  # a batch is stored whole or not at all
    for name, bodies in found.items():
        verdict.doubled += max(0, len(bodies) - 1)
        verdict.half += sum(1 for body in bodies if not expected[name].items() <= body.items())


def _faults_of_the_store(connection: Any, rows: list[tuple[int, str, str, Any]]) -> list[str]:
    """Return what is wrong with the file itself, with the order and with the counters."""
    found = []
    if isinstance(connection, sqlite3.Connection) and (integrity := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        found.append(f"integrity_check: {integrity}")
    counters = dict(connection.execute("SELECT name, value FROM counter"))
    kinds = Counter(kind for _, kind, _, _ in rows)
    counted = {
        "last_id": len(rows),  # the ids are 1, 2, 3 … without a gap
        "total_events": kinds["event"],
        "total_positions": sum(1 for _, kind, effect, _ in rows if kind == "position" and effect == "opened"),
        "total_alerts_sent": kinds["alert"],
    }
    found += [f"{name} is {counters.get(name, 0)}, the rows say {value}" for name, value in counted.items() if counters.get(name, 0) != value]
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
        found.append("the ids have gaps")
    return found


def compare(database: Path, told: dict[int, str], answered: dict[str, int]) -> list[str]:
    """Return where the API's pages (event by id) or its answers (id by record's name) disagree with the journal."""
    with closing(sqlite3.connect(database)) as connection:
        rows = [(number, kind, json.loads(body)) for number, kind, body in connection.execute("SELECT id, kind, body FROM journal")]
    found = []
    events = {number: body["message"] for number, kind, body in rows if kind == "event"}
    if told != events:
        found.append(f"paging through the API gave {len(told)} events, the journal holds {len(events)}")
    numbers = {str(body.get("message") or body.get("symbol")).partition(" ")[0]: number for number, _, body in rows}
    misnumbered = [name for name, number in answered.items() if numbers.get(name, number) != number]
    if misnumbered:
        found.append(f"{len(misnumbered)} records stand under another id than the answer said, {misnumbered[0]} among them")
    return found
