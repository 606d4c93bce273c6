"""What is kept, for how long, and that trimming changes no counter and no state."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from data import retention, sweep
from data.desk import Desk
from data.schema import Idempotency, Journal
from data.settings import Settings
from data.store import Store
from data.times import now
from tests.support.api import ALERT, CANDLE, CLOSE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE, Api, ago, without


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """A desk that trims nothing by itself: each test does it, and counts."""
    desk = Desk.open(settings)
    desk._trim = lambda: None  # type: ignore[method-assign]  # the tests' own is `trimmed`
    desk.start()
    yield desk
    desk.close()


def age(desk: Desk, ids: list[int], **span: float) -> None:
    """Make the store believe that it took these records a while ago."""
    with desk.store.write() as connection:
        connection.execute(update(Journal).where(Journal.id.in_(ids)).values(received_at=now() - timedelta(**span)))


def kept(desk: Desk, kind: str) -> list[int]:
    with desk.store.read() as connection:
        return list(connection.scalars(select(Journal.id).where(Journal.kind == kind).order_by(Journal.id)))


def counters(desk: Desk) -> dict[str, Any]:
    return without(desk.statistics(), "uptime_seconds", "last_update")


def trimmed(desk: Desk, days: int = 365) -> int:
    """Trim, and check that no counter changed, neither here nor for who starts afterwards."""
    before = counters(desk)
    removed = retention.trim(desk.store, days)
    again = Desk.open(desk.settings)
    assert counters(again) == counters(desk) == before
    again.close()
    return removed


def test_events_and_alerts_go_when_their_time_since_receipt_is_over(api: Api, desk: Desk) -> None:
    old, young = ([api.post("/activity", EVENT)["event"]["id"], api.post("/alerts", ALERT)["alert"]["id"]] for _ in range(2))
    age(desk, old, days=365.1)
    age(desk, young, days=364.9)
    assert trimmed(desk) == 2
    assert kept(desk, "event") + kept(desk, "alert") == young
    assert api.get("/activity", since="2000-01-01T00:00:00Z")["count"] == 1
    assert trimmed(desk, 364) == 2
    assert kept(desk, "event") == []


def test_the_own_time_of_an_event_does_not_shorten_its_stay(api: Api, desk: Desk) -> None:
    api.post("/activity", {**EVENT, "timestamp": "2001-01-01T00:00:00Z"})
    assert trimmed(desk, 1) == 0


def test_trades_snapshots_candles_and_the_last_state_of_everything_stay(api: Api, desk: Desk) -> None:
    api.batch({"kind": "trade", **TRADE}, {"kind": "snapshot", **SNAPSHOT}, {"kind": "candle", **CANDLE}, {"kind": "signal", **SIGNAL})
    api.batch({"kind": "position", **POSITION}, {"kind": "position", **POSITION, "position_id": "b"}, {"kind": "close", **CLOSE, "position_id": "b"})
    age(desk, list(range(1, 100)), days=4000)
    before = (desk.monitor.open_positions(), desk.monitor.latest_signals(), api.get("/api/trades")["data"]["total"])
    assert trimmed(desk) == 0
    again = Desk.open(desk.settings)
    assert (again.monitor.open_positions(), again.monitor.latest_signals(), api.get("/api/trades")["data"]["total"]) == before
    again.close()


def test_replaced_position_updates_and_signals_thin_to_one_a_minute_after_a_day(api: Api, desk: Desk) -> None:
    def report(number: int) -> list[int]:
        position = api.post("/positions/update", {**POSITION, "current_price": 51_000 + number})["position"]["id"]
        signal = api.post("/signals/update", {**SIGNAL, "confidence": number / 100})["signal"]["id"]
        return [position, signal]

    reports = [report(number) for number in range(9)]
    minute = now().replace(second=0, microsecond=0) - timedelta(days=2)
    with desk.store.write() as connection:
        for number, ids in enumerate(reports[:6]):  # three in one minute, three in the next
            connection.execute(update(Journal).where(Journal.id.in_(ids)).values(received_at=minute + timedelta(seconds=20 * number)))
    age(desk, reports[6] + reports[7], hours=23.9)
    positions, signals = desk.monitor.open_positions(), desk.monitor.latest_signals()
    assert trimmed(desk) == 8
    assert kept(desk, "position") == [ids[0] for ids in (reports[2], *reports[5:])]
    assert kept(desk, "signal") == [ids[1] for ids in (reports[2], *reports[5:])]
    assert trimmed(desk) == 0
    again = Desk.open(desk.settings)
    assert (again.monitor.open_positions(), again.monitor.latest_signals()) == (positions, signals)
    again.close()


def test_bots_positions_and_strategies_are_thinned_each_on_its_own(api: Api, desk: Desk) -> None:
    for price in (51_000, 51_001):
        for bot in ("a", "b"):
            for name in ("p", "q"):
                api.post("/positions/update", {**POSITION, "bot": bot, "position_id": name, "current_price": price})
    with desk.store.write() as connection:
        connection.execute(update(Journal).values(received_at=now() - timedelta(days=2)))
    assert trimmed(desk) == 4
    assert len(kept(desk, "position")) == 4


def test_the_state_that_is_shown_stays_when_a_late_one_came_after_it(api: Api, desk: Desk) -> None:
    for minutes in (10, 1, 5):
        api.post("/signals/update", {**SIGNAL, "timestamp": ago(minutes=minutes)})
    age(desk, [1, 2, 3], days=2)
    assert trimmed(desk) == 2
    assert kept(desk, "signal") == [signal["id"] for signal in desk.monitor.latest_signals()] == [2]


def test_old_idempotency_keys_go(api: Api, desk: Desk) -> None:
    for key in ("old", "young"):
        api.post("/activity", EVENT, Idempotency_Key=key)
    with desk.store.write() as connection:
        connection.execute(update(Idempotency).where(Idempotency.key == "old").values(created_at=now() - timedelta(hours=25)))
    trimmed(desk)
    with desk.store.write() as connection:
        assert connection.scalars(select(Idempotency.key)).all() == ["young"]


def test_more_than_one_batch_of_old_rows_goes_and_nothing_younger(api: Api, desk: Desk) -> None:
    api.batch(*({"kind": "event", **EVENT} for _ in range(4500)))
    age(desk, list(range(1, 4400)), days=400)
    assert trimmed(desk) == 4399
    assert kept(desk, "event") == list(range(4400, 4501))
    with desk.store.write() as connection:
        connection.execute(delete(Journal))
        assert connection.scalar(select(func.count()).select_from(Journal.__table__)) == 0
    assert api.post("/activity", EVENT)["event"]["id"] == 4501  # an id is never given twice


def test_processes_that_trim_at_once_are_not_in_each_others_way(api: Api, desk: Desk) -> None:
    api.batch(*({"kind": "position", **POSITION, "current_price": 50_000 + number} for number in range(4500)))
    age(desk, list(range(1, 4501)), days=3)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: retention.trim(desk.store, 365), range(3)))
    assert kept(desk, "position")[-1] == 4500
    assert len(kept(desk, "position")) <= 3  # one a minute, and one at the end of each batch


def test_trimming_stops_at_the_next_batch_when_told_to(api: Api, desk: Desk) -> None:
    api.batch(*({"kind": "event", **EVENT} for _ in range(10)))
    age(desk, list(range(1, 11)), days=400)
    stopping = threading.Event()
    stopping.set()
    assert retention.trim(desk.store, 365, stopping) == 0
    assert len(kept(desk, "event")) == 10


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions of two rows at most."""
    for name in ("FIRST", "FEWEST", "MOST"):
        monkeypatch.setattr(sweep, name, 2)
    monkeypatch.setattr(sweep, "PAUSE_SECONDS", 0.001)


