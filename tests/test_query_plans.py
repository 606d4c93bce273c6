"""No list reads a whole table: what the databases say they would do with the very statements that the questions execute."""

import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from sqlalchemy import text

from bench.million import fill
from bench.rows import Sizes
from data.desk import Desk
from data.scope import (
    ActivityExportScope,
    ActivityScope,
    AlertExportScope,
    AlertHistoryScope,
    AlertListScope,
    AnnotationScope,
    CandleScope,
    MarketScope,
    Selection,
    SnapshotScope,
    TradeFilter,
    TradeOrder,
    TradeScope,
)  # fmt: skip  # a name a line would be a page
from data.settings import Settings
from data.store import Store
from tests.groups.records import statements
from tests.support.api import ago

Statement = tuple[str, Any]
Question = Callable[[Desk], object]
SIZES = Sizes(trades=1500, candles=300, records=5000)
ORDERS = get_args(TradeOrder)
GROWING = {"journal", "trade", "portfolio", "market_data", "alert", "position"}


@pytest.fixture
def desk(settings: Settings, store: Store) -> Iterator[Desk]:
    """A desk on a store with some thousand rows, at rest."""
    fill(settings.store_url, SIZES)
    with store.write() as connection:
        connection.execute(text("ANALYZE"))
    desk = Desk.open(settings)
    yield desk
    desk.close()


def whole_tables_read(store: Store, statements: list[Statement]) -> list[str]:
    """Return what reads, counts or sorts a whole table that grows."""
    find = _on_sqlite if store.is_sqlite else _on_postgresql
    with store.read() as connection:
        if not store.is_sqlite:
            # A small table is read whole because that is cheap; without that way the plan shows whether there is another.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        return [f"{fault} in {statement}" for statement, parameters in statements for fault in find(connection, statement, parameters)]


def _on_sqlite(connection: Any, statement: str, parameters: Any) -> Iterator[str]:
    steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    for step in steps:
        scanned = re.match(r"SCAN (\w+)", step.detail)
        if scanned is None or scanned[1] not in GROWING:
            continue
        # In order and only as far as a page needs it, a walk along a table or an index is no reading of the whole.
        is_sorted = any(other.parent == step.parent and other.detail == "USE TEMP B-TREE FOR ORDER BY" for other in steps)
        if is_sorted or "ORDER BY" not in statement or "LIMIT" not in statement:
            yield step.detail


