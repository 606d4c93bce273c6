"""What people do with the pages beyond the charts' own tools: odd names everywhere, comparing, choosing how times and colours are shown, a phone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import requests
from babel.messages.pofile import read_po
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from components.ids import Id, body_of, graph_of, grid_of, note_of
from tests.support.page import axe_violations, click, find, script, wait, wait_for_word
from tests.support.paths import ROOT
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

# A comma and all signs that mean something in an address or a page, markup, four alphabets, the longest name, right to left.
COMMA = "Grid, \"fast\" & 'sly' \\ 100%#?"
MARKUP = '<img src=x onerror="window.hacked = true">'
LETTERS = (
    "\N{GREEK CAPITAL LETTER DELTA}\N{ROCKET} \N{LATIN SMALL LETTER U WITH DIAERESIS}\N{CYRILLIC SMALL LETTER ZHE}\N{CJK UNIFIED IDEOGRAPH-6F22}"
)
LONG = "x" * 200
LEFTWARDS = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} \N{ARABIC LETTER MEEM}\N{ARABIC LETTER REH}"
NAMES = (COMMA, MARKUP, LETTERS, LONG, LEFTWARDS)
EACH = 12  # trades of each
PHONE = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}
PILLS = f"return [...document.querySelectorAll('#{Id.PILLS}:not([hidden]) .pill')].map((one) => one.textContent)"
PLOT = "const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);"


def records() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
    for number in range(EACH * len(NAMES)):
        name, begun = NAMES[number % len(NAMES)], start + timedelta(hours=8 * number)
        trade = {"kind": "trade", "trade_id": f"t{number}", "symbol": name, "strategy": name, "bot": name, "direction": "long", "size": 1}
        trade |= {"entry_price": 100, "exit_price": 101, "net_pnl": (7.5, -4, 2.25, -6)[number % 4]}
        made.append(trade | {"entry_time": begun.isoformat(), "exit_time": (begun + timedelta(hours=1)).isoformat()})
    for name in NAMES:
        made.append({"kind": "signal", "strategy_name": name, "symbol": name, "signal_type": "BUY", "confidence": 0.7, "bot": name})
        position = {"kind": "position", "position_id": name, "symbol": name, "side": "LONG", "entry_price": 100, "current_price": 101, "size": 2}
        made.append(position | {"bot": name, "strategy": name})
        made.append({"kind": "event", "event_type": "ORDER", "message": name, "bot": name})
    made.append({"kind": "event", "event_type": "SYSTEM", "message": "up", "bot": "demo-one"})  # its badge needs room, too
    return made


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all of this: of each name a bot, a strategy and a symbol with candles."""
    server = LiveServer(tmp_path_factory.mktemp("hands"))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    candle = {"open": 100, "high": 103, "low": 98, "close": 101, "volume": 3}
    candles = [candle | {"timestamp": (today - timedelta(days=day)).isoformat(), "close": 99 + day % 4} for day in range(40)]
    try:
        server.start()
        headers = server.bearer("ingest", "control")
        bodies: list[tuple[str, dict[str, Any]]] = [("monitoring/batch", {"records": records()})]
        bodies += [("portfolio/starting-balance", {"bot": name, "starting_balance": 1000}) for name in NAMES]
        bodies += [(f"market/{quote(name, safe='')}/ohlcv", {"timeframe": "1d", "candles": candles}) for name in NAMES]
        for path, body in bodies:
            answer = requests.post(f"{server.url}/api/{path}", json=body, headers=headers, timeout=20)
            assert answer.ok, answer.text
        yield server
    finally:
        server.kill()


@pytest.fixture
def page(live_page: "Browser") -> Iterator["Browser"]:
    """The browser; afterwards nothing may have been executed that was data, and nothing be wrong in the console."""
    yield live_page
    assert script(live_page, "return [window.hacked === undefined, document.querySelectorAll('img[src=x]').length]") == [True, 0]
    assert live_page.get_logs() == []


def visit(page: "Browser", server: LiveServer, path: str, *charts: Id) -> None:
    page.driver.get(server.url + path)
    drawn(page, *charts)
    wait_for_word(page, "Live")


