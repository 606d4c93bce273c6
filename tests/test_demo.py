"""The demo: a market that is the same everywhere, and two bots that trade it through the API for as long as the server lives."""

import itertools
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app.demo.market import BASE_PRICES, Market
from tests.support.server import LiveServer
from tests.support.waiting import until

MOMENT = datetime(2026, 3, 1, 12, 30, 17, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the tests look into its file


# --- the market --------------------------------------------------------------------------------------------------


def test_equal_seeds_make_equal_markets_and_other_seeds_other_ones() -> None:
    one, same, other = Market(7), Market(7), Market(8)
    midnight = MOMENT.replace(hour=0, minute=0, second=0)
    for symbol in BASE_PRICES:
        same.price(symbol, MOMENT + 90 * DAY)  # what was asked before changes nothing
        assert one.price(symbol, MOMENT) == same.price(symbol, MOMENT)
        assert one.candles(symbol, midnight, midnight + 6 * HOUR, HOUR) == same.candles(symbol, midnight, midnight + 6 * HOUR, HOUR)
        assert one.price(symbol, MOMENT) != other.price(symbol, MOMENT)


def test_days_hours_minutes_and_seconds_are_of_one_path() -> None:
    market, midnight = Market(), MOMENT.replace(hour=0, minute=0, second=0)
    days = market.candles("BTC-SIM", midnight - 2 * DAY, midnight, DAY)
    hours = market.candles("BTC-SIM", midnight - 2 * DAY, midnight, HOUR)
    minutes = market.minutes("BTC-SIM", midnight - HOUR, 60)
    assert (len(days), len(hours)) == (2, 48)
    assert all(before.close == after.open for before, after in itertools.pairwise(hours))
    assert (days[0].open, days[0].close) == (hours[0].open, hours[23].close)
    assert days[0].high == max(hour.high for hour in hours[:24])
    assert (minutes[0].open, minutes[-1].close) == (hours[-1].open, hours[-1].close)
    seconds = [market.price("BTC-SIM", minutes[7].timestamp + timedelta(seconds=second)) for second in range(60)]
    assert seconds[0] == minutes[7].open
    assert minutes[7].low <= min(seconds) <= max(seconds) <= minutes[7].high
    assert len(set(seconds)) > 10


def test_prices_stay_within_reason_over_decades_and_end_before_the_market_began() -> None:
    market = Market()
    for symbol, base in BASE_PRICES.items():
        prices = [market.price(symbol, datetime(year, month, 1, tzinfo=UTC)) for year in range(2020, 2060) for month in range(1, 13)]
        assert base / 10 < min(prices) < base < max(prices) < base * 10
    with pytest.raises(ValueError, match="2020"):
        market.price("BTC-SIM", datetime(2019, 12, 31, tzinfo=UTC))


# --- the bots ----------------------------------------------------------------------------------------------------


@pytest.fixture
def demo_server(store_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """A server that runs the demo; kept from a fixture of its own because it must start with a flag."""
    folder = tmp_path / "server"
    folder.mkdir()
    server = LiveServer(folder, store_url)
    server.flags = ("--demo",)
    try:
        server.start()
        yield server
    finally:
        server.kill()


class Visitor:
    """Looks at a demo: over REST, and into its store."""

    def __init__(self, server: LiveServer, folder: Path) -> None:
        self.server, self.headers, self.path = server, server.bearer("read", "control"), folder / "botv2.sqlite"

    def get(self, path: str, **query: Any) -> Any:
        answer = requests.get(f"{self.server.url}{path}", params=query, headers=self.headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def open_positions(self) -> set[str]:
        return {position["position_id"] for position in self.get("/api/monitoring/positions")["positions"]}

    def history_is_there(self) -> bool:
        """Say whether both bots have told the end of their history; a position is open all the time."""
        ended = self.count("SELECT count(*) FROM journal WHERE body ->> 'message' LIKE 'Simulated history%ends%'") == 2
        stored = self.count("SELECT count(*) FROM position")  # first: one may be opened meanwhile
        assert self.open_positions() or not stored
        return ended

    def count(self, query: str) -> int:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])

    def past(self) -> dict[str, int]:
        """Return how much there is of what belongs to the history alone."""
        return {
            "trades": self.count("SELECT count(*) FROM trade WHERE notes = 'simulated'"),
            "orders": self.count("SELECT count(*) FROM journal WHERE kind = 'event' AND json_extract(body, '$.metadata.number') > 0"),
            "daily": self.count("SELECT count(*) FROM market_data WHERE timeframe = '1d'"),
            "hourly": self.count("SELECT count(*) FROM market_data WHERE timeframe = '1h'"),
            "days": self.count("SELECT count(*) FROM portfolio WHERE timestamp LIKE '%00:00:00%'"),
            "marks": self.count("SELECT count(*) FROM journal WHERE body ->> 'message' LIKE 'Simulated history%'"),
        }


def children_of(server: LiveServer) -> dict[int, str]:
    """Return the demo bots of this server that run, as process id -> name."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if "demo-bot" in words and server.url in words:
            found[int(folder.name)] = words[words.index("demo-bot") + 1]
    return found


@sqlite_only
def test_a_years_history_comes_once_bots_trade_on_after_every_kind_of_end_and_leave_with_the_server(demo_server: LiveServer, tmp_path: Path) -> None:
    visitor = Visitor(demo_server, tmp_path)
    until(visitor.history_is_there, 40, "the history did not come")  # promised within 15 s, and 4 s where nothing else runs
    past = visitor.past()
    assert past["daily"] == 4 * 365
    assert past["hourly"] == 4 * 30 * 24
    assert past["days"] >= 2 * 365
    assert past["marks"] == 4
    assert past["orders"] >= 2 * past["trades"] > 200
    assert visitor.count("SELECT count(DISTINCT bot) FROM trade") == visitor.count("SELECT count(DISTINCT bot) FROM portfolio") == 2

    head = visitor.count("SELECT max(id) FROM journal")
    until(lambda: visitor.count(f"SELECT count(*) FROM journal WHERE kind = 'position' AND id > {head}") > 6, 15, "prices do not move")
    until(lambda: visitor.count(f"SELECT count(*) FROM journal WHERE kind = 'signal' AND id > {head}") >= 4, 25, "no signals come")

    victim = next(iter(children_of(demo_server)))
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(children_of(demo_server)) == 2 and victim not in children_of(demo_server), 15, "a bot that died was not started again")

    demo_server.stop()
    assert children_of(demo_server) == {}
    demo_server.start()
    until(lambda: visitor.count("SELECT count(*) FROM journal WHERE body ->> 'message' LIKE '%on a simulated market' AND kind = 'event'") >= 4, 25)
    assert visitor.past() == past
    assert 1 <= len(visitor.open_positions()) <= 4

    assert demo_server.process is not None
    os.kill(demo_server.process.pid, signal.SIGKILL)  # the master alone
    until(lambda: children_of(demo_server) == {}, 20, "the bots outlived the server")


@sqlite_only
def test_once_its_data_is_removed_the_demo_ends_and_does_not_come_back(demo_server: LiveServer, tmp_path: Path) -> None:
    visitor = Visitor(demo_server, tmp_path)
    until(visitor.open_positions, 20)
    assert requests.post(f"{demo_server.url}/api/monitoring/demo/remove", headers=visitor.headers, timeout=20).status_code == 200
    until(lambda: children_of(demo_server) == {}, 10, "the bots trade on")
    until(lambda: visitor.count("SELECT count(*) FROM bot_state") == 0, 5, "they left something behind")
    for table in ("trade", "position", "portfolio", "market_data", "signal"):
        assert visitor.count(f"SELECT count(*) FROM {table}") == 0, table
    demo_server.restart()
    time.sleep(2)
    assert children_of(demo_server) == {}
    assert visitor.count("SELECT count(*) FROM bot_state") == 0


@sqlite_only
def test_without_the_flag_nothing_is_simulated(live_server: LiveServer, tmp_path: Path) -> None:
    time.sleep(1)
    assert children_of(live_server) == {}
    assert Visitor(live_server, tmp_path).count("SELECT count(*) FROM bot_state") == 0
