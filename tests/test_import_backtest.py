"""Trades out of a backtest's result that freqtrade itself wrote: the same ones whatever the order of its rows, all or none."""

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from data import metrics
from data.errors import Code, Refused
from data.importers import freqtrade_backtest
from data.importers.base import Imported
from data.importers.freqtrade import import_trades
from data.schema import BotState, Journal, Strategy, Trade
from data.scope import TradeStatisticsScope
from tests.support.paths import real_file

if TYPE_CHECKING:
    from data.desk import Desk

NAME = "StrategyTestV3"
Write = Callable[..., Path]


@pytest.fixture
def content() -> dict[str, Any]:
    """The real result, which a test may change."""
    loaded: dict[str, Any] = json.loads(real_file("freqtrade/backtest-result.json").read_bytes())
    return loaded


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a result to a file of its own."""

    def written(content: Any, name: str = "result.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return path

    return written


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name.replace("__", "."), raw)
    return path


def stored(desk: "Desk") -> list[Any]:
    with desk.store.read() as connection:
        return [*connection.execute(select(Trade.trade_id, Trade.net_pnl, Trade.exit_time).order_by(Trade.exit_time, Trade.trade_id))]


def records(desk: "Desk") -> int:
    with desk.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(Journal)) or 0


def balances(desk: "Desk") -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Return what is known of strategies and of bots."""
    with desk.store.read() as connection:
        strategies = connection.execute(select(Strategy.name, Strategy.starting_balance)).all()
        bots = connection.execute(select(BotState.bot, BotState.starting_balance)).all()
    return dict(strategies), dict(bots)


def test_the_figures_are_those_of_the_trades_and_not_of_the_files_own_summary(desk: "Desk", content: dict[str, Any], write: Write) -> None:
    content["strategy"][NAME] |= {"wins": 1, "losses": 99, "profit_factor": float("nan"), "max_drawdown_abs": 1e9}
    assert import_trades(desk.journal, write(content)) == Imported(new=179, unchanged=0, replaced=0, left_out=0, starting_balance=0.01)
    figures = desk.trades.statistics(TradeStatisticsScope(bot=("freqtrade-backtest",)))
    assert (figures["total_trades"], figures["winning_trades"], figures["losing_trades"], figures["currency"]) == (179, 170, 9, "BTC")
    assert figures["total_pnl"] == pytest.approx(0.0010419029856968845, rel=1e-12)
    assert figures["expectancy"] == pytest.approx(5.820687070932315e-06, rel=1e-12)
    assert figures["fees"] == pytest.approx(0.0008976047574642444, rel=1e-12)
    assert figures["by_strategy"][0]["name"] == NAME
    assert balances(desk) == ({NAME: 0.01}, {"freqtrade-backtest": 0.01})


def test_importing_again_or_with_shuffled_rows_changes_nothing(desk: "Desk", content: dict[str, Any], write: Write) -> None:
    trades = content["strategy"][NAME]["trades"]
    twins = [{**trades[0], "amount": 2.0, "profit_abs": -0.0002}, {**trades[0], "amount": 1.0}, {**trades[0], "is_short": True}]
    trades += twins  # opened on the same pair at the same time
    import_trades(desk.journal, write(content))
    before, count = stored(desk), records(desk)
    assert len({row.trade_id for row in before}) == 182
    random.Random(4).shuffle(trades)
    assert import_trades(desk.journal, write(content, "other.json")) == Imported(0, 182, 0, 0, 0.01)
    assert (stored(desk), records(desk)) == (before, count)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_drawdown_is_that_of_closings_summed_by_their_time_in_any_order_of_rows(
    desk: "Desk", content: dict[str, Any], write: Write, seed: int | None
) -> None:
    if seed is not None:
        random.Random(seed).shuffle(content["strategy"][NAME]["trades"])
    import_trades(desk.journal, write(content))
    frame = desk.columns.trades()
    deepest = metrics.largest_drawdown(*metrics.curve_from_exits(frame["at"], frame["net_pnl"], 0.01))
    assert deepest is not None
    assert deepest.amount == pytest.approx(0.0002, abs=5e-9)
    assert (f"{deepest.peak_at:%F %R}", f"{deepest.trough_at:%F %R}") == ("2018-01-16 19:30", "2018-01-16 22:25")


def test_of_several_strategies_all_or_one_are_taken_and_each_keeps_its_own_balance(desk: "Desk", content: dict[str, Any], write: Write) -> None:
    content["strategy"]["Other"] = {**content["strategy"][NAME], "starting_balance": 5, "trades": content["strategy"][NAME]["trades"][:10]}
    path = write(content)
    assert import_trades(desk.journal, path, bot="one", strategy="Other") == Imported(10, 0, 0, 0, 5.0)
    assert import_trades(desk.journal, path, bot="all") == Imported(189, 0, 0, 0, 5.01)
    assert balances(desk) == ({NAME: 0.01, "Other": 5.0}, {"one": 5.0, "all": 5.01})
    count = records(desk)
    assert import_trades(desk.journal, path, bot="all").unchanged == 189
    assert records(desk) == count
    with pytest.raises(Refused, match="'Third' is not in the file; it holds Other, StrategyTestV3"):
        import_trades(desk.journal, path, strategy="Third")