def drawn(page: "Browser", *charts: Id) -> None:
    seen = "document.getElementById(arguments[0])?.scrollIntoView({block: 'nearest', behavior: 'instant'});"  # far below nothing is drawn
    is_drawn = f"{seen} {PLOT} return Boolean(plot && plot._fullData && plot._fullData.length && plot.querySelector('.main-svg'))"
    for chart in charts:
        wait(page, 30).until(lambda _, chart=chart: script(page, is_drawn, graph_of(chart)), f"never drawn: {chart}")


def press(page: "Browser", selector: str, value: str, fact: str = "value") -> None:
    """Click the one among some elements that is seen and whose fact (`data-…`) has a value, whatever signs are in it."""
    found = "return [...document.querySelectorAll(arguments[0])].find((one) => one.dataset[arguments[1]] === arguments[2] && one.checkVisibility())"
    wait(page).until(lambda _: script(page, found, selector, fact, value), f"no {selector} with {fact}={value!r}")
    one = script(page, found, selector, fact, value)
    script(page, "arguments[0].scrollIntoView({block: 'nearest', behavior: 'instant'})", one)
    one.click()


def in_menu(page: "Browser", menu: Id, item: str) -> None:
    """Click an item of a menu in the top bar; it closes when the bar scrolls, which bringing it into view may do."""

    def chosen(_driver: object) -> bool:
        if not find(page, f"#{menu}").get_attribute("open"):
            find(page, f"#{menu} summary").click()
        find(page, f"#{menu} {item}").click()
        return True

    not_yet = (ElementClickInterceptedException, ElementNotInteractableException, NoSuchElementException, StaleElementReferenceException)
    WebDriverWait(page.driver, 15, ignored_exceptions=not_yet).until(chosen, f"no {item} in {menu}")


def text(page: "Browser", selector: str) -> str:
    """Return what the first element of a selector says, nothing where there is none; in one step, as it may be drawn anew at any time."""
    return str(script(page, "return document.querySelector(arguments[0])?.textContent || ''", selector))


def note(page: "Browser", panel: Id) -> str:
    return text(page, f"#{note_of(panel)}")


def says(page: "Browser", panel: Id, words: str) -> None:
    wait(page).until(lambda _: words in note(page, panel), f"{panel} says {note(page, panel)!r}, not {words!r}")


def fetched(page: "Browser", address: str) -> str:
    """Return what a link of the page leads to."""
    code = "const done = arguments[1]; fetch(arguments[0]).then((answer) => answer.ok ? answer.text() : `${answer.status}`).then(done)"
    return str(page.driver.execute_async_script(code, address))


def shown_detail(page: "Browser", ref: str) -> str:
    shown = "return document.getElementById(arguments[0]).dataset.shown"
    wait(page).until(lambda _: script(page, shown, Id.DETAIL) == ref, f"{ref!r} was not shown")
    return str(find(page, f"#{Id.DETAIL}").get_attribute("textContent"))


def names_in(page: "Browser", panel: Id) -> list[str]:
    return list(script(page, f"{PLOT} return plot._fullData.map((trace) => trace.name)", graph_of(panel)))


