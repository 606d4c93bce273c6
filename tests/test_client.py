"""The client that a bot imports, against the real server, and what it promises without one."""

import ast
import contextlib
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from client import AlertSeverity, EventType, Monitor, OpenPosition, StrategySignal, connect
from client.buffer import Buffer
from client.patience import Pace
from client.records import encode
from tests.support.api import together
from tests.support.paths import ROOT
from tests.support.server import LiveServer
from tests.support.waiting import until

QUICK = Pace(gather=0.01, first=0.02, longest=0.2, barred=0.1, calm=0.1)
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens
SECRET = "bv2_a-token-that-nobody-may-see"


class Relay:
    """Stands between client and server; `swallow` has the server killed when its next answer is on its way, which is never given."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.swallow = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                below, _ = self.listener.accept()
                try:
                    above = socket.create_connection(("127.0.0.1", self.server.port))
                except OSError:
                    below.close()
                    continue
                threading.Thread(target=self._pump, args=(below, above), daemon=True).start()
                threading.Thread(target=self._pump, args=(above, below, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if answers and self.swallow.is_set():
                    self.server.kill()
                    self.swallow.clear()
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError), end:
                end.shutdown(socket.SHUT_RDWR)  # wakes the other direction's thread, which a close alone would not

    def close(self) -> None:
        self.listener.close()


class Dashboard:
    """The running server, and what it says it has of one bot."""

    def __init__(self, server: LiveServer, token: str, bot: str) -> None:
        self.server, self.token, self.bot = server, token, bot

    def get(self, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(self.server.url + path, params={"bot": self.bot, **query}, headers=headers, timeout=10).json()

    def monitor(self, **options: Any) -> Monitor:
        return Monitor(self.server.url, self.token, **{"bot": self.bot, "pace": QUICK, **options})

    def events(self) -> list[Any]:
        """Return the bot's events, oldest first."""
        events: list[Any] = []
        while page := self.get("/api/monitoring/activity", limit=1000, **({"before_id": events[-1]["id"]} if events else {}))["events"]:
            events += page
        return events[::-1]

    def messages(self) -> list[str]:
        return [event["message"] for event in self.events()]


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all tests here: some restart it, and each test has a bot of its own."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(sqlite_template, folder / "botv2.sqlite")
    server = LiveServer(folder, f"sqlite:///{folder / 'botv2.sqlite'}")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def token(server: LiveServer) -> str:
    return server.token("read", "ingest")