def test_the_zip_file_that_freqtrade_wraps_it_in_is_read_without_unpacking_it(desk: "Desk", content: dict[str, Any], tmp_path: Path) -> None:
    raw = json.dumps(content).encode()
    path = zipped(tmp_path / "r.zip", r_config__json=b"{}", r_StrategyTestV3__json=b"{}", r_StrategyTestV3__py=b"import this", r__json=raw)
    assert import_trades(desk.journal, path).new == 179
    assert [*tmp_path.glob("r*")] == [path]


# --- files that are refused ------------------------------------------------------------------------------------


def refused(desk: "Desk", path: Path) -> str:
    """Return why the import is refused, having checked that it left nothing."""
    with pytest.raises(Refused) as caught:
        import_trades(desk.journal, path)
    assert caught.value.code is Code.BAD_FILE
    assert records(desk) == 0
    return str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("open_rate", -1.5, "greater than 0, but is -1.5"),
        ("open_rate", "dear", "must be a number"),
        ("amount", 10**400, "but is inf"),
        ("amount", True, "must be a number"),
        ("open_date", "yesterday", "must be a date and time"),
        ("open_date", 5, "must be a date and time"),
        ("close_date", None, "must be a date and time"),
        ("close_date", "2017-01-01 00:00:00+00:00", "lies before entry_time"),
        ("profit_abs", None, "must be a number, but is None"),
        ("profit_abs", float("nan"), "but is nan"),
        ("fee_open", [], "must be a number"),
        ("pair", None, "is required"),
        ("pair", "x" * 300, "at most 200"),
        ("is_open", "no", "must be 0 or 1"),
        ("stop_loss_abs", "low", "valid number"),
    ],
    ids=range(15),
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_bad_value_is_named_by_trade_and_field_and_nothing_stays(
    backend: str, desk: "Desk", content: dict[str, Any], write: Write, field: str, value: Any, fault: str
) -> None:
    content["strategy"][NAME]["trades"][150][field] = value
    reason = refused(desk, write(content))
    assert f"strategy.{NAME}.trades[150].{field}: " in reason
    assert fault in reason


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"trades": {}}, f"strategy.{NAME}.trades: must be an array"),
        ({"trades": [1]}, f"strategy.{NAME}.trades: must be an array"),
        ({"starting_balance": None}, "starting_balance: must be a number above 0, but is None"),
        ({"starting_balance": 0}, "starting_balance: must be a number above 0"),
        ({"stake_currency": 7}, "trades[0].stake_currency"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_wrong_with_a_strategy_is_named(
    backend: str, desk: "Desk", content: dict[str, Any], write: Write, change: dict[str, Any], fault: str
) -> None:
    content["strategy"][NAME] |= change
    assert fault in refused(desk, write(content))


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b'{"strategy": {"A": {"trades": [', "is no JSON, or cut short"),
        (b"{" + b'"a":[' * 100_000, "is no JSON, or cut short"),
        (b'{"a": "\xff"}', "is no JSON, or cut short"),
        (b'{"version": 3}', "is not a backtest result"),
        (b'{"strategy": {}}', "is not a backtest result"),
        (b"[]", "is neither a SQLite database nor a backtest result"),
        (b"PK\x03\x04 and nothing", "is damaged or cut short"),
    ],
    ids=range(7),
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_of_another_kind_is_refused(backend: str, desk: "Desk", tmp_path: Path, raw: bytes, fault: str) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(raw)
    assert f"result.json: {fault}" in refused(desk, path)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_zip_file_that_would_grow_without_end_is_damaged_or_has_no_result_is_refused(
    backend: str, desk: "Desk", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freqtrade_backtest, "LARGEST", 1024**2)
    bomb = zipped(tmp_path / "bomb.zip", r__json=b" " * 50_000_000)
    assert bomb.stat().st_size < 100_000
    assert "bomb.zip: holds more than 1 MB of JSON" in refused(desk, bomb)
    assert "none.zip: holds no JSON" in refused(desk, zipped(tmp_path / "none.zip", readme__txt=b"hello"))
    whole = zipped(tmp_path / "torn.zip", r__json=random.Random(1).randbytes(5000)).read_bytes()
    for torn in (whole[:-30], whole[:100] + b"\0" * 50 + whole[150:]):
        (tmp_path / "torn.zip").write_bytes(torn)
        assert "torn.zip: is damaged or cut short" in refused(desk, tmp_path / "torn.zip")