def test_any_name_is_filtered_by_opened_exported_and_kept_as_it_is(page: "Browser", live_server: LiveServer) -> None:
    visit(page, live_server, "/trades?range=all")
    says(page, Id.PANEL_TRADES, f"{EACH * len(NAMES)} trades")
    for count, name in enumerate(NAMES, 1):
        if not find(page, f"#{Id.BOTS}").get_attribute("open"):
            click(page, f"#{Id.BOTS} summary")
        press(page, f"#{Id.BOTS} .menu-item", name)
        says(page, Id.PANEL_TRADES, f"{count * EACH} trades")
    page.driver.refresh()
    says(page, Id.PANEL_TRADES, f"{EACH * len(NAMES)} trades")
    assert script(page, PILLS) == [f"Bot: {name}" for name in NAMES]
    for left in range(len(NAMES) - 1, 0, -1):
        page.driver.find_elements(By.CSS_SELECTOR, f"#{Id.PILLS} .pill")[-1].click()
        says(page, Id.PANEL_TRADES, f"{left * EACH} trades")
    assert script(page, PILLS) == [f"Bot: {COMMA}"]
    cells = f"return [...document.querySelectorAll('#{grid_of(Id.PANEL_TRADES)} [col-id=strategy].ag-cell')].map((one) => one.textContent)"
    wait(page).until(lambda _: set(script(page, cells)) == {COMMA})
    for link in (f"#{Id.EXPORTS} [data-what=trades] a[href*='format=json']", f"#{Id.PANEL_TRADES} a[href*='format=json']"):
        rows = json.loads(fetched(page, find(page, link).get_attribute("href")))
        assert {row["symbol"] for row in rows} == {COMMA}
        assert len(rows) == EACH

    click(page, f"#{Id.VIEWS} summary")
    find(page, f"#{Id.VIEWS} input").send_keys(MARKUP, Keys.ENTER)
    wait(page).until(lambda _: MARKUP in [one.text for one in page.driver.find_elements(By.CSS_SELECTOR, f"#{Id.VIEWS} li a")])
    visit(page, live_server, "/monitoring")
    for name, kind in zip(NAMES, ("signal", "position", "signal", "position", "signal"), strict=True):
        ref = f"{kind}:" + "|".join([name] * {"position": 2, "signal": 3}[kind])
        press(page, "[data-detail]", ref, "detail")
        assert name in shown_detail(page, ref)
        record = json.loads(fetched(page, find(page, f"#{Id.DETAIL} a[href*='format=json']").get_attribute("href")))[0]
        assert record["bot"] == name
        press(page, f"#{Id.DETAIL} button", f"bot:{name}", "detail")
        assert name in shown_detail(page, f"bot:{name}")
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        wait(page).until(lambda _: script(page, "return location.hash === ''"))
    click(page, ".bots summary")
    press(page, ".bots [data-filter=bot]", COMMA)
    rows = f"return [...document.querySelectorAll('#{body_of(Id.PANEL_ACTIVITY)} .message')].map((row) => row.textContent)"
    wait(page).until(lambda _: script(page, rows) == [COMMA], "the feed never followed")
    in_menu(page, Id.VIEWS, "li a")
    says(page, Id.PANEL_TRADES, f"{EACH} trades")
    assert script(page, PILLS) == [f"Bot: {COMMA}"]

    visit(page, live_server, "/market?range=all", Id.PANEL_CANDLES)
    title = f"return botv2Chart.figure('{Id.PANEL_CANDLES}').layout.title.text"
    for name in (COMMA, LEFTWARDS):
        press(page, f"#{Id.PANEL_PRICES} button", name.replace("\\", "\\\\").replace(",", "\\,"))
        wait(page).until(lambda _, name=name: script(page, title).startswith(f"Price of {name[:6]}"), f"no chart of {name!r}")
    assert script(page, PILLS) == [f"Symbol: {LEFTWARDS}"]

    visit(page, live_server, "/?range=all", Id.PANEL_WATERFALL)
    filters = f"#{Id.CHART_FILTERS}"
    click(page, f"#{Id.PANEL_WATERFALL} .chart-menu summary")
    click(page, f"#{Id.PANEL_WATERFALL} .chart-menu [data-chart=filter]")
    for name in (COMMA, MARKUP):
        box = f"return [...document.querySelectorAll('{filters} [data-choices=strategy] input')].find((one) => one.value === arguments[0])"
        wait(page).until(lambda _, name=name, box=box: script(page, box, name))
        script(page, box, name).click()
    find(page, f"{filters} [name=preset]").send_keys(LEFTWARDS, Keys.ENTER)
    wait(page).until(lambda _: LEFTWARDS in find(page, f"{filters} .preset-list").text)
    click(page, f"{filters} .btn-main")
    says(page, Id.PANEL_WATERFALL, f"{2 * EACH} trades")
    pills = f"return [...document.querySelectorAll('#{Id.PANEL_WATERFALL} .chart-pill')].map((one) => one.textContent)"
    assert script(page, pills) == [f"Strategies: {MARKUP}, {COMMA}", "Clear"]
    assert axe_violations(page) == []


