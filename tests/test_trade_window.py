"""Any stretch of the sorted list of trades, as a table with virtual rows asks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from data import trade_window
from data.desk import Desk
from data.errors import Code, Refused
from data.records import TradeIn
from data.scope import TradeFilter, TradeScope
from data.trade_window import KEPT, SORTS

START = datetime(2025, 1, 1, tzinfo=UTC)


def drafts(number: int, seed: int = 3) -> list[TradeIn]:
    pick = np.random.default_rng(seed).integers
    found = []
    for place in range(number):
        entry = START + timedelta(hours=int(pick(20)))
        fields: dict[str, Any] = {"symbol": f"S{pick(3)}", "strategy": [None, "x", "Y"][pick(3)], "bot": f"b{pick(2)}", "fees": [None, 1, 2][pick(3)]}
        fields |= {"trade_id": f"t{place}", "direction": ("long", "short")[pick(2)], "size": 1, "entry_price": 10, "entry_time": entry}
        if pick(3):
            fields |= {"exit_time": entry + timedelta(minutes=30 * int(pick(3))), "exit_price": 1, "net_pnl": [None, 0.0, -1.0, 2.5][pick(4)]}
        found.append(TradeIn.model_validate({name: value for name, value in fields.items() if value is not None}))
    return found


def ordered(trades: list[dict[str, Any]], sort: str) -> list[int]:
    name = sort.removeprefix("-")

    def key(trade: dict[str, Any]) -> tuple[Any, ...]:
        value = (trade["exit_time"] or trade["entry_time"]) if name == "at" else trade[name]
        return (value is not None, value, trade["id"]) if value is not None else (False, trade["id"])

    return [trade["id"] for trade in sorted(trades, key=key, reverse=sort.startswith("-"))]


def ids(desk: Desk, sort: str, start: int, stop: int, **filters: Any) -> tuple[list[int], int]:
    found = desk.trades.window(TradeFilter.model_validate(filters), sort, start, stop)
    return [row["id"] for row in found["rows"]], found["total"]


def test_every_stretch_of_every_order_is_the_sorted_list_s_own_and_follows_changes(desk: Desk) -> None:
    assert ids(desk, "-at", 0, 100) == ([], 0)
    desk.journal.append(drafts(120))
    for sort in [*SORTS, *(f"-{sort}" for sort in SORTS)]:
        for filters in ({}, {"bot": "b1", "direction": "long"}, {"outcome": "loser"}, {"q": "t1"}, {"symbol": "none"}):
            whole = desk.trades.page(TradeScope.model_validate({"limit": 1000, **filters}))["trades"]
            expected = ordered(whole, sort)
            for start, stop in ((0, 7), (3, 50), (len(expected) - 2, len(expected) + 9), (500, 600), (9, 9), (9, 3)):
                assert ids(desk, sort, start, stop, **filters) == (expected[max(start, 0) : max(stop, 0)], len(expected)), (sort, filters, start)
    row = desk.trades.window(TradeFilter(), "-at", 0, 1)["rows"][0]
    assert row == desk.trades.one(row["id"])
    desk.journal.append([TradeIn.model_validate({**drafts(1)[0].sent(), "trade_id": "new", "entry_time": (START + timedelta(days=9)).isoformat(),
                                                 "exit_time": (START + timedelta(days=9)).isoformat(), "exit_price": 1})])  # fmt: skip  # one record
    assert ids(desk, "-at", 0, 1)[1] == 121
    assert desk.trades.window(TradeFilter(), "-at", 0, 1)["rows"][0]["trade_id"] == "new"


def test_orders_that_are_kept_are_few_and_a_page_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.journal.append(drafts(60))
    for days in range(1, 3 * KEPT):
        ids(desk, "-at", 0, 5, min_pnl=days)
    window = desk.trades._window
    assert len(window._recent._kept) == KEPT
    sorts: list[str] = []

    def noted(_scope: TradeFilter, sort: str) -> Any:
        sorts.append(sort)
        return np.arange(0)

    monkeypatch.setattr(window, "_sorted", noted)
    for start in (0, 20, 40, 0):
        ids(desk, "fees", start, start + 20)
    assert sorts == ["fees"], "the order is found once for all stretches of it"
    monkeypatch.undo()
    monkeypatch.setattr(trade_window, "MAX_ROWS", 10)
    assert len(ids(desk, "net_pnl", 5, 60)[0]) == 10
    monkeypatch.setattr(trade_window, "SEARCHED", 20)
    newest = {row["id"] for row in desk.trades.page(TradeScope(limit=20))["trades"]}
    found, total = ids(desk, "at", 0, 60, q="t")
    assert (total, set(found) <= newest) == (20, True)
    for sort in ("id", "", "-", "exit_reason", "--at"):
        with pytest.raises(Refused, match="unknown parameter") as refusal:
            ids(desk, sort, 0, 5)
        assert (refusal.value.code, [*refusal.value.fields]) == (Code.BAD_REQUEST, ["sort"])
