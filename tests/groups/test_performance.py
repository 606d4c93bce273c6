"""Performance: what a question may cost, counted in statements and rows instead of seconds, which depend on the machine."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from bench.million import fill
from bench.rows import Sizes
from data import columns, trades
from data.desk import Desk
from data.records import TradeIn, validated
from data.scope import (
    ActivityScope,
    AlertHistoryScope,
    AlertListScope,
    AnnotationScope,
    CandleScope,
    ComparisonScope,
    EquityFilter,
    EquityScope,
    MarketScope,
    OneStrategyScope,
    PerformanceScope,
    PortfolioScope,
    PositionScope,
    RecentTradeScope,
    RiskScope,
    SignalScope,
    SnapshotScope,
    StrategyScope,
    SymbolScope,
    TradeExportScope,
    TradeScope,
    TradeStatisticsScope,
)
from data.settings import Settings
from tests.groups.records import closed, snapshot, statements
from tests.support.api import EVENT, TRADE, Api

if TYPE_CHECKING:
    from pathlib import Path

Question = Callable[[Desk], Any]
SYMBOL = "BTC/USDT"
OHLC = {"open": 1, "high": 3, "low": 0.5, "close": 2}
# Answers that are computed from all of history, and kept while it does not change.
COMPUTED: dict[str, Question] = {
    "trade statistics": lambda desk: desk.trades.statistics(TradeStatisticsScope()),
    "statistics of a symbol": lambda desk: desk.trades.statistics(TradeStatisticsScope(symbol=(SYMBOL,))),
    "equity": lambda desk: desk.portfolio.equity(EquityScope()),
    "portfolio": lambda desk: desk.portfolio.current(PortfolioScope()),
    "risk": lambda desk: desk.risk.metrics(RiskScope()),
    "correlation": lambda desk: desk.risk.correlation(EquityFilter()),
    "strategies": lambda desk: desk.strategies.page(StrategyScope()),
    "a strategy": lambda desk: desk.strategies.one(1, OneStrategyScope()),
    "a strategy's performance": lambda desk: desk.strategies.performance(1, PerformanceScope()),
    "comparison": lambda desk: desk.strategies.comparison(ComparisonScope(ids=(1, 2, 3))),
    "symbols": lambda desk: desk.market.symbols(MarketScope()),
    "a symbol": lambda desk: desk.market.symbol(SYMBOL, SymbolScope()),
    "candles": lambda desk: desk.market.candles(SYMBOL, CandleScope()),
}
# Pages of a list, five rows each.
LISTED: dict[str, Question] = {
    "trades": lambda desk: desk.trades.page(TradeScope(limit=5)),
    "trades of a symbol": lambda desk: desk.trades.page(TradeScope(limit=5, symbol=(SYMBOL,))),
    "trades of two symbols by P&L": lambda desk: desk.trades.page(TradeScope(limit=5, symbol=(SYMBOL, "ETH/USDT"), sort="net_pnl")),
    "trades of a text": lambda desk: desk.trades.page(TradeScope(limit=5, q="t1")),
    "recent trades": lambda desk: desk.trades.recent(RecentTradeScope(limit=5)),
    "snapshots": lambda desk: desk.portfolio.history(SnapshotScope(limit=5)),
    "candles": lambda desk: desk.market.candles(SYMBOL, CandleScope(limit=5)),
    "alerts": lambda desk: desk.alerts.page(AlertListScope(limit=5)),
    "all alerts": lambda desk: desk.alerts.page(AlertHistoryScope(limit=5)),
    "annotations": lambda desk: desk.annotations.on("equity", AnnotationScope(limit=5)),
    "older events": lambda desk: desk.live.search(ActivityScope(limit=5, before_id=400)),
    "events of a bot": lambda desk: desk.live.search(ActivityScope(limit=5, bot=("bot-3",))),
}
# What every open page asks each second.
PULSED: dict[str, Question] = {
    "versions": lambda desk: desk.versions(),
    "statistics": lambda desk: desk.statistics(),
    "events": lambda desk: desk.live.search(ActivityScope()),
    "severities": lambda desk: desk.live.severity_counts(),
    "signals": lambda desk: desk.live.signals(SignalScope()),
    "positions": lambda desk: desk.live.positions(PositionScope()),
    "the last hour": lambda desk: desk.live.trend(),
    "alerts": lambda desk: desk.live.recent_alerts(),
}


def stored(folder: "Path", name: str, sizes: Sizes) -> Desk:
    """Return a desk on a store of these sizes."""
    settings = Settings.load(database_url=f"sqlite:///{folder / name}.sqlite", botv2_data_dir=folder)
    Desk.open(settings).close()
    fill(settings.store_url, sizes)
    return Desk.open(settings)


@pytest.fixture(scope="module")
def two_sizes(tmp_path_factory: pytest.TempPathFactory) -> Iterable[tuple[Desk, Desk]]:
    """A store of a few rows, and one of ten times as many; nobody writes to them."""
    folder = tmp_path_factory.mktemp("sizes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        desks = (
            stored(folder, "small", Sizes(trades=200, candles=100, records=2000)),
            stored(folder, "large", Sizes(trades=2000, candles=1000, records=20_000)),
        )
    yield desks
    for desk in desks:
        desk.close()


def asked(desk: Desk, question: Question) -> int:
    with statements(desk.store) as executed:
        question(desk)
    return len(executed)


@pytest.mark.parametrize("questions", [COMPUTED, LISTED, PULSED], ids=["computed", "listed", "pulsed"])
def test_the_number_of_statements_does_not_grow_with_the_rows(two_sizes: tuple[Desk, Desk], questions: dict[str, Question]) -> None:
    small, large = ({name: asked(desk, question) for name, question in questions.items()} for desk in two_sizes)
    assert {name: count for name, count in large.items() if count > small[name]} == {}
    assert max(large.values()) <= 8


def test_what_an_open_page_asks_each_second_is_answered_from_memory(two_sizes: tuple[Desk, Desk]) -> None:
    assert {name: asked(two_sizes[1], question) for name, question in PULSED.items()} == dict.fromkeys(PULSED, 0)


@pytest.mark.parametrize("name", [*LISTED])
def test_a_page_reads_no_more_rows_than_it_shows_and_one(two_sizes: tuple[Desk, Desk], name: str) -> None:
    desk = two_sizes[1]
    desk.columns.trades(), desk.columns.snapshots()
    with statements(desk.store) as executed:
        LISTED[name](desk)
    with desk.store.read() as connection:
        read = {statement: len(connection.exec_driver_sql(statement, parameters).all()) for statement, parameters in executed}
    assert read
    assert max(read.values()) <= 6, read


def test_a_second_ask_is_answered_without_the_store_until_something_changes(api: Api, desk: Desk) -> None:
    api.post("/api/strategies", {"name": "swing", "starting_balance": 100})
    api.batch(*(closed(number, f"02-0{number}T10:00", number, strategy="swing") for number in range(1, 5)), snapshot("02-01T10:00", 5))
    api.post("/api/market/BTC%2FUSDT/ohlcv", {"timeframe": "1m", "candles": [{"timestamp": "2025-01-01T00:00:00Z", **OHLC}]})
    strategy = api.get("/api/strategies")["data"]["strategies"][0]["id"]
    paths = (
        "/api/trades/stats", "/api/portfolio/equity", "/api/portfolio", "/api/risk/metrics", "/api/risk/correlation",
        "/api/strategies", f"/api/strategies/{strategy}", f"/api/strategies/{strategy}/performance", "/api/strategies/comparison",
        "/api/market", "/api/market/BTC%2FUSDT", "/api/market/BTC%2FUSDT/ohlcv",
    )  # fmt: skip  # a table
    queries = {"/api/strategies/comparison": {"ids": strategy}, "/api/portfolio/equity": {"points": 100}, "/api/risk/metrics": {"benchmark": "X"}}

    def answers() -> dict[str, Any]:
        return {path: api.get(path, **queries.get(path, {}))["data"] for path in paths}

    first = answers()
    with statements(desk.store) as executed:
        assert answers() == first
    assert executed == []
    api.post("/activity", EVENT)
    with statements(desk.store) as executed:
        assert answers() == first
    assert executed == [], "a record of another kind changes none of these"
    api.batch(closed(9, "02-09T10:00", 9, strategy="swing"))
    changed = {path for path, answer in answers().items() if answer != first[path]}
    assert changed == {"/api/trades/stats", "/api/risk/metrics", *paths[5:9]}, "what trades make, each anew"


def test_an_unchanged_pulse_is_a_304_without_a_body(api: Api, desk: Desk) -> None:
    first = api.client.get("/api/monitoring/pulse", headers=api.headers)
    tagged = {**api.headers, "If-None-Match": first.headers["ETag"]}
    with statements(desk.store) as executed:
        same = api.client.get("/api/monitoring/pulse", headers=tagged)
    assert (same.status_code, same.get_data(), same.headers["ETag"], executed) == (304, b"", first.headers["ETag"], [])
    api.post("/activity", EVENT)
    changed = api.client.get("/api/monitoring/pulse", headers=tagged)
    assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)


def test_columns_in_memory_are_kept_up_by_what_is_new_alone(desk: Desk) -> None:
    desk.journal.append([validated(TradeIn, {**TRADE, "trade_id": f"t{number}"}) for number in range(300)])
    assert len(desk.columns.trades()) == 300
    desk.journal.append([validated(TradeIn, {**TRADE, "trade_id": name}) for name in ("new", "t7")])
    desk.journal.append([validated(TradeIn, {**TRADE, "trade_id": "t8", "size": 7})])
    with statements(desk.store) as executed:
        frame = desk.columns.trades()
    assert len(frame) == 301
    with desk.store.read() as connection:
        assert sorted(len(connection.exec_driver_sql(statement, parameters).all()) for statement, parameters in executed) in ([0, 2], [1, 2])
    with statements(desk.store) as executed:
        assert desk.columns.trades() is frame
    assert executed == []


def test_a_batch_is_one_commit_however_many_records_it_holds(api: Api, desk: Desk) -> None:
    api.batch({"kind": "event", **EVENT})
    commits: list[int] = []

    def note(_connection: Any) -> None:
        commits.append(1)

    event.listen(desk.store.engine, "commit", note)
    try:
        api.batch(*(closed(number, "02-01T10:00", 1) for number in range(300)))
        batch = len(commits)
        api.batch(closed(1000, "02-01T10:00", 1))
        single = len(commits) - batch
    finally:
        event.remove(desk.store.engine, "commit", note)
    assert batch == single


def test_an_export_holds_a_bounded_number_of_rows_at_a_time(two_sizes: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trades, "CHUNK", 150)
    desk = two_sizes[1]
    with statements(desk.store) as executed:
        written = sum(1 for _ in desk.trades.every(TradeExportScope()))
    assert written == 2000
    with desk.store.read() as connection:
        read = [len(connection.exec_driver_sql(statement, parameters).all()) for statement, parameters in executed]
    assert (max(read), sum(read), len(read)) == (150, 2000, 14)


def test_columns_are_read_in_parts_and_as_numbers_never_as_objects(two_sizes: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    chunks: list[int] = []
    write = columns._Rows.write

    def noted(rows: Any, chunk: Any) -> None:
        chunks.append(len(chunk))
        write(rows, chunk)

    monkeypatch.setattr(columns, "CHUNK", 600)
    monkeypatch.setattr(columns._Rows, "write", noted)
    frame = columns.Columns(two_sizes[1].store, two_sizes[1].versions).trades()
    assert chunks == [600, 600, 600, 200]
    assert {frame[name].dtype.kind for name in columns.TRADES.kinds} == {"i", "f"}
    assert frame["net_pnl"].nbytes == 8 * len(frame) == 16_000


def test_curves_and_sparklines_have_a_bounded_length(two_sizes: tuple[Desk, Desk]) -> None:
    desk = two_sizes[1]
    curve = desk.portfolio.equity(EquityScope(points=100))
    assert len(curve["equity"]) <= 100 < curve["total_points"]
    rows = desk.strategies.page(StrategyScope())["strategies"]
    assert {len(row["sparkline"]) for row in rows} == {50}
    compared = desk.strategies.comparison(ComparisonScope(ids=tuple(row["id"] for row in rows)))["strategies"]
    assert all(len(row["curve"]["net_pnl"]) <= 500 for row in compared)
    assert desk.strategies.performance(rows[0]["id"], PerformanceScope(limit=3))["count"] == 3
