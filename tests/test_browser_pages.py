"""Every page in a real browser, on the demo's store and on one that freqtrade wrote: each draws what it lists, quietly, for everybody."""

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pytest
import requests

from app.pages import PAGES
from components import format as fmt
from components.ids import Id, body_of, graph_of
from components.panels import PANELS
from tests.support.page import ROWS, axe_violations, open_page, script, sign_in, wait
from tests.support.paths import real_file
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.timeout(300)
WIDTHS = (1440, 1000, 700, 400)
THEMES = ("dark", "light", "auto", "terminal")
# What closed trades of one strategy in twenty days cannot fill: nothing is open, nothing happens now, no candles, no two to compare, no 30 days.
NOT_IN_FREQTRADE = {Id.PANEL_TREEMAP, Id.PANEL_PIE, Id.PANEL_PNL, Id.PANEL_MINUTES, Id.PANEL_CANDLES, Id.PANEL_RADAR, Id.PANEL_CORRELATION}
NOT_IN_FREQTRADE |= {Id.PANEL_ROLLING}
WAITING = """
const seen = (one) => one.getClientRects().length > 0;
return [...document.querySelectorAll(".skel")].filter(seen).length;
"""
TRACES = """
const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);
if (!plot || !plot._fullData || !plot.getClientRects().length) return 0;
return plot.querySelectorAll("svg.main-svg path, svg.main-svg rect, svg.main-svg circle").length && plot._fullData.length;
"""


@pytest.fixture(scope="module")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with its demo, a year of whose past is there."""
    server = LiveServer(tmp_path_factory.mktemp("demo"))
    server.flags = ("--demo",)
    try:
        server.start()
        headers = server.bearer("read")
        seen = -1
        for _ in range(90):
            known = requests.get(f"{server.url}/api/trades/stats", headers=headers, timeout=10).json()["data"]["total_trades"]
            candles = requests.get(f"{server.url}/api/market", headers=headers, timeout=10).json()["data"]["total"]
            if known == seen and known > 100 and candles >= 4:
                break
            seen = known
            time.sleep(1)
        else:
            pytest.fail(f"the demo's past never came:\n{server.log.read_text()[-2000:]}")
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def freqtrade_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on a store into which freqtrade's database was imported, and told what its bot began with."""
    path = real_file("freqtrade/tradesv3.sqlite")
    server = LiveServer(tmp_path_factory.mktemp("freqtrade"))
    try:
        server.command("import", "freqtrade", str(path), "--bot", "ft")
        server.start()
        balance = {"bot": "ft", "starting_balance": 0.01}
        answer = requests.post(f"{server.url}/api/portfolio/starting-balance", json=balance, headers=server.bearer("control"), timeout=10)
        assert answer.ok, answer.text
        yield server
    finally:
        server.kill()


def opened(browser: "Browser", server: LiveServer, path: str) -> None:
    """Sign in and open a page; returns when nothing of it is on its way."""
    sign_in(browser, server)
    open_page(browser, server, path)
    wait(browser, 40).until(lambda _: not script(browser, WAITING), f"{path} still waits for something")


def drawn(browser: "Browser", charts: list[Id]) -> None:
    """Wait until each chart shows traces."""
    for chart in charts:
        wait(browser, 30).until(lambda _, id=chart: script(browser, TRACES, graph_of(id)), f"{chart} was not drawn")


def quiet(browser: "Browser") -> list[str]:
    """Return what the console holds of errors; a violation of the content security policy is one."""
    return [line["message"] for line in browser.driver.get_log("browser") if line["level"] == "SEVERE"]


def at_width(browser: "Browser", width: int, selector: str) -> list[Any]:
    """Return `tiles` in a window of that width."""
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    wait(browser).until(lambda _: script(browser, "return innerWidth") == width)
    return tiles(browser, selector)


def tiles(browser: "Browser", selector: str) -> list[Any]:
    """Return the text of each key figure, and where it is."""
    return list(
        script(
            browser,
            "return [...document.querySelectorAll(arguments[0])].map((tile) => {"
            " const {x, y, height} = tile.getBoundingClientRect(); return [tile.innerText, x, y, height]; })",
            f"{selector} .tile",
        )
    )