def _on_postgresql(connection: Any, statement: str, parameters: Any) -> Iterator[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    for node in _nodes(plan[0]["Plan"]):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWING:
            yield f"Seq Scan on {node['Relation Name']}"


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def activity(**given: Any) -> Question:
    return lambda desk: desk.live.search(ActivityScope(**given))


def activity_export(**given: Any) -> Question:
    return lambda desk: list(desk.live.every_event(ActivityExportScope(**given)))


def trades(**given: Any) -> Question:
    return lambda desk: desk.trades.page(TradeScope(**given))


QUESTIONS: dict[str, Question] = {
    "events before": activity(before_id=4000),
    "events after": activity(after_id=4000),
    "events of a severity": activity(severity="CRITICAL"),
    "events of severities": activity(severity="ERROR,CRITICAL", limit=1000),
    "events of a type": activity(event_type="RISK"),
    "events of types": activity(event_type="RISK,ALERT"),
    "events of a bot": activity(bot="bot-3"),
    "events of bots": activity(bot="bot-3,bot-4", severity="ERROR,WARNING", event_type="ORDER", after_id=7),
    "events of many bots": activity(bot=",".join(f"bot-{number}" for number in range(10))),
    "events since": activity(since=ago(hours=5)),
    "events of a range": activity(since=ago(days=300), until=ago(days=200)),
    "events until, upwards": activity(until=ago(days=200), severity="INFO", after_id=0),
    "events of a text": activity(q="margin"),
    "events of a text, bots and a time": activity(q="margin", bot="bot-1,bot-2", until=ago(days=1)),
    "events exported": activity_export(),
    "events of a text exported": activity_export(severity="INFO,ERROR", q="executed"),
    "events of a range exported": activity_export(since=ago(days=300), until=ago(days=2)),
    "alerts exported": lambda desk: list(desk.live.every_alert(AlertExportScope())),
    "alerts of a new reader": lambda desk: desk.live.alerts_for("new", clear=False),
    "alerts after": lambda desk: desk.live.alerts_for("new", clear=False, after_id=10),
    **{f"trades by {sort}": trades(sort=sort) for sort in ORDERS},
    **{f"trades of a symbol by {sort}": trades(symbol="BTC/USDT", sort=sort) for sort in ORDERS},
    "trades of symbols": trades(symbol="BTC/USDT,ETH/USDT"),
    "trades of a strategy": trades(strategy="Grid"),
    "trades of a status": trades(status="open"),
    "trades of a direction": trades(direction="long"),
    "trades of a bot": trades(bot="bot-3"),
    "trades of a range": trades(start=ago(days=100), end=ago(days=90)),
    "trades of days": trades(days=2),
    "trades above": trades(min_pnl=50),
    "trades below": trades(max_pnl=-50, sort="net_pnl"),
    "trades of a text": trades(q="t12"),
    "trades of a text and an asset class": trades(q="t12", asset_class="crypto", risk="low", outcome="winner"),
    "trades of an asset class exported": lambda desk: list(desk.trades.every(TradeFilter.model_validate({"asset_class": "crypto"}))),
    "a window of trades": lambda desk: desk.trades.window(TradeFilter(q="t12"), "-pnl_pct", 0, 50),
    "a chart of candles": lambda desk: desk.analytics.candles(Selection.lenient({"range": "all", "symbol": "BTC/USDT"})),
    "a chart of the equity": lambda desk: desk.analytics.equity(Selection(range="all", benchmark="BTC/USDT")),
    "trades, second page": lambda desk: desk.trades.page(TradeScope(limit=5, cursor=desk.trades.page(TradeScope(limit=5))["next_cursor"])),
    "active alerts": lambda desk: desk.alerts.page(AlertListScope()),
    "alert history of a severity": lambda desk: desk.alerts.page(AlertHistoryScope(severity=("CRITICAL",))),
    "annotations": lambda desk: desk.annotations.on("equity", AnnotationScope()),
    "snapshots": lambda desk: desk.portfolio.history(SnapshotScope()),
    "snapshots of a bot": lambda desk: desk.portfolio.history(SnapshotScope(bot=("bot-1",))),
    "candles": lambda desk: desk.market.candles("BTC/USDT", CandleScope(timeframe="1m")),
    "symbols": lambda desk: desk.market.symbols(MarketScope()),
    "start": lambda desk: Desk(desk.settings, desk.store).monitor.load(),
}


def test_no_list_and_no_export_reads_a_whole_table(desk: Desk) -> None:
    faults: list[str] = []
    desk.columns.trades()  # the copies in memory are read whole, once
    desk.columns.snapshots()
    for name, ask in QUESTIONS.items():
        with statements(desk.store) as executed:
            ask(desk)
        assert executed, f"{name} asked the store nothing"
        faults += [f"{name}: {fault}" for fault in whole_tables_read(desk.store, executed)]
    assert not faults, "\n".join(faults)


def test_a_statement_that_reads_a_whole_table_is_found_out(desk: Desk) -> None:
    for slow in (
        "SELECT id FROM journal WHERE effect = 'added' LIMIT 5",
        "SELECT id FROM trade ORDER BY size LIMIT 5",
        "SELECT count(size) FROM trade",
    ):
        with statements(desk.store) as executed, desk.store.read() as connection:
            connection.execute(text(slow))
        assert whole_tables_read(desk.store, executed), slow
    with statements(desk.store) as executed, desk.store.read() as connection:
        connection.execute(text("SELECT id FROM journal ORDER BY id DESC LIMIT 5"))
    assert not whole_tables_read(desk.store, executed)
