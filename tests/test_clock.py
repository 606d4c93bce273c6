"""R16 and R17: whatever the server's clock and the bots' clocks do, order is by id and nothing lasts less than no time.

`bench.faults.clock` does it to a whole server under libfaketime.
"""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from data.desk import Desk
from data.records import CloseIn, EventIn, PositionIn, SignalIn, TradeIn, validated
from data.schema import Journal, Trade
from data.scope.portfolio import EquityScope
from data.settings import Settings
from tests.support.api import EVENT, POSITION, SIGNAL, TRADE, Api, ago

BEGIN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half an hour before Berlin's clocks go back
HOUR = 3600.0


def report(desk: Desk, number: int) -> None:
    position = {"symbol": "S", "side": "LONG", "entry_price": 1.0, "size": 1.0}
    for model, fields in (
        (EventIn, {"event_type": "SYSTEM", "message": f"{number}"}),
        (SignalIn, {"strategy_name": "s", "symbol": "S", "signal_type": "BUY", "confidence": 0.5}),
        (PositionIn, {**position, "position_id": "long open", "current_price": number + 1.0}),
        (PositionIn, {**position, "position_id": f"{number}", "current_price": 1.0}),
    ):
        desk.journal.append([validated(model, fields)])
    if number:  # of the step before, at another time
        desk.journal.append([validated(CloseIn, {"position_id": f"{number - 1}", "final_pnl": 1.0, "final_pnl_pct": 1.0})])


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("jumps", [[-HOUR], [HOUR], [0.0, 0.0], [-HOUR, 2 * HOUR, -HOUR], [-86_400.0]], ids=str)
def test_a_clock_that_jumps_or_stands_still_bends_no_order_and_no_duration(settings: Settings, jumps: list[float]) -> None:
    with time_machine.travel(BEGIN, tick=False) as clock:
        desk = Desk.open(settings)
        for number, jump in enumerate([0.0, *jumps]):
            clock.shift(timedelta(seconds=jump))
            report(desk, number)
            hour = desk.monitor.last_hour()
            minutes = hour["events"]["minutes"]
            assert minutes == sorted(set(minutes))
            assert all(count >= 0 for count in hour["events"]["all"])
            assert len(minutes) <= 61
            assert desk.statistics()["uptime_seconds"] >= 0
            assert next(event["message"] for event in desk.monitor.latest_events(2)) == f"{number}", "the newest is by id"
            latest = next(position for position in desk.monitor.open_positions() if position["position_id"] == "long open")
            assert latest["current_price"] == number + 1.0, "an update without a time of its own is the latest"
        with desk.store.read() as connection:
            ids = list(connection.scalars(select(Journal.id).order_by(Journal.id)))
            durations = list(connection.scalars(select(Trade.duration_seconds)))
        assert all(later == earlier + 1 for earlier, later in itertools.pairwise(ids))
        assert len(durations) == len(jumps)
        assert all(seconds is not None and seconds >= 0 for seconds in durations)
        shown = desk.monitor.latest_events(), desk.monitor.open_positions(), desk.monitor.latest_signals()
        desk.close()
        again = Desk.open(settings)
        assert (again.monitor.latest_events(), again.monitor.open_positions(), again.monitor.latest_signals()) == shown
        again.close()


def test_what_a_bots_clock_says_is_kept_if_it_is_past_and_refused_if_it_is_far_ahead(api: Api, desk: Desk) -> None:
    old = "2006-01-22T20:30:15.000000Z"
    api.post("/activity", {**EVENT, "timestamp": old})
    api.post("/signals/update", {**SIGNAL, "timestamp": ago(days=1)})
    api.post("/signals/update", {**SIGNAL, "timestamp": ago(days=2)})
    api.post("/positions/update", {**POSITION, "timestamp": ago(hours=-23)})
    assert api.get("/activity", since="2000-01-01T00:00:00Z")["events"][0]["timestamp"] == old
    assert len(desk.monitor.latest_signals()) == 1
    for moment in ("2036-01-22T20:30:15Z", ago(hours=-25), "NaN", "0001-01-01T00:00:00", ""):
        for path, body in (("/activity", EVENT), ("/signals/update", SIGNAL), ("/positions/update", POSITION)):
            assert api.client.post(f"/api/monitoring{path}", json={**body, "timestamp": moment}, headers=api.headers).status_code == 422, moment
    hour = desk.monitor.last_hour()
    assert sum(hour["events"]["all"]) == 1, "it counts when it was received"
    assert all(moment > ago(hours=1) for moment in (*hour["events"]["minutes"][1:], *hour["pnl"]["timestamps"]))


def test_a_trade_from_twenty_years_ago_stretches_no_range_that_was_asked_for(desk: Desk) -> None:
    for number, days in enumerate((1, 7300)):
        moments = {"entry_time": ago(days=days, hours=1), "exit_time": ago(days=days)}
        trade = {**TRADE, **moments, "trade_id": f"{number}", "status": "closed", "exit_price": 1.0}
        desk.journal.append([validated(TradeIn, trade)])
    curve = desk.portfolio.equity(EquityScope(days=30))
    assert all(moment > ago(days=31) for moment in curve["timestamps"])
