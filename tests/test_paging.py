"""Pages of trades: every order, filter and cursor, on both databases, against the same question asked of plain Python."""

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from data import trade_list as questions
from data.desk import Desk
from data.errors import Code, Refused
from data.records import TradeIn
from data.scope import TradeScope
from data.times import iso

START = datetime(2025, 1, 1, tzinfo=UTC)
SORTS = ("at", "entry_time", "net_pnl", "symbol", "id")
WORDS = ("alpha", "50%", "a_b", None)


@pytest.fixture
def stored(desk: Desk) -> list[dict[str, Any]]:
    """Ninety trades with many ties and many missing values, as the list gives them."""
    pick = np.random.default_rng(7).integers
    drafts = []
    for number in range(90):
        entry = START + timedelta(hours=int(pick(20)))
        closed = {"exit_time": entry + timedelta(minutes=30 * int(pick(3))), "exit_price": 1, "net_pnl": float(pick(-3, 4))} if pick(3) else {}
        closed |= {"net_pnl": None, "exit_price": None} if closed and not pick(5) else {}
        fields: dict[str, Any] = {"symbol": f"S{pick(4)}", "strategy": [None, "x", "y"][pick(3)], "notes": WORDS[pick(4)], "bot": f"b{pick(2)}"}
        fields |= {"trade_id": f"t{number}", "direction": ("long", "short")[pick(2)], "size": 1, "entry_price": 1, "entry_time": entry}
        drafts.append(TradeIn.model_validate({name: value for name, value in {**fields, **closed}.items() if value is not None}))
    desk.journal.append(drafts)
    whole: list[dict[str, Any]] = desk.trades.page(TradeScope(limit=1000))["trades"]
    assert len(whole) == 90
    return whole


def key(trade: dict[str, Any], sort: str) -> tuple[Any, ...]:
    value = (trade["exit_time"] or trade["entry_time"]) if sort == "at" else trade[sort]
    return (value is not None, value, trade["id"]) if value is not None else (False, trade["id"])


def ordered(trades: list[dict[str, Any]], sort: str) -> list[int]:
    return [trade["id"] for trade in sorted(trades, key=lambda trade: key(trade, sort.removeprefix("-")), reverse=sort.startswith("-"))]


def paged(desk: Desk, total: int | None, **query: Any) -> list[int]:
    """Return the ids of all pages, one cursor after another."""
    ids: list[int] = []
    cursor = None
    for _ in range(500):
        page = desk.trades.page(TradeScope.model_validate({**query, "cursor": cursor}))
        assert total is None or (page["total"], page["total_is_estimate"]) == (total, False)
        assert page["has_more"] is (page["next_cursor"] is not None)
        ids += [trade["id"] for trade in page["trades"]]
        if (cursor := page["next_cursor"]) is None:
            return ids
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_the_pages_of_every_filter_hold_every_match_once_in_order(desk: Desk, stored: list[dict[str, Any]], sort: str) -> None:
    middle = START + timedelta(hours=9)
    for filters, holds in (
        ({}, lambda trade: True),
        ({"symbol": "S1,S3"}, lambda trade: trade["symbol"] in {"S1", "S3"}),
        ({"strategy": "x", "bot": "b0"}, lambda trade: (trade["strategy"], trade["bot"]) == ("x", "b0")),
        ({"status": "open"}, lambda trade: trade["status"] == "open"),
        ({"direction": "short", "end": middle}, lambda trade: trade["direction"] == "short" and key(trade, "at")[1] <= iso(middle)),
        ({"min_pnl": -1, "max_pnl": 2}, lambda trade: trade["net_pnl"] is not None and -1 <= trade["net_pnl"] <= 2),
        ({"q": "%"}, lambda trade: trade["notes"] == "50%"),
        ({"q": "A_B", "symbol": "S0,S1,S2"}, lambda trade: trade["notes"] == "a_b" and trade["symbol"] != "S3"),
        ({"q": "nowhere"}, lambda trade: False),
    ):  # fmt: skip  # a table
        expected = ordered([trade for trade in stored if holds(trade)], sort)
        for limit in (1, 7, 200):
            assert paged(desk, len(expected), sort=sort, limit=limit, **filters) == expected, (filters, limit)
        page = desk.trades.page(TradeScope.model_validate({"sort": sort, "limit": 5, "offset": 3, **filters}))
        assert [trade["id"] for trade in page["trades"]] == expected[3:8], filters
        assert page["has_more"] is (len(expected) > 8)


def test_an_offset_counts_from_the_cursor_s_place(desk: Desk, stored: list[dict[str, Any]]) -> None:
    for sort, text in itertools.product(("net_pnl", "-net_pnl"), (None, "t")):
        ids = ordered(stored, sort)
        first = desk.trades.page(TradeScope.model_validate({"sort": sort, "limit": 20, "q": text}))
        after = TradeScope.model_validate({"sort": sort, "limit": 50, "offset": 9, "q": text, "cursor": first["next_cursor"]})
        assert [trade["id"] for trade in desk.trades.page(after)["trades"]] == ids[29:79]