def test_key_figures_are_there_before_any_script_and_stand_where_their_panel_will(demo_server: LiveServer, browser: "Browser") -> None:
    sign_in(browser, demo_server)
    send = browser.driver.execute_cdp_cmd
    send("Network.enable", {})
    send("Network.setBypassServiceWorker", {"bypass": True})
    send("Network.setBlockedURLs", {"urls": ["*.js*"]})
    browser.driver.get(f"{demo_server.url}/?range=all")
    while not tiles(browser, ".early"):  # a document does not wait for what a busy machine cannot give at once
        browser.driver.refresh()
    early = {width: at_width(browser, width, ".early") for width in WIDTHS}
    send("Network.setBlockedURLs", {"urls": []})
    opened(browser, demo_server, "/?range=all")
    assert not tiles(browser, ".early"), "they stay over their panel"
    for width in WIDTHS:
        panel = at_width(browser, width, f"#{Id.PANEL_KPIS}")
        assert len(panel) == len(early[width]) == 4
        for (said, *place), (said_early, *place_early) in zip(panel, early[width], strict=True):
            assert said.split("\n")[0] == said_early.split("\n")[0]
            assert any(character.isdigit() for character in said_early)
            assert place[0] == pytest.approx(place_early[0], abs=15), "a scroll bar, which an empty page has not, takes from the width"
            assert place[1:] == pytest.approx(place_early[1:], abs=1), f"{said} at {width} px"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_draws_all_of_its_charts_on_the_demo_without_a_fault_in_any_theme_and_fits_a_phone(
    path: str, demo_server: LiveServer, browser: "Browser"
) -> None:
    opened(browser, demo_server, f"{path}?range=all")
    charts = [panel.id for panel in ROWS[path].PANELS if panel.is_chart] if path in ROWS else []
    drawn(browser, charts)
    assert not script(browser, "return document.querySelector('.fault-state') && document.querySelector('.fault-state').textContent")
    for theme in THEMES:
        script(browser, "document.querySelector(`.top [data-theme-choice=${arguments[0]}]`).click()", theme)
        assert axe_violations(browser) == [], theme
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    wait(browser).until(lambda _: script(browser, "return innerWidth") == 360)
    assert script(browser, "return document.documentElement.scrollWidth") <= 360
    drawn(browser, charts)
    assert quiet(browser) == []


def test_hidden_amounts_leave_percentages_and_no_gaps_a_range_of_ones_own_is_pressed_and_messages_can_be_tapped(
    demo_server: LiveServer, browser: "Browser"
) -> None:
    opened(browser, demo_server, "/?range=all")
    drawn(browser, [Id.PANEL_EQUITY, Id.PANEL_PERFORMANCE])
    script(browser, "document.documentElement.dataset.amounts = 'hidden'; document.dispatchEvent(new CustomEvent('botv2:theme'))")
    texts = "return [...document.querySelectorAll(`#${arguments[0]} ${arguments[1]}`)].map((one) => one.textContent)"
    wait(browser).until(lambda _: not script(browser, texts, graph_of(Id.PANEL_EQUITY), ".ytick text"))
    assert script(browser, texts, graph_of(Id.PANEL_EQUITY), ".y2tick text"), "the drawdown is in percent"
    wait(browser).until(lambda _: all("trade" in text for text in script(browser, texts, graph_of(Id.PANEL_PERFORMANCE), ".textpoint")[-2:]))
    gap = """return [...document.querySelectorAll(".tile-figure:has(.amount)")].map((one) => {
      const [figure, unit] = [...one.children].map((each) => each.getBoundingClientRect());
      return [getComputedStyle(one.firstChild).visibility, Math.round(unit.left - figure.right)];
    });"""
    assert script(browser, gap) == [["hidden", 5]] * 2
    pressed = "return [...document.querySelectorAll('.ranges [aria-pressed=true]')].map((one) => one.textContent)"
    assert script(browser, pressed) == ["All"]
    script(browser, "window.botv2Address.set({brush: '2026-01-01T00:00:00Z..2026-02-01T00:00:00Z'})")
    assert script(browser, pressed) == ["Custom"]
    script(browser, "window.botv2Address.set({brush: null, range: 'custom', start: '2020-01-01T00:00:00Z'})")
    assert script(browser, pressed) == ["Custom"]
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    lowest = "return Math.min(...[...document.querySelectorAll('.told')].map((one) => one.getBoundingClientRect().height))"
    for path in ("/", "/monitoring"):
        browser.driver.get(f"{demo_server.url}{path}")
        wait(browser, 40).until(lambda _: script(browser, "return document.querySelector('.told') !== null"), f"{path} has no events")
        assert script(browser, lowest) >= 44