@pytest.fixture
def dashboard(server: LiveServer, token: str) -> Dashboard:
    if not server.answers():  # a test before has failed between killing and starting it
        server.restart()
    return Dashboard(server, token, f"bot-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def monitor_of() -> Iterator[Callable[..., Monitor]]:
    """A function that makes a monitor, which is closed afterwards without waiting for anything."""
    made: list[Monitor] = []

    def make(url: str = NOWHERE, token: str = SECRET, **options: Any) -> Monitor:
        made.append(Monitor(url, token, **({"pace": QUICK} | options)))
        return made[-1]

    yield make
    for monitor in made:
        monitor.close(0)


def position(number: int = 1, price: float = 101.0, **more: Any) -> OpenPosition:
    return OpenPosition(f"p{number}", "BTC/USDT", "LONG", 100.0, price, 2.0, stop_loss=90.0, **more)


# --- each call becomes the right record ----------------------------------------------------------------------------


def test_an_event_arrives_as_it_was_reported_with_the_time_of_the_call(dashboard: Dashboard) -> None:
    before = datetime.now(UTC)
    with closing(dashboard.monitor()) as monitor:
        monitor.log_event(EventType.ORDER, "bought", AlertSeverity.SUCCESS, {"price": 50_000, "note": "naïve – 1 < 2"})
        after = datetime.now(UTC)
        assert monitor.flush()
        assert (monitor.sent, monitor.waiting, monitor.dropped, monitor.refused) == (1, 0, 0, 0)
    (event,) = dashboard.events()
    assert before <= datetime.fromisoformat(event.pop("timestamp")) <= after
    del event["id"]
    assert event == {
        "event_type": "ORDER",
        "message": "bought",
        "severity": "SUCCESS",
        "metadata": {"price": 50_000, "note": "naïve – 1 < 2"},
        "bot": dashboard.bot,
    }


def test_a_time_that_the_bot_gives_is_kept_and_one_without_a_zone_is_local(dashboard: Dashboard) -> None:
    at = datetime(2025, 3, 1, 12, 0, 0, 5, UTC)
    with closing(dashboard.monitor()) as monitor:
        monitor.log_event("order", "aware", timestamp=at)
        monitor.log_event("order", "naive", timestamp=at.astimezone().replace(tzinfo=None))
    assert [event["timestamp"] for event in dashboard.events()] == ["2025-03-01T12:00:00.000005Z"] * 2


def test_signals_positions_closes_and_alerts_arrive(dashboard: Dashboard) -> None:
    opened = datetime.now(UTC) - timedelta(hours=30)
    with closing(dashboard.monitor()) as monitor:
        monitor.update_signal(StrategySignal("MA", "BTC/USDT", "buy", 0.8, datetime.now(UTC), {"sma": 1.5}, "HOLD"))
        monitor.update_position(position(1, opened_at=opened))
        monitor.update_position(position(2, time_in_position=timedelta(hours=26, seconds=5)))
        monitor.close_position("p1", 12.5, 6.25, exit_price=106.25, reason="take_profit")
        monitor.send_alert("Look", "at this", AlertSeverity.WARNING, action_url="/monitoring")
    (signal,) = dashboard.get("/api/monitoring/signals")["signals"]
    assert {name: signal[name] for name in ("signal_type", "confidence", "indicators", "ensemble_vote")} == {
        "signal_type": "BUY",
        "confidence": 0.8,
        "indicators": {"sma": 1.5},
        "ensemble_vote": "HOLD",
    }
    (open_position,) = dashboard.get("/api/monitoring/positions")["positions"]
    assert (open_position["position_id"], open_position["unrealized_pnl"], open_position["time_in_position"]) == ("p2", 2.0, "26:00:05")
    (trade,) = dashboard.get("/api/trades")["data"]["trades"]
    assert (trade["net_pnl"], trade["exit_price"], trade["exit_reason"]) == (12.5, 106.25, "take_profit")
    assert datetime.fromisoformat(trade["entry_time"]) == opened
    alerts = dashboard.get("/api/monitoring/alerts", bot=None, clear="false", after_id=0)["alerts"]
    assert ("Look", "/monitoring") in {(alert["title"], alert["action_url"]) for alert in alerts}


def test_other_kinds_and_the_numbers_of_bots_libraries_arrive(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor()) as monitor:
        entry = datetime(2025, 1, 1, tzinfo=UTC)
        monitor.record(
            "trade", trade_id="t1", symbol="X", direction="long", size=Decimal("0.5"), entry_price=np.float32(2), entry_time=entry, tags=["a"]
        )
        monitor.record("snapshot", total_value=np.int64(1000), cash_balance=None)
        monitor.record("candle", symbol="X", timeframe="1h", timestamp=entry, open=1, high=3, low=0.5, close=2)
        assert monitor.flush()
        assert (monitor.sent, monitor.refused) == (3, 0)
    (trade,) = dashboard.get("/api/trades")["data"]["trades"]
    assert (trade["size"], trade["entry_price"], trade["bot"], trade["status"]) == (0.5, 2.0, dashboard.bot, "open")


def test_a_mapping_does_where_a_dataclass_is_taken_and_a_record_may_name_its_bot(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor(bot=None)) as monitor:
        monitor.update_signal({"strategy_name": "s", "symbol": "X", "signal_type": "HOLD", "confidence": 0, "bot": dashboard.bot})  # type: ignore[arg-type]  # it is taken all the same
        monitor.log_event("SYSTEM", "hello")
    assert len(dashboard.get("/api/monitoring/signals")["signals"]) == 1
    assert dashboard.get("/api/monitoring/activity", bot="default")["events"][0]["message"] == "hello"


def test_the_order_of_the_calls_is_the_order_of_the_records(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor()) as monitor:
        for number in range(2_000):
            monitor.log_event("ORDER", f"{number}")
        assert monitor.flush(20)
    assert dashboard.messages() == [f"{number}" for number in range(2_000)]


def report(monitor: Monitor, name: str) -> None:
    for number in range(200):
        monitor.log_event("ORDER", f"{name}{number}")


def test_records_of_several_threads_all_arrive_each_threads_in_order(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor()) as monitor:
        together(*(partial(report, monitor, name) for name in "abcd"))
    messages = dashboard.messages()
    for name in "abcd":
        assert [message for message in messages if message.startswith(name)] == [f"{name}{n}" for n in range(200)]


def test_what_the_bot_changes_after_the_call_changes_nothing(dashboard: Dashboard) -> None:
    metadata = {"step": 1}
    with closing(dashboard.monitor()) as monitor:
        monitor.log_event("ORDER", "x", metadata=metadata)
        metadata["step"] = 2
    assert dashboard.events()[0]["metadata"] == {"step": 1}


def test_faulty_records_are_dropped_alone_and_counted(dashboard: Dashboard, caplog: pytest.LogCaptureFixture) -> None:
    with closing(dashboard.monitor()) as monitor:
        monitor.log_event("ORDER", "first")
        monitor.log_event("PARTY", "no such type")
        monitor.close_position("never opened", 1.0, 1.0)
        monitor.log_event("ORDER", "x" * 3_000)
        monitor.log_event("ORDER", "last")
        assert monitor.flush()
        assert (monitor.sent, monitor.refused, monitor.waiting) == (2, 3, 0)
    assert dashboard.messages() == ["first", "last"]
    assert "is not open for this bot" in caplog.text
    assert "event_type" in caplog.text


def test_records_for_a_bot_that_the_token_may_not_speak_for_are_refused_the_others_sent(dashboard: Dashboard) -> None:
    token = dashboard.server.token("ingest", bot=dashboard.bot)
    with closing(Monitor(dashboard.server.url, token, pace=QUICK)) as monitor:
        monitor.log_event("ORDER", "mine")
        monitor.record("event", event_type="ORDER", message="another's", bot="beta")
        assert monitor.flush()
        assert (monitor.sent, monitor.refused) == (1, 1)
        assert monitor.get_statistics() is None  # the token may not read
    assert dashboard.messages() == ["mine"]


def test_statistics_are_those_of_the_server(dashboard: Dashboard, monitor_of: Callable[..., Monitor]) -> None:
    with closing(dashboard.monitor()) as monitor:
        monitor.log_event("ORDER", "one")
        assert monitor.flush()
        statistics = monitor.get_statistics()
        assert statistics is not None
        assert statistics["total_events"] >= 1
    assert monitor_of().get_statistics() is None


def test_the_heartbeat_is_declared_at_the_start_and_sent_when_nothing_else_is(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor(heartbeat_seconds=0.2)):
        until(lambda: len(dashboard.events()) >= 3)
    first, *_, last = events = dashboard.events()
    assert {(event["event_type"], event["metadata"].get("heartbeat_seconds")) for event in events[:-1]} == {("SYSTEM", 0.2)}
    assert last["metadata"] == {"heartbeat_seconds": None}  # closed on purpose
    assert first["severity"] == "INFO"


def test_a_bot_that_reports_often_enough_sends_no_heartbeat_but_the_first(dashboard: Dashboard) -> None:
    with closing(dashboard.monitor(heartbeat_seconds=60)) as monitor:
        monitor.log_event("ORDER", "x")
        assert monitor.flush()
        monitor.log_event("ORDER", "y")
        assert monitor.flush()
        assert monitor.sent == 2  # the bot's own
    assert dashboard.messages() == ["Heartbeat", "x", "y", "The bot has ended"]


def test_the_five_lines_of_the_readme_do_what_they_say(dashboard: Dashboard) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "client/README.md").read_text(), re.DOTALL)
    for written, meant in [("http://127.0.0.1:8050", dashboard.server.url), ("the token", dashboard.token), ("my-bot", dashboard.bot)]:
        assert written in program
        program = program.replace(written, meant)
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True, timeout=20)
    assert [event["message"] for event in dashboard.events() if event["event_type"] == "ORDER"] == ["bought 0.1 BTC at 50,000"]
    assert len(dashboard.get("/api/monitoring/positions")["positions"]) == 1


