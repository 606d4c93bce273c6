"""Trades out of CSV: what the export writes comes back as it was, and what people write is understood or refused by line and column."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from data.book import TRADE_FIELDS
from data.desk import Desk
from data.errors import Code, Refused
from data.export import csv_lines, plain_text
from data.exports import TRADES
from data.importers import base
from data.importers.base import Imported
from data.importers.trades_csv import COMPUTED, MOMENTS, NUMBERS, REQUIRED, StoredTrade, import_csv
from data.records import CloseIn, PositionIn, TradeIn, validated
from data.schema import Journal, Trade
from data.scope import TradeExportScope
from data.settings import Settings
from tests.support.api import CLOSE, POSITION, TRADE

if TYPE_CHECKING:
    from collections.abc import Iterator

MINIMAL = "trade_id,symbol,direction,size,entry_price,entry_time"
ROW = "t-1,BTC/USDT,long,2,100,2025-01-01T00:00:00Z"
Write = Callable[..., Path]
NASTY = [
    "=1+1", "'=1+1", "''=1+1", "'", "''", "'quoted'", "+49", "-5", "'-5", "@user", "\t tab", "\rreturn", "'\rreturn", "＝full", "'＝full", "a,b;c\td",
    'say "no"', '"', "two\nlines", "two\r\nlines", "\nfirst", " blanks ", "日本語 🚀",
    "a\u2028b", "0012", "1e5", "null", "[1]", "\\", "\ufeffbom", "NaN",
]  # fmt: skip  # a table


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of its own."""

    def written(*lines: str | bytes, name: str = "trades.csv", ending: str = "\n") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + ending.encode() for line in lines))
        return path

    return written


@pytest.fixture
def empty_desk(settings: Settings, tmp_path: Path) -> "Iterator[Desk]":
    """A desk on a store of its own."""
    desk = Desk.open(Settings.load(database_url=f"sqlite:///{tmp_path}/other.sqlite", botv2_data_dir=tmp_path))
    yield desk
    desk.close()


def exported(desk: Desk, *, columns: tuple[str, ...] = TRADES.columns) -> bytes:
    rows = sorted(TRADES.rows(desk, TradeExportScope()), key=lambda row: (row["bot"], row["trade_id"]))
    return b"".join(csv_lines(rows, columns))


def records(desk: Desk) -> int:
    with desk.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(Journal)) or 0


def stored(desk: Desk) -> list[Any]:
    return [*TRADES.rows(desk, TradeExportScope())]


def trades_of_every_kind() -> list[TradeIn]:
    end = {"exit_price": 110.5, "exit_time": "2025-01-01T01:00:00.000001+01:00"}
    texts = [
        {"trade_id": text, "symbol": text, "strategy": text, "exit_reason": text, "notes": text, "tags": [text], "currency": text[:20], "bot": text}
        for text in NASTY
    ]
    kinds: list[dict[str, Any]] = [
        {},
        {**end, "fees": 0.1 + 0.2, "slippage": -1e-17, "direction": "SHORT", "leverage": 3},
        {**end, "net_pnl": -1e-300, "exit_price": 0},
        {**end, "pnl": 1.7e17, "net_pnl": 123456789.123456789, "tags": []},
        {"status": "cancelled", "stop_loss": 0, "take_profit": 1e18, "size": 1e-18},
        {"status": "open", "exit_price": 5},
    ]
    return [validated(TradeIn, {**TRADE, "trade_id": f"t{number}", **kind}) for number, kind in enumerate([*kinds, *texts])]


def test_what_the_export_writes_comes_back_byte_by_byte(desk: Desk, empty_desk: Desk, tmp_path: Path) -> None:
    desk.journal.append(trades_of_every_kind(), bot="alpha")
    position = {**POSITION, "position_id": "p" * 200}  # the trade that it becomes has a longer name than a bot may give
    desk.journal.append([validated(PositionIn, position), validated(CloseIn, {**CLOSE, "position_id": "p" * 200})])
    path = tmp_path / "trades.csv"
    path.write_bytes(exported(desk))
    total = len(NASTY) + 7
    assert import_csv(empty_desk.journal, path) == Imported(total, 0, 0)
    columns = tuple(name for name in TRADE_FIELDS if name not in {"id", "strategy_id", "created_at", "updated_at"})
    assert exported(empty_desk, columns=columns) == exported(desk, columns=columns)
    count = records(empty_desk)
    assert import_csv(empty_desk.journal, path) == Imported(0, total, 0)
    assert records(empty_desk) == count


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("marks", range(3))
def test_a_mark_against_formulas_is_told_apart_from_a_text_that_begins_so(text: str, marks: int) -> None:
    text = "'" * marks + text
    cell = b"".join(csv_lines([{"a": text}], ["a"])).decode("utf-8-sig").split("\r\n", 1)[1]
    assert not cell.removeprefix('"').startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert plain_text(cell[1:-3].replace('""', '"') if cell.startswith('"') else cell[:-2]) == text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_plain_table_by_a_person_needs_six_columns_in_any_order(backend: str, desk: Desk, write: Write, separator: str, start: str) -> None:
    names, cells = (separator.join(reversed(line.split(","))) for line in (MINIMAL, ROW))
    assert import_csv(desk.journal, write(start + names.upper(), "", cells, separator * 5, ending="\r\n")).new == 1
    [trade] = stored(desk)
    assert (trade["trade_id"], trade["symbol"], trade["size"], trade["status"], trade["bot"]) == ("t-1", "BTC/USDT", 2, "open", "default")
    assert trade["entry_time"] == "2025-01-01T00:00:00.000000Z"