def test_every_page_draws_every_chart_of_a_store_that_freqtrade_wrote_and_says_what_is_missing_for_the_others(
    freqtrade_server: LiveServer, browser: "Browser"
) -> None:
    sign_in(browser, freqtrade_server)
    for path, module in ROWS.items():
        open_page(browser, freqtrade_server, f"{path}?range=all")
        wait(browser, 40).until(lambda _: not script(browser, WAITING), f"{path} still waits for something")
        charts = [panel.id for panel in module.PANELS if panel.is_chart]
        drawn(browser, [chart for chart in charts if chart not in NOT_IN_FREQTRADE])
        for chart in NOT_IN_FREQTRADE.intersection(charts):
            said = browser.driver.find_element("id", body_of(chart)).text
            assert "/api/" in said, f"{chart} does not say what would fill it: {said!r}"
    assert quiet(browser) == []


def test_figures_on_the_screen_are_those_that_rest_gives_for_the_same_question(freqtrade_server: LiveServer, browser: "Browser") -> None:
    headers = freqtrade_server.bearer("read")

    def rest(path: str) -> Any:
        return requests.get(f"{freqtrade_server.url}/api/{path}", headers=headers, timeout=30).json()["data"]

    trades_stats, figures, equity = rest("trades/stats"), rest("risk/metrics"), rest("portfolio/equity")
    opened(browser, freqtrade_server, "/?range=all")
    drawn(browser, [Id.PANEL_EQUITY, Id.PANEL_WATERFALL])
    tiles = dict(script(browser, "return [...document.querySelectorAll('.tile')].map((one) => [one.dataset.key, one.innerText])"))
    assert fmt.change(trades_stats["total_pnl"], 8) in tiles["Total P&L"]
    assert fmt.percent(trades_stats["win_rate"] * 100, 1) in tiles["Win rate"]
    assert f"{trades_stats['winning_trades']} of {trades_stats['total_trades']} trades" in tiles["Win rate"]
    assert fmt.ratio(figures["sharpe_ratio"]) in tiles["Sharpe ratio"]
    assert fmt.change_percent(figures["max_drawdown"] * 100) in tiles["Sharpe ratio"]
    line = "return document.querySelector(`#${arguments[0]} .js-plotly-plot`)._fullData.find((one) => one.name === 'Portfolio').y"
    plotted = [value for value in script(browser, line, graph_of(Id.PANEL_EQUITY)) if value is not None]
    assert plotted[-1] == pytest.approx(equity["end_value"], rel=1e-5)
    browser.driver.get(f"{freqtrade_server.url}/risk?range=all")
    row = "return [...document.querySelectorAll('[data-detail=\"risk:profit_factor\"]')].map((one) => (one.closest('tr') || one).innerText).join()"
    wait(browser).until(lambda _: fmt.ratio(figures["profit_factor"]) in script(browser, row))


def test_the_sparkline_in_a_strategys_row_has_the_course_that_rest_gives(freqtrade_server: LiveServer, browser: "Browser") -> None:
    found = requests.get(f"{freqtrade_server.url}/api/strategies", headers=freqtrade_server.bearer("read"), timeout=30).json()["data"]
    earned = max(found["strategies"], key=lambda one: one["total_trades"])["sparkline"]
    assert len(set(earned)) > 10
    opened(browser, freqtrade_server, "/strategies?range=all")
    look = "return [...document.querySelectorAll('.ag-row .spark')].map((one) => getComputedStyle(one).maskImage)"
    wait(browser).until(lambda _: script(browser, look))
    courses = [re.search(r"d='M([^z']*)' fill='none'", unquote(picture)) for picture in script(browser, look)]
    points = [[tuple(map(float, point.split())) for point in course[1].split("L")] for course in courses if course]
    down = next(np.array([y for _, y in line]) for line in points if len(line) == len(earned))
    above = (down.max() - down) / (down.max() - down.min())
    of_rest = (np.array(earned) - min(earned)) / (max(earned) - min(earned))
    assert above == pytest.approx(of_rest, abs=0.01)  # a tenth of a pixel


def test_no_panel_is_left_out_of_the_pages() -> None:
    listed = [panel.id for module in ROWS.values() for panel in module.PANELS]
    assert sorted(listed) == sorted(panel.id for panel in PANELS)
