"""Two processes on one store show the same records in the same order, and no reader of the journal ever skips one."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench.faults.two_servers import server_and_bot_on_sqlite, two_servers_on_postgresql, watch
from data import posting
from data.desk import Desk
from data.entries import Entry
from data.ledger import Ledger
from data.records import EventIn, validated
from data.settings import Settings
from data.store import Store
from data.tail import Tail
from data.times import now

PATIENCE = 10.0


@pytest.mark.parametrize("backend", ["postgresql"])
def test_two_servers_on_one_postgresql_show_the_same_in_the_same_order(store_url: str, tmp_path: Path) -> None:
    with two_servers_on_postgresql(tmp_path, store_url) as ends:
        assert watch(ends, alternating=20, at_once=50).faults() == []


def test_a_bot_with_the_python_api_and_a_server_on_one_sqlite_file_show_the_same_in_the_same_order(tmp_path: Path) -> None:
    with server_and_bot_on_sqlite(tmp_path) as ends:
        assert watch(ends, alternating=20, at_once=50).faults() == []


def test_a_process_follows_another_in_a_folder_whose_name_means_something_in_an_address(tmp_path: Path) -> None:
    settings = Settings.load(botv2_data_dir=tmp_path / "bot #1 100%41")
    writer, watcher = Desk.open(settings), Desk.open(settings)
    watcher.start()
    try:
        writer.journal.append([validated(EventIn, {"event_type": "SYSTEM", "message": "hello"})])
        wait_for(lambda: bool(watcher.monitor.latest_events()))
        assert [event["message"] for event in watcher.monitor.latest_events()] == ["hello"]
    finally:
        watcher.close()
        writer.close()


# --- the trap: numbers that become visible out of their order -----------------------------------------------------


@pytest.fixture
def another_store(settings: Settings) -> Iterator[Callable[[], Store]]:
    """A function that opens the store once more, as another process does."""
    with ExitStack() as stack:

        def open_store() -> Store:
            store = Store(settings.store_url)
            stack.callback(store.close)
            return store

        yield open_store


@pytest.fixture
def followed(another_store: Callable[[], Store]) -> Iterator[list[int]]:
    """The ids that a third process's tail has been given, in that order."""
    ids: list[int] = []
    tail = Tail(another_store())
    tail.subscribe(lambda entries: ids.extend(entry.id for entry in entries))
    tail.start()
    yield ids
    tail.stop()


@contextmanager
def posted_but_not_committed(store: Store, message: str) -> Iterator[Entry]:
    """Post an event in a transaction that is committed when the block ends."""
    with store.write(appending=True) as connection:
        ledger = Ledger(connection, now())
        with ledger.request():
            posting.post(ledger, validated(EventIn, {"event_type": "SYSTEM", "message": message}), "bot")
        ledger.flush()
        yield ledger.entries[0]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_no_later_record_becomes_visible_before_an_earlier_one(another_store: Callable[[], Store], followed: list[int]) -> None:
    committed = threading.Event()

    def second_writer() -> None:
        with posted_but_not_committed(another_store(), "second"):
            pass
        committed.set()

    thread = threading.Thread(target=second_writer)
    with posted_but_not_committed(another_store(), "first") as first:
        thread.start()
        assert not committed.wait(0.5)  # it waits for its turn, whatever its number
        assert followed == []
    thread.join(PATIENCE)
    wait_for(lambda: len(followed) == 2)
    assert followed == [first.id, first.id + 1]


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_tail_skips_no_id_while_writers_commit_late(another_store: Callable[[], Store], followed: list[int]) -> None:
    def write(store: Store, delays: random.Random) -> None:
        for number in range(20):
            with posted_but_not_committed(store, f"event {number}"):
                time.sleep(delays.uniform(0, 0.02))

    threads = [threading.Thread(target=write, args=(another_store(), random.Random(seed))) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: len(followed) == 60)
    assert followed == list(range(1, 61))