# --- the server dies ---------------------------------------------------------------------------------------------


def has_sent(monitor: Monitor, records: int) -> bool:
    return monitor.sent > records


def test_a_server_killed_in_the_middle_of_a_stream_costs_nothing_and_doubles_nothing(dashboard: Dashboard) -> None:
    records = 1_500
    with closing(dashboard.monitor()) as monitor:

        def work() -> None:
            for number in range(records):
                monitor.log_event("ORDER", f"{number}")
                if number % 10 == 9:
                    done.wait(0.02)

        done = threading.Event()
        bot = threading.Thread(target=work)
        bot.start()
        for _ in range(2):
            sent = monitor.sent
            until(partial(has_sent, monitor, sent + 50))
            dashboard.server.restart()
        done.set()
        bot.join()
        assert monitor.flush(20)
        assert (monitor.sent, monitor.dropped, monitor.refused) == (records, 0, 0)
    assert dashboard.messages() == [f"{number}" for number in range(records)]


def test_a_server_killed_between_commit_and_answer_doubles_nothing(dashboard: Dashboard) -> None:
    """What was committed stands there once, though the client never heard of it and sent it again."""
    relay = Relay(dashboard.server)
    with closing(relay), closing(Monitor(relay.url, dashboard.token, bot=dashboard.bot, pace=QUICK)) as monitor:
        for round_ in range(2):
            relay.swallow.set()
            for number in range(100):
                monitor.log_event("ORDER", f"{round_}.{number}")
            until(lambda: not relay.swallow.is_set(), within=10)
            assert monitor.sent == 100 * round_  # it knows of none of these
            dashboard.server.start()
            assert dashboard.messages()[100 * round_] == f"{round_}.0"  # and yet they had been stored
            assert monitor.flush(20)
        assert (monitor.sent, monitor.refused, monitor.dropped) == (200, 0, 0)
    assert dashboard.messages() == [f"{round_}.{number}" for round_ in range(2) for number in range(100)]


