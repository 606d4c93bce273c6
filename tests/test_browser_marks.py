"""The signs of trades and signals on the price and on the equity curve, opened by mouse, finger and key: each tells of the right one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from components import format as fmt
from components.ids import Id
from components.signals import kind_word
from tests.support.page import find, script, wait
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

HOURS = 72
BEGAN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
SYMBOL = "BTC/USDT"
# What each is called in the picture, and how a trade ended: its first and its last hour, the side, the reason.
TRADES = ((6, 16, "long", "signal"), (24, 30, "long", "stop_loss"), (36, 46, "short", "take_profit"))
SIGNALS = ((12, "BUY", 0.71), (52, "SELL", 0.42), (62, "HOLD", 0.93))  # of one strategy: the last is the latest
# Where the sign of a trace's point is seen, in the middle of the window.
SIGN = """
const [panel, name, place] = arguments;
document.getElementById(panel).scrollIntoView({block: "center", behavior: "instant"});
const traces = [...document.querySelectorAll(`#${panel} .scatterlayer .trace`)];
const one = traces.find((each) => each.__data__[0].trace.name === name);
const box = one.querySelectorAll(".points path")[place].getBoundingClientRect();
return [box.x + box.width / 2, box.y + box.height / 2];
"""


def at(hour: int) -> str:
    return (BEGAN + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def price(hour: int) -> float:
    return 100 + abs((hour % 20) - 10)


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all of this: three days of candles, three trades, three signals of one strategy."""
    server = LiveServer(tmp_path_factory.mktemp("marks"))
    candles = [
        {"timestamp": at(hour), "open": price(hour), "high": price(hour) + 2, "low": price(hour) - 2, "close": price(hour), "volume": 5}
        for hour in range(HOURS)
    ]
    records: list[dict[str, Any]] = []
    for number, (first, last, direction, reason) in enumerate(TRADES):
        trade = {"kind": "trade", "trade_id": f"t{number}", "symbol": SYMBOL, "strategy": "Trend", "bot": "alpha", "direction": direction, "size": 2}
        trade |= {"entry_price": price(first), "exit_price": price(last), "entry_time": at(first), "exit_time": at(last), "exit_reason": reason}
        records.append(trade | {"net_pnl": (12.5, -3.25, 8.75)[number], "fees": 0.5})
    for hour, kind, confidence in SIGNALS:
        signal = {"kind": "signal", "strategy_name": "Trend", "symbol": SYMBOL, "signal_type": kind, "confidence": confidence, "bot": "alpha"}
        records.append(signal | {"timestamp": at(hour), "indicators": {"price": price(hour), "rsi": 30 + hour}})
    try:
        server.start()
        headers = server.bearer("ingest", "control")
        for path, body in (
            (f"market/{quote(SYMBOL, safe='')}/ohlcv", {"timeframe": "1h", "candles": candles}),
            ("monitoring/batch", {"records": records}),
            ("portfolio/starting-balance", {"bot": "alpha", "starting_balance": 1000}),
        ):
            answer = requests.post(f"{server.url}/api/{path}", json=body, headers=headers, timeout=20)
            assert answer.ok, answer.text
        yield server
    finally:
        server.kill()


