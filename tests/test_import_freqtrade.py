"""Trades out of a database that freqtrade itself wrote: all or none, once however often."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from data.errors import Code, Refused
from data.importers.base import Imported
from data.importers.freqtrade import import_trades
from data.schema import Journal, Trade
from data.scope import TradeStatisticsScope
from tests.support.paths import real_file
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from data.desk import Desk


@pytest.fixture
def real_database() -> Path:
    return real_file("freqtrade/tradesv3.sqlite")


@pytest.fixture
def database(real_database: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    path = tmp_path / "trades.sqlite"
    shutil.copy(real_database, path)
    path.chmod(0o644)
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        for statement in statements:
            connection.execute(statement)


def stored(desk: "Desk") -> tuple[int, int]:
    """Return how many trades and how many journal rows there are."""
    with desk.store.read() as connection:
        trades = connection.scalar(select(func.count()).select_from(Trade))
        records = connection.scalar(select(func.count()).select_from(Journal))
    return trades or 0, records or 0


def test_the_figures_are_those_that_freqtrade_declares(desk: "Desk", real_database: Path) -> None:
    assert import_trades(desk.journal, real_database) == Imported(new=179, unchanged=0, replaced=0, left_out=0)
    statistics = desk.trades.statistics(TradeStatisticsScope(bot=("freqtrade",)))
    assert statistics["total_trades"] == 179
    assert (statistics["winning_trades"], statistics["losing_trades"], statistics["open_trades"]) == (170, 9, 0)
    assert statistics["total_pnl"] == pytest.approx(0.0010419029856968845, rel=1e-12)
    assert statistics["profit_factor"] == pytest.approx(2.4223288739520954, rel=1e-12)
    assert statistics["fees"] == pytest.approx(0.00089760, abs=5e-9)


def test_a_trade_keeps_every_digit_and_its_times_in_utc(desk: "Desk", real_database: Path) -> None:
    import_trades(desk.journal, real_database, bot="alpha")
    with desk.store.read() as connection:
        trade = connection.execute(select(Trade.__table__).where(Trade.trade_id == "1", Trade.bot == "alpha")).mappings().one()
    assert (trade["symbol"], trade["direction"], trade["currency"], trade["strategy"]) == ("TRX/BTC", "long", "BTC", "StrategyTestV3")
    assert (trade["size"], trade["entry_price"], trade["exit_price"]) == (10.37344398340249, 9.64e-05, 0.00010074887218045112)
    assert (trade["net_pnl"], trade["exit_reason"], trade["stop_loss"]) == (4.5112781954887056e-05, "roi", None)
    assert trade["entry_time"].isoformat() == "2018-01-10T07:15:00+00:00"
    assert trade["exit_time"].isoformat() == "2018-01-10T07:20:00+00:00"


def test_importing_again_changes_nothing(desk: "Desk", real_database: Path) -> None:
    import_trades(desk.journal, real_database)
    before = stored(desk)
    assert import_trades(desk.journal, real_database) == Imported(new=0, unchanged=179, replaced=0, left_out=0)
    assert stored(desk) == before


def test_a_trade_that_has_changed_since_is_replaced(desk: "Desk", database: Path) -> None:
    import_trades(desk.journal, database)
    change(database, "UPDATE trades SET exit_reason = 'other' WHERE id = 5")
    assert import_trades(desk.journal, database) == Imported(new=0, unchanged=178, replaced=1, left_out=0)
    assert stored(desk)[0] == 179


def test_the_trades_of_one_strategy_can_be_chosen(desk: "Desk", database: Path) -> None:
    change(database, "UPDATE trades SET strategy = 'Other' WHERE id > 100", "UPDATE trades SET strategy = NULL WHERE id > 170")
    assert import_trades(desk.journal, database, strategy="Other").new == 70
    with pytest.raises(Refused, match="'Third' is not in the file; it holds None, Other, StrategyTestV3"):
        import_trades(desk.journal, database, strategy="Third")
    assert stored(desk)[0] == 70


def test_two_bots_with_the_same_numbers_keep_their_own_trades(desk: "Desk", real_database: Path) -> None:
    import_trades(desk.journal, real_database, bot="alpha")
    assert import_trades(desk.journal, real_database, bot="beta").new == 179
    assert stored(desk)[0] == 358


def test_an_open_trade_has_no_exit_and_one_not_bought_yet_is_left_out(desk: "Desk", database: Path) -> None:
    unsold = "is_open = 1, close_date = NULL, close_rate = NULL, close_profit_abs = NULL, exit_reason = NULL"
    change(database, f"UPDATE trades SET {unsold}, stop_loss = 0.00008 WHERE id = 178", f"UPDATE trades SET {unsold}, amount = 0 WHERE id = 179")
    assert import_trades(desk.journal, database) == Imported(new=178, unchanged=0, replaced=0, left_out=1)
    with desk.store.read() as connection:
        trade = connection.execute(select(Trade.__table__).where(Trade.trade_id == "178")).mappings().one()
    assert (trade["status"], trade["exit_time"], trade["net_pnl"], trade["stop_loss"]) == ("open", None, None, 0.00008)


def test_an_old_import_raises_no_alert(desk: "Desk", real_database: Path) -> None:
    import_trades(desk.journal, real_database)
    with desk.store.read() as connection:
        kinds = set(connection.scalars(select(Journal.kind).distinct()))
    assert kinds == {"trade"}


def test_what_a_running_bot_has_written_last_is_read_too(desk: "Desk", database: Path) -> None:
    with closing(sqlite3.connect(database)) as bot:
        bot.execute("UPDATE trades SET exit_reason = 'only in the log' WHERE id = 7")
        bot.commit()
        assert database.with_name(database.name + "-wal").stat().st_size > 0
        import_trades(desk.journal, database)
    with desk.store.read() as connection:
        assert connection.scalar(select(Trade.exit_reason).where(Trade.trade_id == "7")) == "only in the log"


def test_nothing_is_left_beside_the_file(desk: "Desk", database: Path) -> None:
    content = database.read_bytes()
    import_trades(desk.journal, database)
    assert [path.name for path in database.parent.iterdir() if path.name.startswith(database.name)] == [database.name]
    assert database.read_bytes() == content


# --- files that are refused ------------------------------------------------------------------------------------


def refused(desk: "Desk", path: Path) -> str:
    """Return why the import is refused, having checked that it left nothing."""
    with pytest.raises(Refused) as caught:
        import_trades(desk.journal, path)
    assert caught.value.code is Code.BAD_FILE
    assert stored(desk) == (0, 0)
    return str(caught.value)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(desk: "Desk", database: Path, kept: float) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: int(len(content) * kept)])
    assert "trades.sqlite: is damaged or cut short" in refused(desk, database)


def test_a_file_with_a_damaged_page_is_refused(desk: "Desk", database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[8 * 4096 : 9 * 4096] = b"\xff" * 4096
    database.write_bytes(content)
    assert "trades.sqlite: is damaged or cut short" in refused(desk, database)


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"id,pair\n1,BTC/USDT\n", "is neither a SQLite database nor")])
def test_a_file_of_another_kind_is_refused(desk: "Desk", tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "trades.csv"
    path.write_bytes(content)
    assert f"trades.csv: {reason}" in refused(desk, path)


def test_a_missing_file_and_a_folder_are_refused(desk: "Desk", tmp_path: Path) -> None:
    assert "absent.sqlite: cannot be read: No such file" in refused(desk, tmp_path / "absent.sqlite")
    (tmp_path / "folder").mkdir()
    assert "folder: cannot be read: Is a directory" in refused(desk, tmp_path / "folder")


def test_a_database_without_the_table_is_refused_by_its_name(desk: "Desk", database: Path) -> None:
    change(database, "ALTER TABLE trades RENAME TO deals")
    assert "no table 'trades'" in refused(desk, database)


def test_missing_columns_are_named(desk: "Desk", database: Path) -> None:
    change(database, "ALTER TABLE trades RENAME COLUMN close_profit_abs TO profit", "ALTER TABLE trades RENAME COLUMN leverage TO lever")
    assert "has no column 'close_profit_abs', 'leverage'" in refused(desk, database)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("open_rate", "-1.5", "-1.5"),
        ("open_rate", "'dear'", "must be a number"),
        ("amount", "0.0", "0.0"),
        ("amount", "9e999", "inf"),
        ("open_date", "'yesterday'", "must be a date and time"),
        ("close_date", "NULL", "must be a date and time"),
        ("close_date", "'2017-01-01 00:00:00'", "lies before entry_time"),
        ("close_profit_abs", "NULL", "must be a number"),
        ("fee_open", "'none'", "must be a number"),
        ("pair", "''", "''"),
        ("is_short", "2", "must be 0 or 1"),
        ("leverage", "-3", "-3"),
        ("enter_tag", "x'00ff'", "\\x00"),
    ],
)
def test_a_bad_value_is_named_by_trade_and_column_and_nothing_stays(desk: "Desk", database: Path, column: str, value: str, fault: str) -> None:
    change(database, "CREATE TABLE loose AS SELECT * FROM trades", "DROP TABLE trades", "ALTER TABLE loose RENAME TO trades")  # without NOT NULL
    change(database, f"UPDATE trades SET {column} = {value} WHERE id = 150")
    reason = refused(desk, database)
    assert f"trades, id 150, column {column}" in reason
    assert fault in reason


@pytest.mark.parametrize("bot", ["", "b" * 201, "nul\x00"])
def test_a_bot_that_cannot_be_named_so_is_refused(desk: "Desk", real_database: Path, bot: str) -> None:
    with pytest.raises(Refused, match="bot"):
        import_trades(desk.journal, real_database, bot=bot)
    assert stored(desk) == (0, 0)


# --- on the command line -----------------------------------------------------------------------------------------


def test_the_command_imports_beside_the_running_server(live_server: LiveServer, real_database: Path) -> None:
    import requests

    done = live_server.command("import", "freqtrade", str(real_database), "--bot", "alpha")
    assert done.stdout.splitlines()[-1] == "tradesv3.sqlite: 179 new, 0 unchanged, 0 replaced"
    assert "179/179" in done.stderr, "no progress was shown"
    statistics = requests.get(f"{live_server.url}/api/trades/stats", headers=live_server.bearer("read"), timeout=10).json()
    assert "170" in str(statistics)
    assert (
        live_server.command("import", "freqtrade", str(real_database), "--bot", "alpha").stdout.splitlines()[-1].endswith("179 unchanged, 0 replaced")
    )


def test_the_command_refuses_a_broken_file_in_one_line(live_server: LiveServer, database: Path) -> None:
    database.write_bytes(database.read_bytes()[:50_000])
    done = live_server.command("import", "freqtrade", str(database), check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "trades.sqlite: is damaged or cut short" in done.stderr