def test_strategies_are_compared_beside_a_benchmark_and_the_link_shows_the_same(page: "Browser", live_server: LiveServer) -> None:
    def compared() -> None:
        drawn(page, Id.PANEL_COMPARISON)
        lines = f"{PLOT} return plot._fullData.filter((trace) => trace.mode === 'lines').map((trace) => trace.name)"
        wait(page).until(lambda _: set(script(page, lines, graph_of(Id.PANEL_COMPARISON))) == {"Grid, \"fast\" &amp; 'sly' \\ 100%#?", LEFTWARDS})
        cells = "return [...document.querySelectorAll('.compared tbody tr')].map((row) => [row.dataset.key, Number(row.cells[1].dataset.value)])"
        wait(page).until(lambda _: {name for name, _pnl in script(page, cells)} == {COMMA, LEFTWARDS})
        assert dict(script(page, cells)) == {name: pytest.approx(earned[name]) for name in (COMMA, LEFTWARDS)}

    headers = live_server.bearer("read")
    rest = requests.get(f"{live_server.url}/api/strategies", headers=headers, timeout=10).json()["data"]["strategies"]
    earned = {row["name"]: row["net_pnl"] for row in rest}
    visit(page, live_server, "/?range=all", Id.PANEL_EQUITY)
    click(page, f".tools [data-open='{Id.COMPARE}']")
    for name in (COMMA, LEFTWARDS):
        press(page, f"#{Id.COMPARE} button", name, "pick")
    click(page, "[data-ask=compare]")
    compared()
    names = "return [...document.querySelectorAll('.compared tbody .name')].map((one) => one.textContent)"
    click(page, ".compared [data-sort=name]")
    first = script(page, names)
    click(page, ".compared [data-sort=name]")
    wait(page).until(lambda _: script(page, names) == first[::-1])
    rows = fetched(page, find(page, f"#{Id.PANEL_COMPARISON} .chart-menu a[href*='format=csv']").get_attribute("href")).splitlines()
    assert LEFTWARDS in rows[0]
    assert len(rows) > 2 * EACH
    link = page.driver.current_url
    page.driver.switch_to.new_window("window")
    page.driver.get(link)
    compared()

    visit(page, live_server, "/?range=all", Id.PANEL_EQUITY)
    assert names_in(page, Id.PANEL_EQUITY).count(LETTERS) == 0
    click(page, f"#{Id.PANEL_EQUITY} .chart-menu summary")
    click(page, f"#{Id.PANEL_EQUITY} .chart-menu [data-chart=filter]")
    wait(page).until(lambda _: script(page, "return botv2Choices().symbols.length") == len(NAMES))
    find(page, f"#{Id.CHART_FILTERS} [name=benchmark]").send_keys(LETTERS)
    click(page, f"#{Id.CHART_FILTERS} .btn-main")
    wait(page).until(lambda _: LETTERS in names_in(page, Id.PANEL_EQUITY))
    page.driver.refresh()
    drawn(page, Id.PANEL_EQUITY)
    wait(page).until(lambda _: LETTERS in names_in(page, Id.PANEL_EQUITY))
    line = f"{PLOT} return plot._fullData.find((trace) => trace.name === arguments[1]).y"
    curve, benchmark = (script(page, line, graph_of(Id.PANEL_EQUITY), name) for name in ("Portfolio", LETTERS))
    assert benchmark[0] == pytest.approx(curve[0], rel=0.05), "it begins with as much"
    assert LETTERS in find(page, f"#{Id.PANEL_EQUITY} .legends").text