def test_the_bot_is_that_of_the_row_unless_one_is_given_for_all(desk: Desk, write: Write) -> None:
    path = write(f"bot,{MINIMAL}", f"alpha,{ROW}", f",{ROW}")
    assert import_csv(desk.journal, path).new == 2
    assert {trade["bot"] for trade in stored(desk)} == {"alpha", "default"}
    assert import_csv(desk.journal, path, bot="gamma") == Imported(1, 1, 0)
    with pytest.raises(Refused, match="bot"):
        import_csv(desk.journal, path, bot="")


def test_an_import_that_broke_off_goes_on_when_it_is_repeated(desk: Desk, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "AT_ONCE", 10)
    path = write(MINIMAL, *(ROW.replace("t-1", f"t-{number}") for number in range(35)))

    def breaking_off(rows: Any, total: int | None) -> Any:
        for number, row in enumerate(rows):
            if total == 35 and number == 25:
                raise KeyboardInterrupt
            yield row

    with pytest.raises(KeyboardInterrupt):
        import_csv(desk.journal, path, watch=breaking_off)
    with desk.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Trade)) == 20
    assert import_csv(desk.journal, path) == Imported(15, 20, 0)


@pytest.mark.parametrize(
    ("lines", "place", "fault"),
    [
        ([""], "line 1", "names no column trade_id, symbol, direction"),
        ([MINIMAL.replace("size,", "")], "line 1", "names no column size"),
        ([MINIMAL + ",profit"], "line 1", "unknown column 'profit'; known are id, trade_id"),
        ([MINIMAL + ",size"], "line 1", "names the column size twice"),
        ([MINIMAL, ROW, ROW + ",1"], "line 3", "has 7 columns, the header 6"),
        ([MINIMAL, "", ROW.replace("t-1", '"two\nlines"'), ROW.replace("100", "dear")], "line 5, column entry_price", "decimal point, but is 'dear'"),
        ([MINIMAL, ROW.replace("100", "-1")], "line 2, column entry_price", "greater than 0, but is '-1'"),
        ([MINIMAL, ROW.replace("100", "nan")], "line 2, column entry_price", "finite"),
        ([MINIMAL, ROW.replace("BTC/USDT", "")], "line 2, column symbol", "is required"),
        ([MINIMAL, ROW.replace("long", "up")], "line 2, column direction", "but is 'up'"),
        ([MINIMAL, ROW.replace("Z", "")], "line 2, column entry_time", "no time zone"),
        ([MINIMAL, ROW.replace("2025", "9025")], "line 2, column entry_time", "24 hours ahead"),
        ([MINIMAL + ",exit_time", ROW + ",2024-01-01T00:00:00Z"], "line 2, column exit_time", "lies before entry_time"),
        ([MINIMAL + ",tags", ROW + ",a b"], "line 2, column tags", "such as [\"breakout\"], but is 'a b'"),
        ([MINIMAL + ",tags", ROW + ',"[1]"'], "line 2, column tags", "valid string"),
        ([MINIMAL, ROW.replace("t-1", "nul\0")], "line 2, column trade_id", "match pattern"),
        ([MINIMAL, ROW.replace("t-1", "x" * 241)], "line 2, column trade_id", "at most 240"),
        ([MINIMAL, ROW, ROW.replace("t-1", '"t-1')], "line 3", "is not CSV"),
        ([MINIMAL, ROW, ROW.encode().replace(b"t-1", b"\xff")], "line 3, column trade_id", "\\udcff"),
        ([b"PK\x03\x04\xff\xfe\x00"], "line 1", "unknown column"),
    ],
    ids=range(20),
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_wrong_file_is_refused_by_line_and_column_and_nothing_is_stored(
    backend: str, desk: Desk, write: Write, lines: list[str | bytes], place: str, fault: str
) -> None:
    with pytest.raises(Refused) as refused:
        import_csv(desk.journal, write(*lines))
    assert refused.value.code is Code.BAD_FILE
    ((where, what),) = refused.value.fields.items()
    assert where == f"trades.csv, {place}"
    assert fault in what
    assert records(desk) == 0
    str(refused.value).encode()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_missing_file_is_refused(backend: str, desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        import_csv(desk.journal, tmp_path / "absent.csv")


def test_every_column_of_the_export_is_read_as_what_it_is_or_ignored() -> None:
    assert set(TRADE_FIELDS) == set(StoredTrade.model_fields) | COMPUTED
    assert {"id", "strategy_id", "duration_seconds", "created_at", "updated_at"} == COMPUTED
    assert ",".join(REQUIRED) == MINIMAL
    numbers = {name for name, field in StoredTrade.model_fields.items() if "float" in repr(field.annotation)}
    assert (numbers, len(MOMENTS)) == (set(NUMBERS), 2)
