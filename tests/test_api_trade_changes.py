"""What a person may change of a trade: what stands beside it, and how an open one ended."""

from collections.abc import Callable
from typing import Any

import pytest

from data.desk import Desk
from tests.support.api import TRADE, Api

END = {"exit_time": "2025-01-02T00:00:00Z", "exit_price": 110}


@pytest.fixture
def backend() -> str:
    """Trades themselves are held against both databases elsewhere."""
    return "sqlite"


def make(api: Api, **fields: Any) -> Any:
    return api.post("/api/trades", {**TRADE, **fields}, 201)["data"]


def test_notes_and_tags_change_alone_stay_when_the_bot_reports_again_and_go_when_it_says_so(api: Api) -> None:
    made = make(api, notes="of the bot", tags=["a"])
    changed = api.patch(f"/api/trades/{made['id']}", {"notes": None, "tags": ["b", "c"]})["data"]
    assert changed == made | {"notes": None, "tags": ["b", "c"], "updated_at": changed["updated_at"]}
    assert make(api, fees=1)["tags"] == ["b", "c"]
    assert make(api, fees=1, tags=["d"])["tags"] == ["d"]


def test_a_change_that_changes_nothing_leaves_no_record(api: Api, desk: Desk) -> None:
    made = make(api, notes="n")
    before = desk.versions()
    assert api.patch(f"/api/trades/{made['id']}", {"notes": "n"})["data"] == made
    assert desk.versions() == before
    assert make(api, notes="n") == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"exit_price": 110}, "exit_time"),
        ({"exit_time": "2024-12-31T23:59:59Z", "exit_price": 110}, "exit_time"),
        ({"exit_time": "2025-01-02T00:00:00Z"}, "exit_price"),
        ({"exit_time": "2025-01-02T00:00:00Z", "fees": 1}, "exit_price"),
        ({**END, "exit_price": -1}, "exit_price"),
        ({**END, "size": 3}, "size"),
    ],
)
def test_an_ending_that_cannot_be_is_refused_by_name_and_the_trade_stays_open(api: Api, change: dict[str, Any], field: str) -> None:
    made = make(api)
    assert list(api.patch(f"/api/trades/{made['id']}", change, 422)["error"]["fields"]) == [field]
    assert api.get(f"/api/trades/{made['id']}")["data"] == made


def test_an_open_trade_is_closed_once_by_its_price_or_by_its_result(api: Api) -> None:
    by_price, by_result = make(api), make(api, trade_id="t-2", direction="short")
    closed = api.patch(f"/api/trades/{by_price['id']}", {**END, "fees": 3, "slippage": 1})["data"]
    assert (closed["status"], closed["pnl"], closed["net_pnl"], closed["duration_seconds"]) == ("closed", 20, 16, 86_400)
    closed = api.patch(f"/api/trades/{by_result['id']}", {"exit_time": END["exit_time"], "net_pnl": -4, "exit_reason": "by hand"})["data"]
    assert (closed["pnl"], closed["net_pnl"], closed["pnl_pct"], closed["exit_reason"]) == (None, -4, -2, "by hand")
    for made in (by_price, by_result):
        assert api.patch(f"/api/trades/{made['id']}", END, 409)["error"]["fields"] == {"status": "is closed"}
    assert api.patch(f"/api/trades/{by_price['id']}", {"notes": "still"})["data"]["notes"] == "still"


def test_a_token_that_is_bound_to_a_bot_changes_the_trades_of_that_bot_alone(api: Api, api_as: Callable[..., Api]) -> None:
    made = make(api, bot="alpha")
    assert api_as("control", bot="beta").patch(f"/api/trades/{made['id']}", END, 403)["error"]["fields"].keys() == {"bot"}
    assert api_as("read", "ingest").patch(f"/api/trades/{made['id']}", END, 403)["error"]["code"] == "forbidden"
    assert api_as("control", bot="alpha").patch(f"/api/trades/{made['id']}", END)["data"]["status"] == "closed"
