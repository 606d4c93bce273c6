"""A store that is full, gone, broken, or asked for too much, in short; the long runs of the same are `python -m bench.faults.…`."""

import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, exc, select

from app.crowd import Threads
from bench.faults import descriptors, disk_full, io_faults
from bench.faults.faulty_io import COMPILER
from data import journal, store_errors
from data.accounts import Accounts
from data.desk import Desk
from data.errors import Code, Refused
from data.records import EventIn, validated
from data.schema import AuditEntry, Session
from data.settings import Settings
from data.store import Store
from tests.support.api import EVENT, Api
from tests.support.waiting import until

PASSWORD = "correct horse battery staple"
needs_gcc = pytest.mark.skipif(COMPILER is None, reason="not run: gcc, which compiles the failing disk, is not installed")
served = pytest.mark.timeout(200)  # a server is started, on a machine that may be busy


@pytest.fixture
def backend() -> str:
    """PostgreSQL is stopped and started by a script of its own: `python -m bench.faults.postgres_restarts`."""
    return "sqlite"


# --- served ------------------------------------------------------------------------------------------------------


@served
@needs_gcc
def test_a_write_or_sync_that_fails_is_refused_or_does_no_harm_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    found = io_faults.run(tmp_path, range(1, 9))
    assert [figure for figure in found.figures() if figure.holds is False] == []
    assert found.faults > 0


@served
@needs_gcc
def test_while_the_disk_is_full_writes_answer_507_and_people_sign_in_and_read_and_with_room_all_goes_on(tmp_path: Path) -> None:
    found = disk_full.run(tmp_path, 1.0, simulated=True)
    bounds = [figure.what for figure in found.figures() if figure.holds is False and "within" not in figure.what]  # how fast is for a quiet machine
    assert (bounds, found.faulty_reads) == ([], [])
    assert found.logins


@served
def test_without_a_file_descriptor_left_the_server_says_503_does_not_end_and_is_well_afterwards(tmp_path: Path) -> None:
    parts, ended = descriptors.short_of_files(tmp_path, 60)
    assert ended == 0
    for part in parts:
        assert part.answers["none"] == 0
        assert part.answers["503"] > 0
        assert part.stored_again


# --- the writer's queue --------------------------------------------------------------------------------------------


def appending(desk: Desk, code_of: list[Code | None]) -> threading.Thread:
    """Start to append three records; what came of it is added to the list."""

    def append() -> None:
        try:
            desk.journal.append([validated(EventIn, EVENT)] * 3)
            code_of.append(None)
        except Refused as refused:
            code_of.append(refused.code)

    thread = threading.Thread(target=append)
    thread.start()
    return thread


def test_what_waits_is_bounded_in_records_too_and_what_was_taken_counts_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    transact = desk.journal._transact
    codes: list[Code | None] = []

    def slow(batch: list[Any]) -> Any:
        begun.set()
        assert go_on.wait(10)
        return transact(batch)

    monkeypatch.setattr(journal, "QUEUE_RECORDS", 5)
    monkeypatch.setattr(desk.journal, "_transact", slow)
    threads = [appending(desk, codes)]
    assert begun.wait(5)
    threads.append(appending(desk, codes))
    until(lambda: desk.journal._records_waiting == 3)
    appending(desk, codes).join(10)
    assert codes == [Code.STORAGE_BUSY]
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert codes == [Code.STORAGE_BUSY, None, None]
    assert (desk.journal._records_waiting, desk.statistics()["total_events"]) == (0, 6)


def test_who_waits_behind_a_write_that_failed_is_told_the_same_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    codes: list[Code | None] = []

    def fail(_batch: list[Any]) -> Any:
        begun.set()
        until(lambda: desk.journal.waiting == 2)
        raise Refused(Code.STORAGE_FULL, "full", retry_after=3)

    monkeypatch.setattr(desk.journal, "_transact", fail)
    threads = [appending(desk, codes)]
    assert begun.wait(5)
    threads += [appending(desk, codes) for _ in range(2)]
    for thread in threads:
        thread.join(10)
    assert codes == [Code.STORAGE_FULL] * 3
    assert desk.journal._records_waiting == 0


# --- the store -------------------------------------------------------------------------------------------------------


def test_a_store_whose_file_is_gone_takes_no_record_makes_no_other_and_goes_on_when_it_is_back(api: Api, desk: Desk, tmp_path: Path) -> None:
    api.post("/activity", EVENT)
    path, away = Path(str(desk.store.url.database)), tmp_path / "away"
    path.rename(away)
    refused = api.send("/activity", b'{"event_type": "SYSTEM", "message": "m"}')
    assert (refused.status_code, refused.get_json()["error"]["code"], refused.headers["Retry-After"]) == (503, "storage_unavailable", "3")
    desk.store.engine.dispose()  # so that a connection has to be made
    with pytest.raises(Refused), desk.store.write():
        pass
    assert not path.exists()
    assert api.get("/activity")["count"] == 1
    away.rename(path)
    api.post("/activity", EVENT)
    assert api.get("/activity")["count"] == 2


def test_writers_of_one_process_take_turns_and_one_that_can_be_left_out_does_not_wait_long(store: Store) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            held.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(5)
        with pytest.raises(Refused) as refused, store.write(patience=0.05):
            pass
        assert refused.value.code is Code.STORAGE_BUSY
    finally:
        release.set()
        holder.join(10)
    with store.write(patience=0.05):
        pass