@pytest.mark.usefixtures("small_steps")
def test_trimming_lets_go_of_the_store_between_batches(api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers poll for SQLite's lock: without a pause they would find it taken until the last batch."""
    pauses: list[float] = []
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "wait", pauses.append)
    api.batch(*({"kind": "event", **EVENT} for _ in range(10)))
    age(desk, list(range(1, 11)), days=400)
    assert retention.trim(desk.store, 365, stopping) == 10
    assert len(pauses) >= 4


@pytest.mark.usefixtures("small_steps")
def test_trimming_that_is_told_to_stop_between_two_batches_is_finished_by_the_next(api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        api.post("/positions/update", {**POSITION, "current_price": 51_000 + number})
    with desk.store.write() as connection:
        connection.execute(update(Journal).values(received_at=now().replace(second=0, microsecond=0) - timedelta(days=2)))
    stopping = threading.Event()

    def told_to_stop(_seconds: float) -> bool:
        stopping.set()
        return True

    monkeypatch.setattr(stopping, "wait", told_to_stop)
    assert retention.trim(desk.store, 365, stopping) == 2
    assert trimmed(desk) == 5
    assert kept(desk, "position") == [8]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_transaction_of_the_sweep_takes_as_many_rows_as_it_can_in_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(sweep, "AIM_SECONDS", 0.5)
    sizes: list[int] = []

    def a_thousand_in_its_time(keys: Sequence[Any]) -> list[Any]:
        sizes.append(len(keys))
        time.sleep(len(keys) / 2000)
        return [delete(Journal).where(Journal.id.in_(keys))]

    sweep.Sweep(store).delete(list(range(2500)), a_thousand_in_its_time)
    assert sizes[0] == sweep.FIRST < sizes[1]
    assert max(sizes) <= 1000


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_file_shrinks_when_old_rows_have_gone(api: Api, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "FREE_PAGES", 10)

    def pages() -> tuple[int, int]:
        with desk.store.read() as connection:
            return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "freelist_count"))

    for _ in range(5):
        api.batch(*({"kind": "event", **EVENT, "message": "m" * 500} for _ in range(1000)))
    grown, _ = pages()
    age(desk, list(range(1, 5001)), days=400)
    assert trimmed(desk) == 5000
    shrunk, free = pages()
    assert shrunk < grown / 2
    assert free <= 10
    assert api.post("/activity", EVENT)["event"]["id"] == 5001