class Marks:
    """A page with a chart whose signs are opened; what the dialog then shows is held against what REST says."""

    def __init__(self, page: "Browser", server: LiveServer) -> None:
        self.page = page
        self.server = server
        self.headers = server.bearer("read")

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.server.url}/api/{path}", headers=self.headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def open(self, path: str, panel: Id, name: str) -> None:
        self.page.driver.get(self.server.url + path)
        names = f"[...document.querySelectorAll('#{panel} .scatterlayer .trace')].map((each) => each.__data__[0].trace.name)"
        wait(self.page, 30).until(lambda _: name in script(self.page, f"return {names}"), f"no {name} in {panel}")

    def click(self, panel: Id, name: str, place: int) -> None:
        x, y = script(self.page, SIGN, panel, name, place)
        mouse = ActionChains(self.page.driver)
        mouse.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        mouse.click().perform()

    def tap(self, panel: Id, name: str, place: int) -> None:
        x, y = script(self.page, SIGN, panel, name, place)
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            self.page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def by_key(self, panel: Id, hour: int, column: str) -> None:
        """Reach the row of the chart's table in which `column` has a value at a moment, without a mouse, and open it."""
        summary = find(self.page, f"#{panel} .chart-menu summary")
        summary.send_keys(Keys.ENTER)
        wait(self.page).until(lambda _: find(self.page, f"#{panel} .chart-menu [data-chart=table]").is_displayed())
        find(self.page, f"#{panel} .chart-menu [data-chart=table]").send_keys(Keys.ENTER)
        moment = (BEGAN + timedelta(hours=hour)).strftime("%Y-%m-%d %H:%M:%S")
        button = """
        const heads = [...document.querySelectorAll(".rows-table th")].map((one) => one.textContent);
        const rows = [...document.querySelectorAll(".rows-table tbody tr")];
        const found = rows.find((row) => row.cells[0].textContent === arguments[0] && row.cells[heads.indexOf(arguments[1])]?.textContent !== "–");
        return found && found.querySelector("button.link")"""
        wait(self.page).until(lambda _: script(self.page, button, moment, column), f"no row of {column} at {moment}")
        script(self.page, button, moment, column).send_keys(Keys.ENTER)

    def shows_trade(self, number: int) -> None:
        """Hold what the dialog says against the trade as REST has it; then close all."""
        [trade] = [one for one in self.get("trades")["data"]["trades"] if one["trade_id"] == f"t{number}"]
        said = self._said(f"trade:{trade['id']}")
        for figure in (
            fmt.change_money(trade["net_pnl"], trade["currency"]) if trade["currency"] else fmt.change(trade["net_pnl"]),
            fmt.level(trade["entry_price"], 2),
            fmt.level(trade["exit_price"], 2),
            fmt.change_percent(trade["pnl_pct"]),
            trade["exit_reason"],
        ):
            assert figure in said, f"{figure!r} of {trade} is not in {said}"
        self._close()

    def shows_signal(self, hour: int, kind: str, confidence: float) -> None:
        """Hold what the dialog says against what was sent and against REST's file of it; then close all."""
        ref = f"signal:alpha|Trend|{SYMBOL}@{at(hour).replace('Z', '.000000Z')}"
        said = self._said(ref)
        record = self.get(f"details/{quote(ref, safe='')}?format=json")[0]
        assert (record["signal_type"], record["confidence"], record["indicators"]["rsi"]) == (kind, confidence, 30 + hour)
        assert kind_word(kind).lower() in said.lower()
        assert fmt.percent(confidence * 100) in said
        assert f"rsi\n{30 + hour}" in said
        self._close()

    def _said(self, ref: str) -> str:
        shown = "return document.getElementById(arguments[0]).dataset.shown"
        wait(self.page).until(lambda _: script(self.page, shown, Id.DETAIL) == ref, f"{ref} was not shown, but {script(self.page, shown, Id.DETAIL)}")
        return str(find(self.page, f"#{Id.DETAIL}").text)

    def _close(self) -> None:
        while script(self.page, "return document.querySelector('dialog[open]') !== null"):
            self.page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
            wait(self.page).until(lambda _: script(self.page, "return location.hash === ''"))


def test_each_sign_opens_its_own_trade_or_signal_by_mouse_finger_and_key(live_page: "Browser", live_server: LiveServer) -> None:
    marks = Marks(live_page, live_server)
    market, equity = "/market?range=7d", "/?range=7d"
    marks.open(market, Id.PANEL_CANDLES, "signals")
    for place, name in ((0, "Buy"), (0, "Stop loss"), (0, "Take profit"), (0, "Sell")):
        marks.click(Id.PANEL_CANDLES, name, place)
        marks.shows_trade({"Buy": 0, "Sell": 0, "Stop loss": 1, "Take profit": 2}[name])
    for place, signal in enumerate(SIGNALS):
        marks.click(Id.PANEL_CANDLES, "signals", place)
        marks.shows_signal(*signal)
    marks.by_key(Id.PANEL_CANDLES, 24, "Buy")
    marks.shows_trade(1)
    marks.by_key(Id.PANEL_CANDLES, 52, "signals")
    marks.shows_signal(*SIGNALS[1])
    marks.open(equity, Id.PANEL_EQUITY, "Take profit")
    for place, name, number in ((0, "Buy", 0), (0, "Stop loss", 1), (0, "Take profit", 2)):
        marks.click(Id.PANEL_EQUITY, name, place)
        marks.shows_trade(number)
    marks.by_key(Id.PANEL_EQUITY, 24, "Buy, USD")
    marks.shows_trade(1)

    live_page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    live_page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    marks.open(market, Id.PANEL_CANDLES, "signals")
    marks.tap(Id.PANEL_CANDLES, "Stop loss", 0)
    marks.shows_trade(1)
    marks.tap(Id.PANEL_CANDLES, "signals", 1)
    marks.shows_signal(*SIGNALS[1])
    marks.open(equity, Id.PANEL_EQUITY, "Take profit")
    marks.tap(Id.PANEL_EQUITY, "Take profit", 0)
    marks.shows_trade(2)
    assert live_page.get_logs() == []
