"""The rules that ship: each fires as written, once, and not for what was imported."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from data.desk import Desk
from data.records import EventIn
from data.schema import AlertFiring, AlertRule, BotState
from data.times import now
from tests.support.api import POSITION, Api, ago, together, without

BARE = without(POSITION, "unrealized_pnl", "unrealized_pnl_pct", "stop_loss", "stop_loss_pct", "time_in_position")


def raised(api: Api) -> list[tuple[str, str]]:
    """Return title and severity of every alert, oldest first."""
    alerts = api.get("/alerts", clear="false", after_id=0)["alerts"]
    return [(alert["title"], alert["severity"]) for alert in reversed(alerts)]


def event(api: Api, kind: str = "RISK", severity: str = "INFO", message: str = "m", **fields: Any) -> None:
    api.post("/activity", {"event_type": kind, "message": message, "severity": severity, **fields}, 201)


def position(api: Api, **changes: Any) -> None:
    api.post("/positions/update", {**BARE, **changes}, 200)


def close(api: Api, percent: float, **changes: Any) -> None:
    api.post("/positions/close", {"position_id": "pos_123456", "final_pnl": 1, "final_pnl_pct": percent, **changes}, 200)


def snapshots(api: Api, *values: float, **changes: Any) -> None:
    for value in values:
        api.batch({"kind": "snapshot", "total_value": value, **changes})


def test_a_tripped_circuit_breaker_is_critical(api: Api) -> None:
    event(api, metadata={"circuit_breaker": True, "limit": 5}, message="daily loss")
    assert raised(api) == [("Circuit breaker tripped", "CRITICAL")]
    alert = api.get("/alerts")["alerts"][0]
    assert (alert["message"], alert["bot"]) == ("daily loss", "default")
    event(api, metadata={"circuit_breaker": False})
    event(api, metadata={"limit": 5})
    event(api, "SYSTEM", metadata={"circuit_breaker": True})
    assert len(raised(api)) == 1


def test_a_critical_event_is_critical_and_no_other_is(api: Api) -> None:
    for severity in ("INFO", "SUCCESS", "WARNING", "ERROR"):
        event(api, "SYSTEM", severity)
    assert raised(api) == []
    event(api, "SYSTEM", "critical")
    assert [severity for _, severity in raised(api)] == ["CRITICAL"]


def test_a_rule_does_not_repeat_itself_within_its_cool_down(api: Api, desk: Desk) -> None:
    for _ in range(3):
        event(api, "SYSTEM", "CRITICAL", message="again")
    assert len(raised(api)) == 1
    with desk.store.write() as connection:
        connection.execute(update(AlertFiring).values(fired_at=now() - timedelta(days=2)))
    event(api, "SYSTEM", "CRITICAL", message="again")
    assert len(raised(api)) == 2


def test_drawdown_warns_beyond_ten_percent_and_is_critical_beyond_twenty(api: Api) -> None:
    snapshots(api, 900, 1000, 900)
    assert raised(api) == []  # ten percent is not beyond ten
    snapshots(api, 899)
    assert [severity for _, severity in raised(api)] == ["WARNING"]
    snapshots(api, 850, 800)
    assert len(raised(api)) == 1
    snapshots(api, 799, 700)
    assert [severity for _, severity in raised(api)] == ["WARNING", "CRITICAL"]


def test_a_deposit_is_no_gain_and_a_withdrawal_no_drawdown(api: Api) -> None:
    snapshots(api, 1000)
    snapshots(api, 500, deposit=-500)
    assert raised(api) == []
    snapshots(api, 1450, deposit=1000)  # 500 has become 450
    assert raised(api) == []
    snapshots(api, 1400)
    assert [severity for _, severity in raised(api)] == ["WARNING"]


def test_each_bots_drawdown_is_its_own(api: Api) -> None:
    snapshots(api, 1000, bot="alpha")
    snapshots(api, 10, bot="beta")
    assert raised(api) == []
    snapshots(api, 850, bot="alpha")
    assert [alert["bot"] for alert in api.get("/alerts")["alerts"]] == ["alpha"]


@pytest.mark.parametrize(
    ("side", "before", "after"), [("LONG", 49_001, 49_000), ("LONG", 49_500, 48_000), ("SHORT", 48_999, 49_000), ("SHORT", 48_000, 50_000)]
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_stop_loss_is_hit_at_or_past_it_once(api: Api, side: str, before: float, after: float) -> None:
    position(api, side=side, stop_loss=49_000, current_price=before)
    assert raised(api) == []
    position(api, side=side, stop_loss=49_000, current_price=after)
    assert raised(api) == [("Stop loss hit", "WARNING")]
    position(api, side=side, stop_loss=49_000, current_price=before)
    position(api, side=side, stop_loss=49_000, current_price=after)
    close(api, -2, reason="stop_loss")
    assert raised(api) == [("Stop loss hit", "WARNING")]


def test_a_close_with_the_reason_stop_loss_is_a_hit_too(api: Api) -> None:
    position(api)
    close(api, -1, reason="stop_loss")
    assert raised(api) == [("Stop loss hit", "WARNING")]
    position(api, position_id="b")
    close(api, -1, position_id="b", reason="roi")
    assert len(raised(api)) == 1


def test_a_close_above_five_percent_is_a_success_and_below_minus_five_a_warning(api: Api) -> None:
    for percent in (5, -5, 0, 5.01, -5.01):
        position(api, position_id=f"{percent}")
        close(api, percent, position_id=f"{percent}")
        close(api, percent, position_id=f"{percent}")  # the same close, sent again
    assert raised(api) == [("Large gain", "SUCCESS"), ("Large loss", "WARNING")]


def test_records_of_over_an_hour_ago_stay_quiet(api: Api, desk: Desk) -> None:
    old = {"timestamp": ago(hours=1.1)}
    event(api, metadata={"circuit_breaker": True}, **old)
    event(api, "SYSTEM", "CRITICAL", **old)
    position(api, stop_loss=49_000, current_price=40_000, **old)
    close(api, -20, reason="stop_loss", **old)
    api.batch(*({"kind": "snapshot", "total_value": value, "timestamp": ago(hours=hours)} for value, hours in ((1000, 3), (500, 2))))
    assert raised(api) == []
    event(api, "SYSTEM", "CRITICAL", timestamp=ago(hours=0.9))
    assert len(raised(api)) == 1


def test_a_rule_that_is_switched_off_or_changed_counts_as_it_is_now(api: Api, desk: Desk) -> None:
    with desk.store.write() as connection:
        connection.execute(update(AlertRule).where(AlertRule.condition == "closed_above").values(threshold=1.0, severity="INFO"))
        connection.execute(delete(AlertRule).where(AlertRule.condition == "closed_below"))
        connection.execute(update(AlertRule).where(AlertRule.condition == "critical_event").values(enabled=False))
    position(api)
    close(api, 2)
    position(api, position_id="b")
    close(api, -50, position_id="b")
    event(api, "SYSTEM", "CRITICAL")
    assert raised(api) == [("Large gain", "INFO")]


def silent(desk: Desk, bot: str, seconds: float) -> None:
    """Make the store believe that a bot was last heard, and its last alert raised, a while ago."""
    heard = now() - timedelta(seconds=seconds)
    with desk.store.write() as connection:
        connection.execute(update(BotState).where(BotState.bot == bot).values(last_seen=heard))
        connection.execute(update(AlertFiring).values(fired_at=heard - timedelta(seconds=1)))


def test_a_bot_that_misses_three_of_its_heartbeats_is_stale_once_per_silence(api: Api, desk: Desk) -> None:
    event(api, "SYSTEM", bot="alpha", metadata={"heartbeat_seconds": 20})
    silent(desk, "alpha", 55)
    desk.journal.raise_silence_alerts()
    assert raised(api) == []
    silent(desk, "alpha", 61)
    for _ in range(2):
        together(*[desk.journal.raise_silence_alerts] * 3)
        assert raised(api) == [("Stale feed", "WARNING")]
    assert api.get("/alerts")["alerts"][0]["bot"] == "alpha"
    api.post("/signals/update", {"strategy_name": "s", "symbol": "s", "signal_type": "HOLD", "confidence": 1, "bot": "alpha"})
    desk.journal.raise_silence_alerts()
    assert len(raised(api)) == 1
    silent(desk, "alpha", 100)
    desk.journal.raise_silence_alerts()
    assert len(raised(api)) == 2


def test_a_bot_that_declared_no_heartbeat_is_never_stale(api: Api, desk: Desk) -> None:
    wrong: list[Any] = ["5", True, -1, 0, None, [1]]
    declarations = [("RISK", {"heartbeat_seconds": 1}), ("SYSTEM", {}), *(("SYSTEM", {"heartbeat_seconds": value}) for value in wrong)]
    for number, (kind, metadata) in enumerate(declarations):
        event(api, kind, bot=f"bot{number}", metadata=metadata)
    event(api, "SYSTEM", bot="imported", metadata={"heartbeat_seconds": 1}, timestamp=ago(days=3))
    for bot in (*(f"bot{number}" for number in range(len(declarations))), "imported"):
        silent(desk, bot, 3600)
    desk.journal.raise_silence_alerts()
    assert raised(api) == []


def test_many_processes_raise_an_alert_once(api: Api, desk: Desk) -> None:
    other = Desk.open(desk.settings)
    event(api, "SYSTEM", metadata={"heartbeat_seconds": 1})
    silent(desk, "default", 10)
    together(*[desk.journal.raise_silence_alerts, other.journal.raise_silence_alerts] * 3)
    other.close()
    assert raised(api) == [("Stale feed", "WARNING")]


def test_a_bot_is_not_silent_because_the_server_was_away(desk: Desk) -> None:
    desk.journal.append([EventIn(event_type="SYSTEM", message="x", metadata={"heartbeat_seconds": 0.01})], bot="alpha")
    time.sleep(0.1)
    assert desk.journal.raise_silence_alerts(listening=0.02) == []
    assert [outcome.record["title"] for outcome in desk.journal.raise_silence_alerts(listening=0.1)] == ["Stale feed"]