@pytest.mark.usefixtures("small_steps")
def test_the_demo_goes_step_by_step_and_nothing_else_does(api: Api, desk: Desk) -> None:
    records = {"trade": TRADE, "snapshot": SNAPSHOT, "candle": CANDLE, "signal": SIGNAL, "position": POSITION, "alert": ALERT, "event": EVENT}
    for bot in ("demo-trend", "demonstrator", "alpha"):
        api.batch(*({"kind": kind, **record, "bot": bot} | ({"symbol": bot} if kind == "candle" else {}) for kind, record in records.items()))
    for number in range(5):
        api.batch({"kind": "trade", **TRADE, "trade_id": f"more {number}", "bot": "demo-trend"}, {"kind": "event", **EVENT, "bot": "demo-trend"})
    retention.forget(desk.store, "demo-")
    with desk.store.read() as connection:
        for table in (Journal.__table__, *(model.__table__ for model in retention.OF_BOTS)):
            assert set(connection.scalars(select(table.c.bot))) == {"alpha", "demonstrator"}, table
    api.post("/demo/remove")
    assert api.get("/api/trades")["data"]["total"] == 2
    assert {feed["bot"] for feed in desk.live.feeds()} == {"alpha", "demonstrator"}
    api.post("/activity", {**EVENT, "bot": "demo-late"})
    api.post("/demo/remove")
    assert "demo-late" not in {feed["bot"] for feed in desk.live.feeds()}
    assert [event["bot"] for event in api.get("/activity", since="2000-01-01T00:00:00Z")["events"]] == ["alpha", "demonstrator"]