@pytest.fixture
def chooser(page: "Browser", live_server: LiveServer) -> Iterator["Browser"]:
    """Whose choices are forgotten afterwards: the server is that of all tests here."""
    yield page
    page.driver.get(f"{live_server.url}/settings")
    for name in ("time_zone", "pair", "language"):
        page.driver.execute_async_script(
            "const done = arguments[1]; fetch('/api/preferences/' + arguments[0], {method: 'DELETE'}).then(done, done)", name
        )
    script(page, "localStorage.clear()")


def test_a_time_zone_and_a_pair_of_colours_count_at_once_everywhere_and_stay(chooser: "Browser", live_server: LiveServer) -> None:
    page, zone = chooser, "Asia/Kolkata"
    headers = live_server.bearer("read")
    newest = requests.get(f"{live_server.url}/api/trades?limit=1", headers=headers, timeout=10).json()["data"]["trades"][0]
    rows = requests.get(f"{live_server.url}/api/charts/equity?range=all", headers=headers, timeout=10).json()["data"]["rows"]

    def clock(iso: str) -> str:
        return datetime.fromisoformat(iso).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")

    def in_zone() -> None:
        wait(page, 30).until(lambda _: zone in text(page, ".foot"), "the zone never came")
        drawn(page, Id.PANEL_EQUITY, Id.PANEL_DAILY)
        begins = f"{PLOT} return plot._fullData.find((trace) => trace.name === 'Portfolio').x[0]"
        assert script(page, begins, graph_of(Id.PANEL_EQUITY))[11:19] == clock(rows[0]["time, UTC"])
        wait(page).until(lambda _: text(page, f"#{body_of(Id.PANEL_LATEST_TRADES)} tbody time") == clock(newest["exit_time"]))

    page.driver.get(f"{live_server.url}/settings")
    settings = page.driver.current_window_handle
    page.driver.switch_to.new_window("window")
    board = page.driver.current_window_handle
    visit(page, live_server, "/?range=all", Id.PANEL_EQUITY, Id.PANEL_DAILY)
    looks = f"""{PLOT} const style = getComputedStyle(document.documentElement);
      const colours = ["--bv-up", "--bv-down"].map((name) => style.getPropertyValue(name).trim());
      return [...colours, plot._fullData[0].marker.color]"""
    before = script(page, looks, graph_of(Id.PANEL_DAILY))
    page.driver.switch_to.window(settings)
    wait(page).until(lambda _: script(page, "return document.querySelectorAll('#settings-zones option').length") > 300)
    find(page, f"#{Id.SETTINGS_ZONE}").send_keys("Mars/Olympus", Keys.TAB)
    wait(page).until(lambda _: "That cannot be chosen" in find(page, f"#{Id.SETTINGS_FAULT}").text)
    find(page, f"#{Id.SETTINGS_ZONE}").clear()
    find(page, f"#{Id.SETTINGS_ZONE}").send_keys(zone, Keys.TAB)
    wait(page, 30).until(lambda _: zone in text(page, ".example"))
    click(page, "[data-pair-choice=red-green]")
    page.driver.switch_to.window(board)
    in_zone()  # without a reload by hand
    after = script(page, looks, graph_of(Id.PANEL_DAILY))
    assert after[:2] != before[:2]
    assert after[2] != before[2], "the chart's, too"
    click(page, f"#{body_of(Id.PANEL_LATEST_TRADES)} tbody button")
    assert clock(newest["exit_time"]) in shown_detail(page, f"trade:{newest['id']}")
    axis = f"{PLOT} return plot._fullData.flatMap((trace) => trace.x || []).map(String)"
    page.driver.refresh()
    in_zone()
    shown_detail(page, f"trade:{newest['id']}")
    wait(page).until(lambda _: any(clock(newest["exit_time"]) in x for x in script(page, axis, graph_of(Id.DETAIL_CHART))))
    visit(page, live_server, "/trades?range=all")
    cell = f"#{grid_of(Id.PANEL_TRADES)} .ag-row[row-index='0'] [col-id=at]"
    wait(page).until(lambda _: clock(newest["exit_time"]) in text(page, cell))
    kept = "return fetch('/api/preferences').then((answer) => answer.json()).then((said) => said.data.preferences)"
    assert {name: script(page, kept)[name] for name in ("time_zone", "pair")} == {"time_zone": zone, "pair": "red-green"}


