"""What the journal promises: one order for all, no fault of one is another's, and everything is back after a restart."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from data import posting
from data.desk import Desk
from data.entries import Entry
from data.errors import Code, Refused
from data.records import CloseIn, ControlIn, EventIn, PositionIn, validated
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from tests.support.api import ALERT, CLOSE, EVENT, POSITION, SIGNAL, Api, together, without

WRITERS, EACH = 2, 150


def event(text: str = "m", **fields: Any) -> EventIn:
    return validated(EventIn, {"event_type": "SYSTEM", "message": text, **fields})


@pytest.fixture
def desks(settings: Settings) -> Iterator[Callable[[], Desk]]:
    """A function that opens another process's desk on the store."""
    opened: list[Desk] = []

    def another() -> Desk:
        opened.append(Desk.open(settings))
        opened[-1].start()
        return opened[-1]

    yield another
    for desk in opened:
        desk.close()


def wait_for(condition: Callable[[], bool], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


def test_two_writers_leave_no_gap_and_no_reader_misses_a_record(desks: Callable[[], Desk]) -> None:
    writers, reader = [desks() for _ in range(WRITERS)], desks()
    followed: list[int] = []
    reader.journal.subscribe(lambda entries: followed.extend(entry.id for entry in entries))
    polled: list[int] = []
    done = threading.Event()

    def poll() -> None:
        """Ask for what came after the last id, as a client does after a gap."""
        last = 0
        while not (done.is_set() and last == WRITERS * EACH):
            entries = reader.journal.tail._after(last)
            polled.extend(entry.id for entry in entries)
            last = entries[-1].id if entries else last

    def write(desk: Desk, name: int) -> list[int]:
        return [desk.journal.append([event(f"{name} {number}")])[0].record["id"] for number in range(EACH)]

    poller = threading.Thread(target=poll)
    poller.start()
    answered = together(*(lambda desk=desk, name=name: write(desk, name) for name, desk in enumerate(writers)))
    done.set()
    poller.join(20)
    everything = list(range(1, WRITERS * EACH + 1))
    assert all(ids == sorted(ids) for ids in answered)
    assert sorted(chain(*answered)) == everything
    assert polled == everything
    wait_for(lambda: len(followed) == len(everything), 2.0)
    assert followed == everything
    shown = [desk.monitor.latest_events for desk in (*writers, reader)]
    wait_for(lambda: shown[0](1000) == shown[1](1000) == shown[2](1000), 1.0)


def test_a_poison_request_hurts_only_itself(desks: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desks()
    real = posting.POSTINGS["event"]

    def poisoned(ledger: Any, draft: Any, bot: str) -> Any:
        if draft.message == "poison":
            raise RuntimeError("a fault of the program")
        return real(ledger, draft, bot)

    monkeypatch.setitem(posting.POSTINGS, "event", poisoned)

    def append(text: str) -> Any:
        try:
            return desk.journal.append([event(text)])[0].record["message"]
        except RuntimeError as error:
            return error

    with desk.journal._one_at_a_time:  # so that all of them end up in one batch
        results: list[Any] = [None] * 9
        threads = [
            threading.Thread(target=lambda place=place: results.__setitem__(place, append("poison" if place == 4 else f"{place}")))
            for place in range(9)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join(10)
    assert isinstance(results.pop(4), RuntimeError)
    assert results == ["0", "1", "2", "3", "5", "6", "7", "8"]
    assert sorted(event["id"] for event in desk.monitor.latest_events()) == list(range(1, 9))
    assert append("after") == "after"


def test_a_refused_request_in_a_batch_leaves_nothing_of_itself(desks: Callable[[], Desk]) -> None:
    desk = desks()
    position = validated(PositionIn, without(POSITION, "timestamp"))
    with pytest.raises(Refused) as refused:
        desk.journal.append([position, event(), validated(CloseIn, {**CLOSE, "position_id": "unknown"})])
    assert refused.value.fields == {"records[2].position_id": "is not open for this bot"}
    assert desk.journal.append([event("next")])[0].record["id"] == 1
    assert desk.monitor.open_positions() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_locked_store_refuses_in_time_keeps_answering_and_recovers_by_itself(api: Api, client: FlaskClient, desk: Desk) -> None:
    api.post("/activity", EVENT)
    locker = sqlite3.connect(str(desk.store.url.database), isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()

        def post() -> Any:
            return Api(client.application.test_client(), api.headers).client.post("/api/monitoring/activity", json=EVENT, headers=api.headers)

        responses = together(*[post] * 5)
        assert time.monotonic() - began < 4
        for response in responses:
            assert response.status_code == 503
            assert response.get_json()["error"]["code"] == "storage_busy"
            assert int(response.headers["Retry-After"]) >= 1
        assert api.get("/activity")["count"] == 1
        assert client.get("/health").status_code == 200
        with pytest.raises(Refused) as refused:
            desk.journal.append([event()])
        assert refused.value.code is Code.STORAGE_BUSY
    finally:
        locker.execute("ROLLBACK")
        locker.close()
    api.post("/activity", EVENT)
    assert api.get("/activity")["count"] == 2


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_database_that_went_away_is_refused_and_used_again_when_it_is_back(api: Api, desk: Desk) -> None:
    api.post("/activity", EVENT)
    with desk.store.read() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    api.post("/activity", EVENT)
    assert api.get("/activity")["count"] == 2
    wait_for(lambda: desk.journal.tail.applied == 2)


def test_everything_is_back_after_a_restart(api: Api, desk: Desk, desks: Callable[[], Desk]) -> None:
    api.post("/activity", EVENT)
    api.post("/activity/clear")
    for path, body in (("/activity", EVENT), ("/signals/update", SIGNAL), ("/positions/update", POSITION), ("/alerts", ALERT)):
        api.post(path, body)
    api.post("/positions/update", {**POSITION, "position_id": "closed"})
    api.post("/positions/close", {**CLOSE, "position_id": "closed"})
    reader = desk.accounts.resolve_token(api.headers["Authorization"].removeprefix("Bearer "))
    assert reader is not None
    assert len(desk.live.alerts_for(reader.reader, clear=True)) == 1
    again = desks()
    for question in ("latest_events", "latest_signals", "open_positions", "latest_alerts"):
        assert getattr(again.monitor, question)() == getattr(desk.monitor, question)()
    assert len(again.monitor.latest_events()) == 1
    assert without(again.statistics(), "uptime_seconds") == without(desk.statistics(), "uptime_seconds")
    assert again.live.alerts_for(reader.reader, clear=True) == []
    last = desk.versions()["stats"]
    assert again.journal.append([event()])[0].record["id"] == last + 1


def test_a_control_counts_in_every_process_at_the_same_place(api: Api, desks: Callable[[], Desk]) -> None:
    other = desks()
    for path, body in (
        ("/activity", EVENT),
        ("/signals/update", SIGNAL),
        ("/activity/clear", None),
        ("/signals/clear", None),
        ("/stats/reset", None),
    ):
        api.post(path, body)
    api.post("/activity", {**EVENT, "message": "after"})
    wait_for(lambda: other.journal.tail.applied == 6, 1.0)
    assert [row["message"] for row in other.monitor.latest_events()] == ["after"]
    assert other.monitor.latest_signals() == []
    assert other.statistics()["total_events"] == 1


def test_readers_get_snapshots_and_the_ring_is_bounded(desk: Desk) -> None:
    desk.journal.append([event(f"{number}") for number in range(1500)])
    snapshot = desk.monitor.latest_events(5000)
    assert len(snapshot) == 1000
    snapshot.clear()
    assert len(desk.monitor.latest_events(5000)) == 1000


def test_a_follower_gets_every_entry_once_whoever_wrote_it(desk: Desk, desks: Callable[[], Desk]) -> None:
    other = desks()
    entries: list[Entry] = []
    desk.journal.subscribe(entries.extend)
    for number in range(10):
        (desk if number % 2 else other).journal.append([event(f"{number}")])
    wait_for(lambda: len(entries) == 10, 1.0)
    assert [(entry.id, entry.body["message"]) for entry in entries] == [(number + 1, f"{number}") for number in range(10)]


def test_a_follower_that_fails_neither_ends_the_writer_nor_hides_records_from_the_others(desk: Desk) -> None:
    def fail(_entries: list[Entry]) -> None:
        raise RuntimeError("a projection's fault")

    desk.journal.subscribe(fail)
    for text in ("one", "two"):
        desk.journal.append([EventIn(event_type="SYSTEM", message=text)])
    assert [event["message"] for event in desk.monitor.latest_events(2)] == ["two", "one"]


def test_what_the_tail_cannot_read_once_does_not_end_it(desk: Desk, desks: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    other, broken = desks(), threading.Event()
    read = other.journal.tail._after

    def fail_once(last: int) -> list[Entry]:
        if not broken.is_set():
            broken.set()
            raise RuntimeError("nobody expected this")
        return read(last)

    monkeypatch.setattr(other.journal.tail, "_after", fail_once)
    desk.journal.append([event("after the fault")])
    assert broken.wait(5)
    wait_for(lambda: other.monitor.latest_events(1) != [])


def test_the_writer_acknowledges_what_is_committed_and_goes_on_when_the_tail_cannot_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(last: int) -> list[Entry]:
        raise RuntimeError("nobody expected this")

    head = desk.journal.append([event()])[0].record["id"]
    with monkeypatch.context() as patch:
        patch.setattr(desk.journal.tail, "_after", fault)
        desk.journal.tail.applied = 0  # as if another process had written in between
        assert desk.journal.append([event()])[0].record["id"] == head + 1
    assert desk.journal.append([event()])[0].record["id"] == head + 2
    wait_for(lambda: desk.journal.tail.applied == head + 2)


def test_the_demo_is_removed_everywhere_also_by_who_is_named_like_one_of_its_bots(desk: Desk, desks: Callable[[], Desk]) -> None:
    other = desks()
    desk.journal.append([event()], bot="demo-trend")
    wait_for(lambda: other.monitor.latest_events() != [])
    desk.journal.append([ControlIn(action=posting.REMOVE_DEMO)], bot="demo-admin")
    assert desk.monitor.latest_events() == []
    wait_for(lambda: other.monitor.latest_events() == [])
    assert desk.health()["feed"]["records_behind"] == 0


def test_a_store_that_another_process_writes_to_is_read_by_a_new_connection_at_once(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "store.sqlite")
    with closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        fresh = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
        assert fresh.schema_version() == SCHEMA_HEAD
        fresh.close()
        other.execute("ROLLBACK")