def test_a_search_looks_at_so_many_and_goes_on_from_there(desk: Desk, stored: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "SEARCHED", 25)
    for sort in ("-at", "net_pnl", "-net_pnl"):
        expected = [identity for identity in ordered(stored, sort) if identity in {trade["id"] for trade in stored if trade["notes"] == "alpha"}]
        for limit in (2, 100):
            assert paged(desk, None, sort=sort, limit=limit, q="alpha") == expected, (sort, limit)
    nothing = desk.trades.page(TradeScope(q="nowhere", sort="net_pnl"))
    assert (nothing["trades"], nothing["total"], nothing["total_is_estimate"], nothing["has_more"]) == ([], 0, True, True)
    assert paged(desk, None, q="nowhere", sort="net_pnl") == []


def test_beyond_so_many_the_total_is_an_estimate(desk: Desk, stored: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.paging.COUNT_LIMIT", 30)
    monkeypatch.setattr(questions, "COUNT_LIMIT", 30)
    closed = sum(trade["status"] == "closed" for trade in stored)
    for query, total, is_estimate in (
        ({}, 90, False),
        ({"status": "closed"}, 30, True),
        ({"status": "closed", "sort": "symbol"}, closed, False),
        ({"q": "t"}, 30, True),
        ({"q": "t1"}, 11, False),
    ):
        page = desk.trades.page(TradeScope.model_validate(query))
        assert (page["total"], page["total_is_estimate"]) == (total, is_estimate), query


def test_what_comes_while_somebody_pages_neither_repeats_nor_hides_a_row(desk: Desk, stored: list[dict[str, Any]]) -> None:
    first = desk.trades.page(TradeScope(limit=40))
    later = {"direction": "long", "size": 1, "entry_price": 1, "symbol": "S0"}
    desk.journal.append([TradeIn.model_validate({**later, "trade_id": "new", "entry_time": START + timedelta(days=9)})])
    rest = desk.trades.page(TradeScope(limit=1000, cursor=first["next_cursor"]))
    assert [trade["id"] for trade in (*first["trades"], *rest["trades"])] == ordered(stored, "-at")


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_cursor_that_this_list_did_not_make_is_refused(desk: Desk, stored: list[dict[str, Any]]) -> None:
    of_symbol = desk.trades.page(TradeScope(sort="symbol", limit=1))["next_cursor"]
    for cursor in (
        of_symbol, "", "x", "=", "é", "W10", forged(), forged("-at"), forged("-at", None, 1), forged("-at", 5, 1), forged("-at", "2025-01-01", 1),
        forged("-at", "2025-01-01T00:00:00Z", "1"), forged("-at", "2025-01-01T00:00:00Z", -1), forged("-at", "2025-01-01T00:00:00Z", 2**63),
        forged("-at", "2025-01-01T00:00:00Z", True), forged("-at", "0001-01-01T00:00:00+23:00", 1), forged("-at", "2025-01-01T00:00:00Z", 1, 2),
        forged({"-at": 1}), forged(["-at"], "2025-01-01T00:00:00Z", 1),
    ):  # fmt: skip  # a table
        with pytest.raises(Refused) as refused:
            desk.trades.page(TradeScope(cursor=cursor))
        assert (refused.value.code, list(refused.value.fields)) == (Code.BAD_REQUEST, ["cursor"]), cursor
    for sort, value in (("net_pnl", "x"), ("net_pnl", [1]), ("id", None), ("id", "x")):
        with pytest.raises(Refused):
            desk.trades.page(TradeScope.model_validate({"sort": sort, "cursor": forged(sort, value, 1)}))
    with pytest.raises(ValidationError):
        TradeScope(cursor="x" * 501)


def test_a_cursor_to_a_place_without_a_row_is_a_place_all_the_same(desk: Desk, stored: list[dict[str, Any]]) -> None:
    for sort, value, record_id in (
        ("-at", "9999-12-31T00:00:00Z", 2**63 - 1), ("at", "0001-01-02T00:00:00Z", 0), ("net_pnl", -1e300, 0), ("-net_pnl", 1e300, 5),
        ("symbol", "", 0), ("net_pnl", None, 0), ("-id", 2**70, 5), ("id", -5, 5),
    ):  # fmt: skip  # a table
        found = paged(desk, None, sort=sort, limit=30)
        place = TradeScope.model_validate({"sort": sort, "limit": 1000, "cursor": forged(sort, value, record_id)})
        missing = 0 if sort != "net_pnl" or value is None else sum(trade["net_pnl"] is None for trade in stored)
        assert [trade["id"] for trade in desk.trades.page(place)["trades"]] == found[missing:], sort