def touch(page: "Browser", kind: str, *points: tuple[float, float]) -> None:
    told = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})


def middle(page: "Browser", selector: str, place: int = 0) -> tuple[float, float]:
    code = """const one = document.querySelectorAll(arguments[0])[arguments[1]];
      one.scrollIntoView({block: "center", behavior: "instant"});
      const box = one.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];"""
    x, y = script(page, code, selector, place)
    return x, y


def tap(page: "Browser", x: float, y: float) -> None:
    touch(page, "touchStart", (x, y))
    touch(page, "touchEnd")


def test_what_is_far_below_is_drawn_when_a_person_comes_near(page: "Browser", live_server: LiveServer) -> None:
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    visit(page, live_server, "/?range=all", Id.PANEL_EQUITY)
    figure = "return Boolean(window.botv2Chart.figure(arguments[0]))"
    wait(page).until(lambda _: script(page, figure, Id.PANEL_MONTHLY), "it never came")
    drawn(page, Id.PANEL_WATERFALL)
    assert not script(page, f"{PLOT} return plot._fullData", graph_of(Id.PANEL_MONTHLY))
    script(page, "window.scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
    cells = f"{PLOT} return Boolean(plot.querySelector('.hm'))"
    wait(page).until(lambda _: script(page, cells, graph_of(Id.PANEL_MONTHLY)), "it was not drawn")


def test_fingers_on_a_phone_open_a_day_and_a_figure_and_pinch_without_choosing_anything(page: "Browser", live_server: LiveServer) -> None:
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    visit(page, live_server, "/?range=all", Id.PANEL_DAILY)
    bars = f"#{graph_of(Id.PANEL_DAILY)} .bars .point"
    wait(page).until(lambda _: len(page.driver.find_elements(By.CSS_SELECTOR, bars)) > 10)
    tap(page, *middle(page, bars, 9))
    wait(page).until(lambda _: find(page, f"#{Id.DETAIL}").get_attribute("data-shown"), "a tap opened nothing")
    day = f"{PLOT} return plot._fullData[0].customdata[9]"
    shown = script(page, "return document.getElementById(arguments[0]).dataset.shown", Id.DETAIL)
    assert shown in str(script(page, day, graph_of(Id.PANEL_DAILY)))
    tap(page, *middle(page, f"#{Id.DETAIL} [data-close]"))
    wait(page).until(lambda _: not find(page, f"#{Id.DETAIL}").is_displayed())

    drawn(page, Id.PANEL_EQUITY)
    x, y = middle(page, f"#{graph_of(Id.PANEL_EQUITY)} .ewdrag", 1)  # where the axis has its names
    touch(page, "touchStart", (x, y))
    for step in range(1, 9):
        touch(page, "touchMove", (x - 12 * step, y))
    touch(page, "touchEnd")
    assert script(page, "return new Promise((done) => setTimeout(done, 500, location.search))") == "?range=all"
    x, y = middle(page, f"#{graph_of(Id.PANEL_EQUITY)} .nsewdrag")
    touch(page, "touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 9):
        touch(page, "touchMove", (x - 20 - 8 * step, y), (x + 20 + 8 * step, y))
    touch(page, "touchEnd")
    assert script(page, "return [location.search, document.querySelector('dialog[open]'), document.querySelector('.chart-band')]") == [
        "?range=all",
        None,
        None,
    ]
    wait(page).until(lambda _: script(page, "return visualViewport.scale") > 1.2, "no pinch")
    for _ in range(3):  # out again
        touch(page, "touchStart", (x - 120, y), (x + 120, y))
        for step in range(1, 9):
            touch(page, "touchMove", (x - 120 + 13 * step, y), (x + 120 - 13 * step, y))
        touch(page, "touchEnd")
    wait(page).until(lambda _: script(page, "return visualViewport.scale") < 1.01)
    x, y = middle(page, f"#{graph_of(Id.PANEL_EQUITY)} .nsewdrag")
    before = script(page, "return scrollY")
    touch(page, "touchStart", (x, y))
    for step in range(1, 9):
        touch(page, "touchMove", (x, y - 18 * step))
    touch(page, "touchEnd")
    wait(page).until(lambda _: script(page, "return scrollY") > before, "the page stays")
    assert script(page, "return [location.search, document.documentElement.scrollWidth]") == ["?range=all", 360]

    visit(page, live_server, "/risk?range=all")
    wait(page).until(lambda _: page.driver.find_elements(By.CSS_SELECTOR, "[data-key=sharpe_ratio] td"))
    cell = "[data-key=sharpe_ratio] td"  # not its button
    figure = find(page, cell).text
    tap(page, *middle(page, cell))
    said = shown_detail(page, "risk:sharpe_ratio")
    assert figure in said
    assert "Sharpe" in said
    assert len(find(page, f"#{Id.DETAIL} .sheet-content").text) > 200, "what it means"
    answer = requests.get(f"{live_server.url}/api/risk/metrics", headers=live_server.bearer("read"), timeout=10).json()["data"]
    assert f"{abs(answer['sharpe_ratio']):.2f}" in figure


def catalogue(language: str) -> dict[str, str]:
    """Return the translations of a language by their English texts; one that is a word of this language, too, may well be seen."""
    with (ROOT / f"components/languages/{language}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale=language) if isinstance(one.id, str) and one.id}


# What a person can see of the frame (texts, hints, names), and which of its texts are cut.
FRAME = """
const parts = [...document.querySelectorAll(".side, .top, .bottom, .foot, .tile-label, .tile-line, .card-head")];
const all = parts.filter((one) => one.checkVisibility()).flatMap((one) => [one, ...one.querySelectorAll("*")]);
const texts = all.flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent));
const named = all.flatMap((one) => ["title", "aria-label", "placeholder"].map((name) => one.getAttribute(name)));
const scrolls = (one) => one.closest(".tools, .menu-button > .pop");
const cut = all.filter((one) => {
  if (!one.checkVisibility() || scrolls(one) && innerWidth < 641) return false;
  if (![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) return false;
  const [style, box] = [getComputedStyle(one), one.getBoundingClientRect()];
  if (box.width < 2 || style.clipPath !== "none" || one.closest(".pop, .feeds")) return false;
  const host = one.closest(".tools, .menu a, .card-head, .tile") || one;
  const room = host.getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 && style.overflowX === "hidden" || box.right > Math.min(room.right, innerWidth) + 1;
});
return [texts.concat(named).filter(Boolean).map((text) => text.trim()), cut.map((one) => one.textContent.trim())];
"""


def test_in_every_language_the_frame_has_no_english_left_and_nothing_of_it_is_cut(chooser: "Browser", live_server: LiveServer) -> None:
    page = chooser
    for language in ("de", "fr", "es"):
        words = catalogue(language)
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.get(f"{live_server.url}/settings")
        field = f"#{Id.SETTINGS_LANGUAGE}"
        wait(page).until(lambda _, field=field: page.driver.find_elements(By.CSS_SELECTOR, f"{field} option"))
        find(page, f"{field} option[value={language}]").click()
        wait(page, 30).until(lambda _, language=language: script(page, "return document.documentElement.lang") == language)
        for path in ("/", "/monitoring"):
            page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            page.driver.get(live_server.url + path)
            wait(page, 30).until(lambda _: page.driver.find_elements(By.CSS_SELECTOR, "main .card-head"))
            wait(page, 30).until(
                lambda _: not script(page, "return [...document.querySelectorAll('.skel')].filter((one) => one.checkVisibility()).length")
            )
            for size in ({"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}, PHONE):
                page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                wait(page).until(lambda _, size=size: script(page, "return innerWidth") == size["width"])
                texts, cut = script(page, FRAME)
                assert {text for text in texts if words.get(text, text) != text} - set(words.values()) == set(), (language, path)
                assert cut == [], (language, path, size["width"])
                assert script(page, "return document.documentElement.scrollWidth") <= size["width"]
