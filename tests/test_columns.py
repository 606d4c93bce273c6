"""Columns in memory hold what the tables hold, whatever was added, replaced or removed, by whichever process."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import select, update

from data import columns, posting, times
from data.columns import Frame
from data.currency import in_one_currency
from data.records import ControlIn, Draft, SnapshotIn, TradeIn
from data.schema import Journal, Portfolio, Trade
from data.settings import Settings

if TYPE_CHECKING:
    from data.desk import Desk

NAMES = ("bot", "symbol", "strategy", "direction", "status", "currency")


@pytest.fixture
def other(settings: Settings) -> Iterator["Desk"]:
    """A second process's desk on the same store."""
    from data.desk import Desk

    desk = Desk.open(settings)
    yield desk
    desk.close()


def trade(number: int, net: float | None = None, **fields: Any) -> Draft:
    ends = {} if net is None else {"exit_time": f"2025-01-01T{number % 24:02}:00:00.000001Z", "exit_price": 1, "net_pnl": net}
    known = {"trade_id": f"t{number}", "symbol": "BTC/USDT", "direction": "long", "size": 1, "entry_price": 1, "entry_time": "2024-12-31T00:00:00Z"}
    return TradeIn.model_validate(known | ends | fields)


def snapshot(at: str, value: float, **fields: Any) -> Draft:
    return SnapshotIn.model_validate({"timestamp": at, "total_value": value, **fields})


def plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def rows_of(frame: Frame, numbers: tuple[str, ...], moments: tuple[str, ...], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a frame as rows with the tables' own values."""
    return [
        {"id": int(frame["id"][place])}
        | {name: plain(frame[name][place].item()) for name in numbers}
        | {name: times.from_microseconds(frame[name][place]) for name in moments}
        | {name: frame.names(name)[frame[name][place]] or None for name in names}
        for place in range(len(frame))
    ]


def check(desk: "Desk") -> None:
    """Hold the columns of a desk against the tables."""
    for frame, table, time, numbers, names in (
        (desk.columns.trades(), Trade, ("at", "entry_time"), ("net_pnl", "pnl", "fees", "slippage", "pnl_pct", "duration_seconds"), NAMES),
        (desk.columns.snapshots(), Portfolio, ("timestamp",), ("total_value", "deposit", "cash_balance"), ("bot", "currency")),
    ):
        with desk.store.read() as connection:
            wanted = [table.__table__.c[name] for name in ("id", *numbers, *time, *names)]
            rows = [dict(row) for row in connection.execute(select(*wanted).order_by(table.__table__.c.id)).mappings()]
        assert rows_of(frame, numbers, time, names) == rows


def test_columns_follow_what_is_added_replaced_and_removed(desk: "Desk") -> None:
    check(desk)
    desk.journal.append([trade(1, 5.25, fees=1, currency="EUR"), trade(2), snapshot("2025-01-01T00:00:00.123456Z", 10, deposit=1)], bot="demo-a")
    check(desk)
    earlier = desk.columns.trades()
    desk.journal.append([trade(number, number / 3, symbol=f"S{number}", strategy="swing") for number in range(3, 60)], bot="beta")
    check(desk)
    desk.journal.append([trade(2, -1, slippage=0.5), trade(60), snapshot("2025-01-01T00:00:00.123456Z", 11)], bot="demo-a")
    check(desk)
    assert (len(earlier), earlier["net_pnl"][0], bool(np.isnan(earlier["net_pnl"][1]))) == (2, 5.25, True)
    desk.journal.append([snapshot("1969-12-31T23:59:59.999999Z", 3), snapshot("2024-02-29T12:00:00.5Z", 4)], bot="beta")
    check(desk)
    desk.journal.append([ControlIn(action=posting.REMOVE_DEMO)], bot="x")
    check(desk)
    assert len(desk.columns.trades()) == 57
    desk.journal.append([trade(1, 7, currency="BTC")], bot="gamma")
    check(desk)


def test_two_processes_have_the_same_columns(desk: "Desk", other: "Desk") -> None:
    other.start()
    check(other)
    for number in range(1, 30):
        (desk if number % 2 else other).journal.append([trade(number % 20, number)], bot="alpha")
    for each in (desk, other):
        each.journal.tail.catch_up()
        check(each)


def test_a_read_that_breaks_off_halfway_loses_nothing(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    desk.journal.append([trade(number, number) for number in range(5)])
    check(desk)
    desk.journal.append([trade(number, number + 1) for number in range(3, 9)])
    monkeypatch.setattr(columns, "CHUNK", 2)
    writes = iter([False, True])
    write = columns._Rows.write

    def breaking(rows: Any, chunk: Any) -> None:
        if next(writes, False):
            raise RuntimeError("the connection is gone")
        write(rows, chunk)

    monkeypatch.setattr(columns._Rows, "write", breaking)
    with pytest.raises(RuntimeError):
        desk.columns.trades()
    check(desk)
    desk.journal.append([ControlIn(action=posting.REMOVE_DEMO)])
    writes = iter([False, True])
    with pytest.raises(RuntimeError):
        desk.columns.trades()
    check(desk)


def test_an_unchanged_table_is_the_same_frame_and_a_change_elsewhere_reads_nothing(desk: "Desk") -> None:
    desk.journal.append([trade(1, 1)])
    assert desk.columns.trades() is desk.columns.trades()
    before = desk.columns.trades()
    desk.journal.append([snapshot("2025-01-01T00:00:00Z", 10)])
    assert desk.columns.trades() is before


def frame(**columns: list[Any]) -> Frame:
    vocabulary = {"currency": {"USD": 0, "": 1, "EUR": 2}}
    return Frame("at", {name: np.array(values) for name, values in columns.items()}, vocabulary)


def test_a_frame_gives_chosen_rows_in_order_of_time() -> None:
    whole = frame(id=[1, 2, 3, 4], at=[30, 10, 20, 10], currency=[0, 1, 2, 0])
    assert not whole.is_in_time
    assert whole.by_time.tolist() == [1, 3, 2, 0]
    chosen = whole.in_time(np.array([True, True, False, True]))
    assert (chosen["id"].tolist(), len(chosen), chosen.is_in_time) == ([2, 4, 1], 3, True)
    assert chosen.take(np.array([2, 0]))["at"].tolist() == [30, 10]
    assert chosen.in_time(np.array([True, True, True])) is chosen
    assert chosen.in_time(np.array([False, True, False]))["id"].tolist() == [4]
    assert whole.is_any("currency", ["EUR", "USD"]).tolist() == [True, False, True, True]
    assert whole.is_any("currency", ["USD"]).tolist() == [True, False, False, True]
    assert whole.is_any("currency", ["CHF"]).tolist() == [False] * 4


def test_one_currency_is_chosen_and_the_others_are_counted() -> None:
    whole = frame(id=[1, 2, 3, 4, 5], at=[1, 2, 3, 4, 5], currency=[0, 1, 2, 2, 2])
    every = np.ones(5, np.bool_)
    for wanted, default, expected in (
        (None, "USD", ([1, 2], "USD", [("EUR", 3)])),
        (None, "CHF", ([2], "CHF", [("EUR", 3), ("USD", 1)])),
        ("USD", "EUR", ([1], "USD", [("EUR", 4)])),
        ("JPY", "USD", ([], "JPY", [("EUR", 3), ("USD", 2)])),
    ):
        mask, currency, left_out = in_one_currency(whole, every, wanted, default)
        assert (whole["id"][mask].tolist(), currency, [(row["currency"], row["rows"]) for row in left_out]) == expected
    assert in_one_currency(whole, np.array([True, False, True, True, False]), None, "CHF")[1:] == ("EUR", [{"currency": "USD", "rows": 1}])
    mask, currency, left_out = in_one_currency(whole, np.array([False, False, True, False, False]), None, "USD")
    assert (mask.tolist(), currency, left_out) == ([False, False, True, False, False], "EUR", [])
    assert in_one_currency(whole, ~every, None, "USD")[1:] == ("USD", [])


def test_a_start_goes_on_from_the_file_of_the_last_one_and_ignores_one_that_is_not_of_this_store(
    desk: "Desk", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data.desk import Desk

    monkeypatch.setattr(columns, "LONG", 5)
    read: list[int] = []
    write = columns._Rows.write

    def counting(rows: Any, chunk: Any) -> None:
        read.append(len(chunk))
        write(rows, chunk)

    monkeypatch.setattr(columns._Rows, "write", counting)
    path = settings.botv2_data_dir / "columns-trade.npz"

    def rows_read_by_a_new_process() -> int:
        process = Desk.open(settings)
        read.clear()
        check(process)
        process.close()
        return sum(read)

    desk.journal.append([trade(number, number, symbol=f"S{number}") for number in range(1, 5)], bot="demo-a")
    check(desk)
    desk.columns.keep()
    assert not path.exists()  # so few are read as soon
    desk.journal.append([trade(number, number / 3) for number in range(5, 20)], bot="beta")
    check(desk)
    desk.columns.keep()
    assert path.stat().st_mode & 0o777 == 0o600
    assert rows_read_by_a_new_process() == 0
    desk.journal.append([trade(7, 1, currency="EUR"), trade(21, 2, strategy="new")], bot="beta")
    assert rows_read_by_a_new_process() == 2
    whole = path.read_bytes()
    for broken in (b"", whole[:-100], whole[:3000] + bytes(200) + whole[3200:]):
        path.write_bytes(broken)
        assert rows_read_by_a_new_process() == 20
    path.write_bytes(whole)
    assert rows_read_by_a_new_process() == 2
    with desk.store.write() as connection:  # as if the store had been restored, and the same ids given once more
        connection.execute(update(Journal).where(Journal.id == 19).values(received_at=times.now()))
    assert rows_read_by_a_new_process() == 20
    check(desk)
    desk.journal.append([ControlIn(action=posting.REMOVE_DEMO)], bot="x")
    assert rows_read_by_a_new_process() == 16
