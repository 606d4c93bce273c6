"""The Python API: a bot in a process of its own, on the same store."""

import inspect
import time
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from data import live_monitor
from data.desk import Desk
from data.live_monitor import AlertSeverity, EventType, LiveMonitoringSystem, OpenPosition, StrategySignal
from data.managers import ActivityLogManager
from data.settings import Settings
from tests.support.bot import Bot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bot"
    path.mkdir()
    return path


@pytest.fixture
def watcher(settings: Settings) -> Iterator[Desk]:
    """Another process's view of the store."""
    desk = Desk.open(settings)
    desk.start()
    yield desk
    desk.close()


def eventually(condition: Any, within: float = 1.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


def test_names_and_signatures_are_the_contracts() -> None:
    assert [member.name for member in EventType] == ["ORDER", "STRATEGY", "RISK", "SYSTEM", "ALERT"]
    assert [member.name for member in AlertSeverity] == ["INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"]

    def parameters(function: Any) -> list[Any]:
        return [
            (name, None if p.default is p.empty else repr(p.default)) for name, p in inspect.signature(function).parameters.items() if name != "self"
        ]

    system = LiveMonitoringSystem
    assert parameters(system.log_event) == [("event_type", None), ("message", None), ("severity", "'INFO'"), ("metadata", "None")]
    assert parameters(system.update_signal) == [("signal", None)]
    assert parameters(system.update_position) == [("position", None)]
    assert parameters(system.close_position) == [("position_id", None), ("final_pnl", None), ("final_pnl_pct", None)]
    assert parameters(system.send_alert) == [("title", None), ("message", None), ("severity", None), ("action_url", "None")]
    assert parameters(system.get_statistics) == parameters(live_monitor.get_live_monitor) == []

    def names(model: Any) -> list[str]:
        return [field.name + ("" if field.default is MISSING else "=None") for field in fields(model)]

    assert names(StrategySignal) == ["strategy_name", "symbol", "signal_type", "confidence", "timestamp", "indicators", "ensemble_vote=None"]
    assert names(OpenPosition) == [
        "position_id", "symbol", "side", "entry_price", "current_price", "size", "unrealized_pnl", "unrealized_pnl_pct", "time_in_position",
        "stop_loss", "stop_loss_pct", "take_profit=None", "strategy=None",
    ]  # fmt: skip  # a list
    assert ActivityLogManager()._events.maxlen == 1000


EVERYTHING = """
monitor.log_event(EventType.ORDER, "bought", severity=AlertSeverity.SUCCESS, metadata={"price": 50000})
monitor.log_event("risk", "limit", "warning")
monitor.log_event(EventType.SYSTEM, "up")
naive = datetime(2026, 1, 22, 20, 30, 15, 123456)
monitor.update_signal(StrategySignal("MA", "BTCUSDT", "buy", 0.85, naive, {"rsi": 65}, ensemble_vote="Hold"))
monitor.update_signal(StrategySignal("RSI", "BTCUSDT", "SELL", 1, naive.replace(tzinfo=timezone(timedelta(hours=5))), {}))
span = timedelta(days=1, hours=2, seconds=3)
monitor.update_position(OpenPosition("p1", "BTCUSDT", "long", 50000, 51000.0, 0.1, 100, 2.0, span, 49000, 2.0, strategy="MA"))
monitor.update_position(OpenPosition("p2", "ETHUSDT", "SHORT", 100, 90, 1, 10, 10, timedelta(minutes=90), None, None, take_profit=80))
monitor.close_position("p2", 10, 10.5)
monitor.send_alert("Title", "message", AlertSeverity.ERROR, action_url="/monitoring")
monitor.send_alert("Plain", "message", "critical")
assert get_live_monitor() is monitor
tell(monitor.get_statistics())
"""


def test_what_a_bot_reports_is_seen_by_another_process_within_a_second(folder: Path, settings: Settings, watcher: Desk) -> None:
    bot = Bot(EVERYTHING, folder, settings.store_url, TZ="Asia/Tokyo")
    statistics = bot.hear()
    eventually(lambda: watcher.statistics()["total_alerts_sent"] == 3)
    bot.end()
    seen = watcher.statistics()
    counters = ("total_events", "total_signals", "total_positions", "active_positions", "total_alerts_sent", "last_update")
    assert [statistics[name] for name in counters] == [seen[name] for name in counters]
    assert [statistics[name] for name in counters[:5]] == [3, 2, 2, 1, 3]
    assert isinstance(statistics["uptime_seconds"], float)
    events = watcher.monitor.latest_events()
    assert [(e["event_type"], e["message"], e["severity"], e["metadata"], e["bot"]) for e in events] == [
        ("SYSTEM", "up", "INFO", {}, "default"),
        ("RISK", "limit", "WARNING", {}, "default"),
        ("ORDER", "bought", "SUCCESS", {"price": 50000}, "default"),
    ]
    signals = {signal["strategy_name"]: signal for signal in watcher.monitor.latest_signals()}
    assert signals["MA"]["timestamp"] == "2026-01-22T11:30:15.123456Z"  # a naive time is local
    assert signals["RSI"]["timestamp"] == "2026-01-22T15:30:15.123456Z"
    assert (signals["MA"]["signal_type"], signals["MA"]["ensemble_vote"], signals["RSI"]["ensemble_vote"]) == ("BUY", "HOLD", None)
    [position] = watcher.monitor.open_positions()
    assert (position["position_id"], position["time_in_position"], position["side"]) == ("p1", "26:00:03", "LONG")
    assert [(a["title"], a["severity"]) for a in reversed(watcher.monitor.latest_alerts())] == [
        ("Large gain", "SUCCESS"), ("Title", "ERROR"), ("Plain", "CRITICAL"),
    ]  # fmt: skip  # a table


FAULTY = """
import math
def refused(call, *arguments):
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
now = datetime.now()
position = dict(position_id="p", symbol="s", side="long", entry_price=1, current_price=1, size=1, unrealized_pnl=0, unrealized_pnl_pct=0,
                time_in_position=timedelta(0), stop_loss=None, stop_loss_pct=None)
tell([
    refused(monitor.log_event, "NOTHING", "m"),
    refused(monitor.log_event, EventType.ORDER, 5, "LOUD", {"a": float("nan")}),
    refused(monitor.log_event, EventType.ORDER, "m", "INFO", {"a": object()}),
    refused(monitor.log_event, EventType.ORDER, "a\\0b"),
    refused(monitor.log_event, EventType.ORDER, "\\ud800"),
    refused(monitor.log_event, None, None),
    refused(monitor.update_signal, StrategySignal("MA", "s", "BUY", 1.5, now + timedelta(hours=25), {"a": "1"})),
    refused(monitor.update_position, OpenPosition(**{**position, "side": "up", "size": math.inf, "time_in_position": timedelta(seconds=-1)})),
    refused(monitor.close_position, "unknown", 1, 1),
    refused(monitor.close_position, "p", True, "1"),
    refused(monitor.send_alert, "", "m", "WARNING", "javascript:alert(1)"),
])
monitor.log_event("system", "still here")
tell(monitor.get_statistics())
"""


def test_a_faulty_record_raises_value_error_that_names_its_fields(folder: Path, settings: Settings) -> None:
    bot = Bot(FAULTY, folder, settings.store_url)
    expected: list[tuple[str, ...]] = [
        ("event_type",), ("message", "severity", "metadata"), ("metadata",), ("message",), ("message",), ("event_type", "message"),
        ("confidence", "timestamp", "indicators"), ("side", "size", "time_in_position"), ("position_id",), ("final_pnl", "final_pnl_pct"),
        ("title", "action_url"),
    ]  # fmt: skip  # a table
    for said, names in zip(bot.hear(), expected, strict=True):
        assert said is not None, names
        for name in names:
            assert f"{name}:" in said or f"{name}." in said
    assert bot.hear()["total_events"] == 1
    bot.end()


NUMPY = """
import numpy as np
monitor.update_position(OpenPosition("p", "s", "LONG", np.float64(100.5), np.float64(101), np.float64(2), np.float64(1), 1, timedelta(0), None, None))
monitor.update_signal(StrategySignal("MA", "s", "BUY", np.float64(0.5), datetime.now(), {"rsi": np.float64(65.5)}))
monitor.log_event(EventType.ORDER, "m", metadata={"price": np.float64(1.5)})
tell([monitor.open_positions()[0]["entry_price"], monitor.latest_signals()[0]["indicators"], monitor.latest_events()[0]["metadata"]])
"""


def test_a_bot_may_compute_with_numpy(folder: Path, settings: Settings) -> None:
    bot = Bot(NUMPY, folder, settings.store_url)
    assert bot.hear() == [100.5, {"rsi": 65.5}, {"price": 1.5}]
    bot.end()


def test_the_first_calls_at_once_build_one_monitor(folder: Path, bare_store_url: str) -> None:
    program = """
import threading
from data import live_monitor
found = []
threads = [threading.Thread(target=lambda: found.append(get_live_monitor())) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
tell(len(set(map(id, found + [monitor]))))
"""
    bot = Bot(program, folder, bare_store_url)
    assert bot.hear() == 1
    bot.end()


def test_a_store_in_the_data_folder_serves_without_any_other_setting(folder: Path) -> None:
    bot = Bot('monitor.log_event("SYSTEM", "hello"); tell(1)', folder)
    bot.hear()
    bot.end()
    assert (folder / "botv2.sqlite").exists()


def test_an_acknowledged_call_survives_the_death_of_its_process(folder: Path, settings: Settings) -> None:
    bot = Bot("for number in range(20): monitor.log_event('SYSTEM', str(number))\ntell(1)\ninput()", folder, settings.store_url)
    bot.hear()
    bot.kill()
    desk = Desk.open(settings)
    assert [event["message"] for event in desk.monitor.latest_events()] == [str(number) for number in range(19, -1, -1)]
    desk.close()


def test_two_bots_and_a_watcher_see_the_same_records_in_the_same_order(folder: Path, settings: Settings, watcher: Desk) -> None:
    program = """
tell("ready"); input()
for number in range(100): monitor.log_event("SYSTEM", f"{sys.argv[0]} {number}")
tell("done"); input()
tell([[event["id"], event["message"]] for event in monitor.latest_events(1000)])
"""
    bots = [Bot(program, folder, settings.store_url) for _ in range(2)]
    for word in ("ready", "done"):
        for bot in bots:
            assert bot.hear() == word
        if word == "ready":
            for bot in bots:
                bot.say()
    time.sleep(1)
    for bot in bots:
        bot.say()
    here = [[event["id"], event["message"]] for event in watcher.monitor.latest_events(1000)]
    assert [number for number, _ in here] == list(range(200, 0, -1))
    for bot in bots:
        assert bot.hear() == here
        bot.end()