@pytest.mark.parametrize(
    ("error", "room", "code"),
    [
        (sqlite3.OperationalError("database or disk is full"), True, Code.STORAGE_FULL),
        (sqlite3.OperationalError("disk I/O error"), False, Code.STORAGE_FULL),  # a quota
        (sqlite3.OperationalError("disk I/O error"), True, Code.STORAGE_UNAVAILABLE),
        (sqlite3.OperationalError("unable to open database file"), True, Code.STORAGE_UNAVAILABLE),
        (sqlite3.OperationalError("database is locked"), True, Code.STORAGE_BUSY),
        (sqlite3.DatabaseError("database disk image is malformed"), True, Code.STORAGE_UNAVAILABLE),
        (psycopg.errors.DiskFull("no space left"), True, Code.STORAGE_FULL),
        (psycopg.errors.LockNotAvailable("timeout"), True, Code.STORAGE_BUSY),
        (psycopg.errors.TooManyConnections("sorry"), True, Code.STORAGE_BUSY),
        (psycopg.errors.AdminShutdown("terminating"), True, Code.STORAGE_UNAVAILABLE),
        (psycopg.errors.CannotConnectNow("starting up"), True, Code.STORAGE_UNAVAILABLE),
        (psycopg.errors.ReadOnlySqlTransaction("a standby"), True, Code.STORAGE_UNAVAILABLE),
        (exc.TimeoutError("the pool"), True, Code.STORAGE_BUSY),
    ],
    ids=str,
)
def test_each_way_in_which_a_database_fails_has_its_code_and_says_when_to_come_again(
    error: Exception, room: bool, code: Code, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store_errors, "_has_room", lambda _folder: room)
    with pytest.raises(Refused) as refused, store_errors.translated(tmp_path):
        raise error
    assert refused.value.code is code
    assert 1 <= (refused.value.retry_after or 0) <= 3


def test_a_fault_of_the_program_is_no_fault_of_the_store(tmp_path: Path) -> None:
    for fault in (sqlite3.IntegrityError("UNIQUE constraint failed"), exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("twice"))):
        with pytest.raises(type(fault)), store_errors.translated(tmp_path):
            raise fault


@pytest.mark.parametrize(("number", "room"), [(errno.ENOSPC, False), (errno.EDQUOT, False), (errno.EMFILE, True)])
def test_whether_there_is_room_is_tried(number: int, room: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert store_errors._has_room(tmp_path)

    def refuse(**_: Any) -> Any:
        raise OSError(number, "as the system says")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert store_errors._has_room(tmp_path) == room


# --- signing in while the disk is full ---------------------------------------------------------------------------------


@pytest.fixture
def accounts(settings: Settings, store: Store) -> Accounts:
    """The accounts of a store, with a user."""
    accounts = Accounts(store, settings)
    accounts.add_user("ann", PASSWORD, "viewer")
    return accounts


@contextmanager
def full(store: Store) -> Iterator[None]:
    """Have each transaction that changes something fail for lack of room."""

    def refuse(connection: Any) -> None:
        if connection.get_execution_options().get("begin"):
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(store.engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(store.engine, "begin", refuse)


def sessions(store: Store) -> int:
    with store.read() as connection:
        return len(connection.execute(select(Session.digest)).all())


def signed_in_while_full(accounts: Accounts, store: Store) -> str:
    """Sign in, look about and guess wrong while nothing can be stored; return the cookie."""
    with full(store):
        cookie = accounts.sign_in("ann", PASSWORD, address="::1")
        assert cookie is not None
        for _ in range(2):
            accounts._known_sessions.forget()
            found = accounts.resolve_session(cookie)
            assert found is not None
            assert (found.name, found.role) == ("ann", "viewer")
        assert accounts.sign_in("ann", "another password", address="::1") is None
    assert sessions(store) == 0
    return cookie


def test_who_signs_in_while_the_disk_is_full_is_written_down_when_there_is_room(accounts: Accounts, store: Store) -> None:
    cookie = signed_in_while_full(accounts, store)
    accounts._known_sessions.forget()
    assert accounts.resolve_session(cookie) is not None
    assert sessions(store) == 1
    with store.read() as connection:
        assert connection.scalars(select(AuditEntry.actor).where(AuditEntry.action == "sign_in")).all() == ["ann"]
    accounts._known_sessions.forget()
    assert accounts.resolve_session(cookie) is not None


@pytest.mark.parametrize(
    "end",
    [
        lambda accounts, _cookie: accounts.set_disabled("ann", True),
        lambda accounts, _cookie: accounts.set_password("ann", "quite another one"),
        lambda accounts, cookie: accounts.revoke_session(accounts.resolve_session(cookie).digest),
    ],
    ids=["shut out", "another password", "signed out"],
)
def test_a_session_that_is_not_written_ends_as_others_do(end: Callable[[Accounts, str], Any], accounts: Accounts, store: Store) -> None:
    cookie = signed_in_while_full(accounts, store)
    end(accounts, cookie)
    accounts._known_sessions.forget()
    assert accounts.resolve_session(cookie) is None


# --- threads that the system does not grant -----------------------------------------------------------------------------


def test_when_no_more_threads_are_granted_those_that_there_are_do_the_work_and_without_any_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    busy, idle = Threads(max_workers=4), Threads(max_workers=4)
    go_on = threading.Event()
    first = busy.submit(go_on.wait, 10)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        second = busy.submit(lambda: "done")
        with pytest.raises(RuntimeError):
            idle.submit(lambda: "never")
    go_on.set()
    assert (first.result(10), second.result(10)) == (True, "done")
    busy.shutdown()
    idle.shutdown(wait=False)
