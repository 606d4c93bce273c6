"""Names as bots choose them: what means something in an address is part of a name there, too."""

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from data.errors import Refused
from data.scope import Selection, listed, parted
from tests.support.api import SIGNAL, TRADE, Api

if TYPE_CHECKING:
    from data.desk import Desk

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # none of this is the database's
ODD = ("a,b", "a\\", "\\,", "a\\,b\\\\", ",", "<i>", "plain")


@given(some.lists(some.text(min_size=1), min_size=1))
def test_several_values_in_one_parameter_are_the_same_behind_it(values: list[str]) -> None:
    assert parted(listed(values)) == tuple(values)


@ON_SQLITE
def test_a_name_with_commas_and_backslashes_is_filtered_by(api: Api) -> None:
    for number, name in enumerate(ODD):
        api.post("/api/trades", TRADE | {"trade_id": str(number), "strategy": name})
    for names in (ODD[:1], ODD[1:3], ODD):
        found = api.get("/api/trades", strategy=listed(names))["data"]["trades"]
        assert {trade["strategy"] for trade in found} == set(names)
    assert Selection.parse("?strategy=a,b%5C,c&bot=one,two") == Selection(strategy=("a", "b,c"), bot=("one", "two"))
    assert parted("C:\\bots,two") == ("C:\\bots", "two"), "a backslash before anything else is one"


@ON_SQLITE
def test_a_signal_is_found_by_its_moment_with_what_was_sent_before_it(desk: "Desk", api: Api) -> None:
    sent: list[dict[str, Any]] = []
    for hour, confidence in ((1, 0.1), (2, 0.2), (3, 0.3)):
        signal = SIGNAL | {"symbol": "BTC@SPOT", "confidence": confidence, "timestamp": f"2025-01-01T0{hour}:00:00Z", "bot": "a"}
        sent.append(api.post("/signals/update", signal)["signal"])
    names = f"a|{SIGNAL['strategy_name']}|BTC@SPOT"
    assert desk.live.past.signal(names)["signal"]["confidence"] == 0.3
    found = desk.live.past.signal(f"{names}@{sent[1]['timestamp']}")
    assert [one["confidence"] for one in (found["signal"], *found["past"])] == [0.2, 0.2, 0.1]
    with pytest.raises(Refused, match="at this moment"):
        desk.live.past.signal(f"{names}@2024-01-01T00:00:00.000000Z")