def test_with_the_server_down_the_buffer_stays_bounded_and_the_drops_are_reported_afterwards(dashboard: Dashboard) -> None:
    dashboard.server.kill()
    with closing(dashboard.monitor(buffer_records=50)) as monitor:
        for number in range(200):
            monitor.log_event("ORDER", f"{number}")
        assert monitor.waiting <= 100  # of which at most a batch of 50 is on its way
        dropped = monitor.dropped
        assert dropped >= 100
        dashboard.server.start()
        assert monitor.flush(20)
        assert monitor.sent == 200 - dropped
    events = dashboard.events()
    assert len(events) == 200 - dropped + 1
    assert events[-2]["message"] == "199" or events[-1]["message"] == "199"  # the newest were kept
    (report,) = [event for event in events if event["event_type"] == "SYSTEM"]
    assert report["severity"] == "WARNING"
    assert report["metadata"]["dropped"] == dropped
    assert report["metadata"]["by_kind"] == {"event": dropped}
    assert datetime.fromisoformat(report["metadata"]["since"]) <= datetime.fromisoformat(report["timestamp"])


def test_what_is_waiting_when_the_program_ends_is_sent_at_its_exit(dashboard: Dashboard) -> None:
    program = "import sys; from client import connect; connect(*sys.argv[1:]).log_event('SYSTEM', 'the last word')"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, dashboard.server.url, dashboard.token, dashboard.bot], cwd=ROOT, check=True, timeout=20
    )
    assert dashboard.messages() == ["the last word"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not run: this system cannot fork")
def test_a_forked_child_reports_by_itself_and_sends_nothing_of_its_parents(dashboard: Dashboard) -> None:
    program = """
import os, sys
from client import connect
monitor = connect(*sys.argv[1:])
monitor.log_event("SYSTEM", "before")
child = os.fork()
monitor.log_event("SYSTEM", "parent" if child else "child")
assert monitor.close(10), monitor
if not child:
    os._exit(0 if monitor.sent == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert monitor.sent == 2, monitor
"""
    subprocess.run([sys.executable, "-c", program, dashboard.server.url, dashboard.token, dashboard.bot], cwd=ROOT, check=True, timeout=30)
    messages = dashboard.messages()
    assert sorted(messages) == ["before", "child", "parent"]


# --- in the bot's process ------------------------------------------------------------------------------------------


class Broken:
    """Whatever one asks of it fails."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


@pytest.mark.parametrize(
    "call",
    [
        lambda monitor: monitor.log_event("ORDER", "nan", metadata={"x": float("nan")}),
        lambda monitor: monitor.log_event("ORDER", "object", metadata={"x": object()}),
        lambda monitor: monitor.log_event("ORDER", "surrogate \ud800"),
        lambda monitor: monitor.log_event("ORDER", "x" * 1_000_000),
        lambda monitor: monitor.log_event("ORDER"),
        lambda monitor: monitor.log_event(),
        lambda monitor: monitor.log_event("ORDER", "unknown", colour="red"),
        lambda monitor: monitor.log_event("ORDER", "broken", metadata=Broken()),
        lambda monitor: monitor.log_event("ORDER", Broken()),
        lambda monitor: monitor.update_signal(42),
        lambda monitor: monitor.update_signal(StrategySignal),
        lambda monitor: monitor.update_position(None),
        lambda monitor: monitor.update_position(position(time_in_position=timedelta(seconds=-5))),
        lambda monitor: monitor.close_position("p"),
        lambda monitor: monitor.record("party"),
        lambda monitor: monitor.record(["trade"]),
        lambda monitor: monitor.record(),
        lambda monitor: monitor.log_event("ORDER", "deep", metadata=_deep(100_000)),
        lambda monitor: monitor.log_event("ORDER", "circle", metadata=_circle()),
    ],
)
def test_a_faulty_call_raises_nothing_and_is_counted_and_logged(
    call: Callable[[Any], object], monitor_of: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    monitor = monitor_of()
    call(monitor)
    assert (monitor.refused, monitor.waiting) == (1, 0)
    assert all(len(record.getMessage()) < 500 for record in caplog.records)


def _deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"": value}
    return value


def _circle() -> Any:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


@pytest.mark.parametrize("arguments", [(), ("soon",), (None,), (float("nan"),), (-1,), (float("inf"), "and more")])
def test_odd_arguments_of_flush_close_and_statistics_raise_nothing(arguments: tuple[Any, ...], monitor_of: Callable[..., Monitor]) -> None:
    monitor = monitor_of()
    assert monitor.get_statistics(*arguments) is None
    assert monitor.flush(*arguments) in {True, False}
    assert monitor.close(*arguments) in {True, False}


@pytest.mark.parametrize(
    ("url", "token"),
    [
        *((url, SECRET) for url in ("", None, "ftp://x", "http://[", "http://x:port", "http://x/\r\nEvil: 1")),
        *((NOWHERE, token) for token in ("", None, f"{SECRET}\r\nEvil: 1", "ü")),
    ],
)
def test_an_address_or_token_that_cannot_be_used_is_an_error_in_the_log_and_nothing_more(
    url: Any, token: Any, monitor_of: Callable[..., Monitor], caplog: pytest.LogCaptureFixture
) -> None:
    monitor = monitor_of(url, token, buffer_records=3)
    for _ in range(5):
        monitor.log_event("ORDER", "x")
    assert (monitor.waiting, monitor.dropped) == (3, 2)
    assert not monitor.flush(0.1)
    assert monitor.get_statistics() is None
    assert "nothing will be sent" in caplog.text
    assert SECRET not in caplog.text + repr(monitor)


def test_the_token_is_in_no_log_and_no_representation(monitor_of: Callable[..., Monitor], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    monitor = monitor_of(heartbeat_seconds=1)
    monitor.log_event("ORDER", "x")
    until(lambda: "takes no records" in caplog.text)
    monitor.close(0)
    assert SECRET not in caplog.text + repr(monitor) + str(monitor)


def test_after_the_close_records_count_as_dropped(monitor_of: Callable[..., Monitor]) -> None:
    monitor = monitor_of()
    assert monitor.close()
    monitor.log_event("ORDER", "too late")
    assert (monitor.dropped, monitor.waiting) == (1, 0)
    assert monitor.close()


def test_a_log_handler_that_reports_to_the_monitor_or_fails_does_no_harm(monitor_of: Callable[..., Monitor]) -> None:
    class Reporting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            monitor.log_event("SYSTEM", record.getMessage())
            raise RuntimeError("a handler that fails")

    monitor = monitor_of()
    handler = Reporting()
    logging.getLogger("botv2.client").addHandler(handler)
    try:
        monitor.record("party")
    finally:
        logging.getLogger("botv2.client").removeHandler(handler)
    assert monitor.refused == 1
    assert monitor.waiting >= 1


@pytest.mark.parametrize("heartbeat", ["often", -1, 0, float("nan"), 1e9, True])
def test_a_heartbeat_that_makes_no_sense_is_none(heartbeat: Any, monitor_of: Callable[..., Monitor], caplog: pytest.LogCaptureFixture) -> None:
    monitor_of(heartbeat_seconds=heartbeat)
    assert "no heartbeat" in caplog.text


def test_it_works_where_only_its_folder_was_copied_and_nothing_is_installed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "client", tmp_path / "client")
    program = "from client import connect; m = connect('http://127.0.0.1:9', 't'); m.log_event('ORDER', 'x'); assert m.waiting == 1; m.close(0)"
    subprocess.run([sys.executable, "-W", "error", "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {program}"], cwd=tmp_path, check=True)


def test_it_imports_the_standard_library_and_itself_only() -> None:
    for path in (ROOT / "client").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] in sys.stdlib_module_names, path
            elif isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names, path


def test_connect_gives_a_monitor_with_the_usual_pauses() -> None:
    monitor = connect(NOWHERE, SECRET, bot="alpha", heartbeat_seconds=None, buffer_records=5)
    assert isinstance(monitor, Monitor)
    assert monitor.close(0)


# --- what goes first when the buffer is full -------------------------------------------------------------------------


def filled(records: int, *given: tuple[str, str], size: int = 1_000_000) -> tuple[Buffer, list[str]]:
    """Return a buffer of so many records after (kind, name) were put, and the names of those left, oldest first."""
    buffer = Buffer(records, size)
    for kind, name in given:
        buffer.put(encode(kind, {"position_id": name.rstrip("0123456789"), "message": name}))
    return buffer, [json.loads(record.body)["message"] for _, record in buffer.take(1_000, 1_000_000)]


def test_first_goes_the_oldest_position_update_that_a_later_one_has_replaced() -> None:
    updates = [("event", "e1"), ("position", "a1"), ("position", "b1"), ("position", "b2"), ("position", "a2")]
    assert filled(5, *updates)[1] == ["e1", "a1", "b1", "b2", "a2"]
    assert filled(4, *updates)[1] == ["e1", "b1", "b2", "a2"]  # though b1 was replaced before a1
    assert filled(5, *updates, ("event", "e2"))[1] == ["e1", "b1", "b2", "a2", "e2"]


def test_then_goes_the_oldest_that_is_no_close_and_no_trade_and_at_last_the_oldest() -> None:
    records = [("trade", "t1"), ("event", "e1"), ("position", "a1"), ("signal", "s1"), ("close", "z1")]
    assert filled(4, *records)[1] == ["t1", "a1", "s1", "z1"]
    assert filled(2, *records)[1] == ["t1", "z1"]
    assert filled(1, *records)[1] == ["z1"]


def test_an_update_that_a_close_needs_is_spared_with_it_and_keeps_its_place() -> None:
    records = [("event", "e1"), ("position", "a1"), ("event", "e2"), ("position", "a2"), ("close", "a3"), ("event", "e3"), ("position", "a4")]
    assert filled(7, *records)[1] == ["e1", "a1", "e2", "a2", "a3", "e3", "a4"]
    assert filled(2, *records[:5])[1] == ["a2", "a3"]
    assert filled(3, *records)[1] == ["a2", "a3", "a4"]  # the next position under the same name replaces nothing


def test_the_buffer_is_bounded_in_bytes_too_and_keeps_nothing_of_what_has_left() -> None:
    buffer, _ = filled(100, *[("event", "x" * 1_000)] * 50, size=10_000)
    assert buffer.dropped >= 40
    for number in range(1_000):
        buffer.put(encode("position", {"position_id": f"{number % 7}"}))
        if number % 3 == 0:
            buffer.take(2, 10_000)
    while buffer.take(500, 10_000):
        pass
    assert len(buffer) == 0
    assert not any([buffer._spared, buffer._replaced, buffer._latest, buffer._bytes])


def test_a_batch_ends_before_its_bytes_pass_the_limit_but_is_never_empty() -> None:
    buffer = Buffer(10)
    for name in "abc":
        buffer.put(encode("event", {"message": name * 100}))
    assert [number for number, _ in buffer.take(10, 350)] == [1, 2]
    assert [number for number, _ in buffer.take(10, 1)] == [3]


def test_a_bot_that_says_goodbye_withdraws_its_heartbeat(dashboard: Dashboard) -> None:
    monitor = dashboard.monitor(heartbeat_seconds=30)
    monitor.log_event("ORDER", "x")
    assert monitor.flush()
    assert monitor.close(10)
    assert dashboard.events()[-1]["metadata"] == {"heartbeat_seconds": None}
