"""The replay against a real server: the trades that come out are read back over REST, and are those of the strategy's own function."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from app.replay.strategies import STRATEGIES
from data.desk import Desk
from data.importers.candle_file import CandleFile
from data.records import EventIn, validated
from data.times import iso
from tests.support.paths import real_file
from tests.support.server import LiveServer
from tests.support.waiting import until

BTC, WLD = "candles/BTC-USD-1d.csv", "candles/WLD-USDT-1h.csv"
KINDS = ("total_events", "total_signals", "total_positions", "total_alerts_sent", "active_positions")

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the store is not what is tested here


class Watcher:
    """Asks a server what it has recorded."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.headers = server.bearer("read")

    def get(self, path: str, **query: Any) -> Any:
        answer = requests.get(f"{self.server.url}{path}", params=query, headers=self.headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def trades(self, bot: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/trades", bot=bot, sort="at", limit=1000)["data"]["trades"]
        return found

    def counts(self) -> dict[str, int]:
        statistics = self.get("/api/monitoring/stats")["statistics"]
        return {name: statistics[name] for name in KINDS}

    def head(self) -> int:
        """Return the newest record's id: it stands still when nothing was recorded."""
        return max(self.get("/api/monitoring/pulse")["versions"].values())


def command_of(server: LiveServer, path: Path, strategy: str, *flags: str, token: str = "") -> list[str]:
    key = token or server.token("ingest", "read")
    return [sys.executable, "-m", "app", "replay", str(path), "--strategy", strategy, "--url", server.url, "--token", key, *flags]


def replayed(server: LiveServer, path: Path, strategy: str, *flags: str, token: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `python -m app replay` to its end."""
    command = command_of(server, path, strategy, *flags, token=token)
    return subprocess.run(command, cwd=server.folder, env=server.environment, capture_output=True, text=True, timeout=60, check=check)


def assert_trades_are(found: list[dict[str, Any]], strategy: str, path: Path) -> None:
    """Compare what the server gives back with what the strategy's own function makes of the same candles."""
    expected = STRATEGIES[strategy].trades(CandleFile(path))
    assert len(expected) > 30
    assert [(trade["entry_time"], trade["exit_time"], trade["direction"], trade["exit_reason"]) for trade in found] == [
        (iso(trade.entry_time), iso(trade.exit_time), "long" if trade.side == 1 else "short", trade.reason) for trade in expected
    ]
    for name in ("size", "entry_price", "exit_price", "net_pnl"):
        assert [trade[name] for trade in found] == pytest.approx([getattr(trade, name) for trade in expected]), name
    assert sum(trade["net_pnl"] for trade in found) == pytest.approx(sum(trade.net_pnl for trade in expected))


@sqlite_only
def test_the_whole_bitcoin_file_gives_each_strategys_own_trades_and_a_repetition_changes_nothing(live_server: LiveServer) -> None:
    path, watcher = real_file(BTC), Watcher(live_server)
    for strategy in STRATEGIES:
        told = replayed(live_server, path, strategy)
        assert "equal" in told.stdout
        assert "NOT" not in told.stdout
        assert "candles/s" in told.stderr  # the progress bar
        assert_trades_are(watcher.trades(f"replay-{strategy}"), strategy, path)
    assert watcher.counts()["active_positions"] == 0
    before = watcher.head(), watcher.counts(), watcher.get("/api/trades", limit=1000)["data"]
    for strategy in STRATEGIES:
        assert "nothing was sent" in replayed(live_server, path, strategy).stdout
    assert (watcher.head(), watcher.counts(), watcher.get("/api/trades", limit=1000)["data"]) == before


def test_the_whole_run_is_told_signals_orders_positions_stops_alerts_and_snapshots(live_server: LiveServer) -> None:
    path, watcher = real_file(WLD), Watcher(live_server)
    replayed(live_server, path, "rsi_reversion", "--bot", "alpha")
    trades = watcher.trades("alpha")
    assert_trades_are(trades, "rsi_reversion", path)
    stops = sum(trade["exit_reason"] == "stop_loss" for trade in trades)
    gains = sum(trade["exit_reason"] != "stop_loss" and trade["pnl_pct"] > 15 for trade in trades)
    assert watcher.counts() == {
        "total_events": 2 + 2 * len(trades) + stops,  # begin and end, an order each way, a warning per stop
        "total_signals": 2160 - 14,
        "total_positions": len(trades),
        "total_alerts_sent": stops + gains,  # the past raises none by itself
        "active_positions": 0,
    }
    (signal,) = watcher.get("/api/monitoring/signals", bot="alpha")["signals"]
    assert signal["indicators"].keys() == {"rsi_14"}
    assert signal["confidence"] == pytest.approx(abs(signal["indicators"]["rsi_14"] - 50) / 50)
    assert {trade["trade_id"].partition("#")[0] for trade in trades} == {
        f"rsi_reversion:WLD-USDT:{trade['entry_time'][:19].replace('-', '').replace(':', '')}Z" for trade in trades
    }


@sqlite_only
def test_a_token_that_may_only_write_repeats_what_has_a_key_without_a_change(live_server: LiveServer) -> None:
    path, watcher, token = real_file(WLD), Watcher(live_server), live_server.token("ingest", bot="alpha")
    replayed(live_server, path, "ma_crossover", "--bot", "alpha", token=token)
    trades, counts = watcher.trades("alpha"), watcher.counts()
    replayed(live_server, path, "ma_crossover", "--bot", "alpha", token=token)
    assert watcher.trades("alpha") == trades
    again = watcher.counts()
    assert again["total_positions"] == counts["total_positions"]
    assert again["total_events"] == 2 * counts["total_events"]


def test_a_server_killed_and_restarted_in_the_middle_loses_nothing_and_doubles_nothing(live_server: LiveServer) -> None:
    path, watcher = real_file(BTC), Watcher(live_server)
    command = command_of(live_server, path, "bollinger_breakout", "--speed", "30000000")  # 3 ms a candle: there is a middle
    run = subprocess.Popen(command, cwd=live_server.folder, env=live_server.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for share in (200, 700):
            until(lambda share=share: watcher.counts()["total_signals"] > share, 20)  # type: ignore[misc]  # mypy cannot type a default
            assert run.poll() is None
            live_server.restart()
        told, _ = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0, told
    assert_trades_are(watcher.trades("replay-bollinger_breakout"), "bollinger_breakout", path)
    trades = watcher.trades("replay-bollinger_breakout")
    stops = sum(trade["exit_reason"] == "stop_loss" for trade in trades)
    counts = watcher.counts()
    assert counts["total_signals"] == 1318 - 19
    assert counts["total_positions"] == len(trades)
    events = watcher.get("/api/monitoring/activity", limit=1000)["events"]
    told_events = [event for event in events if "heartbeat_seconds" not in event["metadata"]]
    assert len(told_events) == 2 + 2 * len(trades) + stops


@sqlite_only
def test_a_replay_that_was_killed_goes_on_where_it_was(live_server: LiveServer) -> None:
    path, watcher = real_file(BTC), Watcher(live_server)
    command = command_of(live_server, path, "rsi_reversion", "--speed", "30000000")
    run = subprocess.Popen(command, cwd=live_server.folder, env=live_server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: watcher.counts()["total_signals"] > 300, 20)
    finally:
        run.kill()
        run.wait()
    assert "a part of this replay" in replayed(live_server, path, "rsi_reversion").stdout
    assert_trades_are(watcher.trades("replay-rsi_reversion"), "rsi_reversion", path)
    assert watcher.counts()["total_signals"] == 1318 - 14


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "a token is needed"),
        (["--token", "bv2_wrong"], "does not know this token"),
        (["--token-file", "/nowhere"], "the token cannot be read"),
        (["--token", "x", "--url", "ftp://127.0.0.1"], "must be http://host:port"),
        (["--token", "x", "--url", "http://127.0.0.1:9"], "no dashboard answers"),
    ],
)
@sqlite_only
def test_what_keeps_a_replay_from_starting_is_told_in_one_line(live_server: LiveServer, flags: list[str], told: str) -> None:
    path = str(real_file(WLD))
    done = live_server.command("replay", path, "--strategy", "ma_crossover", "--url", live_server.url, *flags, check=False)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@sqlite_only
def test_a_broken_file_and_a_foreign_bots_token_are_named_and_record_nothing(live_server: LiveServer, tmp_path: Path) -> None:
    watcher, broken = Watcher(live_server), tmp_path / "X-1h.csv"
    broken.write_text("time,open,high,low,close\n1700000000,1,1,1,1\n1700003600,1,one,1,1\n")
    done = replayed(live_server, broken, "ma_crossover", check=False)
    assert done.returncode == 2
    assert "X-1h.csv, line 3, column high: must be a number" in done.stderr
    done = replayed(live_server, real_file(WLD), "ma_crossover", token=live_server.token("read"), check=False)
    assert done.returncode == 2
    assert "the token may not write" in done.stderr.splitlines()[-1]
    token = live_server.token("ingest", "read", bot="beta")
    done = replayed(live_server, real_file(WLD), "ma_crossover", "--bot", "alpha", token=token, check=False)
    assert done.returncode == 2
    assert "not everything was recorded" in done.stderr
    assert watcher.counts() == dict.fromkeys(KINDS, 0)


@sqlite_only
def test_a_bot_may_withdraw_its_heartbeat(desk: Desk) -> None:
    def declare(seconds: Any) -> None:
        event = {"event_type": "SYSTEM", "message": "x", "metadata": {"heartbeat_seconds": seconds}}
        desk.journal.append([validated(EventIn, event)], bot="alpha")

    def heartbeat() -> Any:
        return desk.live.feeds()[0]["heartbeat_seconds"]

    declare(5)
    assert heartbeat() == 5.0
    declare("soon")
    assert heartbeat() == 5.0
    declare(None)
    assert heartbeat() is None
