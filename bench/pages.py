"""`python -m bench.pages`: what the pages cost: a chart's figure, a filter, the opening of a detail, a beat of an idle page, an update.

Figures and filters are timed in one process at the desk, without kept answers, as the panels of a page ask one after the other, in
the processor's time of the one who asks, so that other work on the machine counts little; the rest in Chromium on the running program.
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from bench.api import Api
from bench.million import sqlite_store
from bench.page import signed_in
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main
from bench.rows import Sizes
from bench.scale import opened
from components.ids import Id
from components.panels import PANELS, Panel
from data.desk import Desk
from tests.support.chromium import CHROMIUM

SMALL = Sizes(trades=1_000, candles=2_000, records=5_000)
LARGE = Sizes(trades=1_000_000, candles=525_600, records=2_000_000)
WHOLE = "?range=all"
KEPT_BESIDE = "no answer kept, but the range's trades and equity"
LIVE = {"pnl", "minutes"}  # made of the last hour in memory, not of trades
FILTERED = "?range=all&{key}.outcome=winner&{key}.direction=long&{key}.min_pnl={least}"
NEVER_ASKED = "no answer kept, nor the trades that it is made of: each is another filter"
IDLE_SECONDS = 30.0
PLACES = 6  # details that are opened


def _charts() -> list[Panel]:
    return [panel for panel in PANELS if panel.is_chart and panel.key not in LIVE]


def _milliseconds(desk: Desk, panel: Panel, search: str) -> float:
    began = time.thread_time()
    view = panel.shown(panel.ask(desk, search), datetime.now(UTC))
    json.dumps(view.figure)
    return (time.thread_time() - began) * 1000


def _asked(desk: Desk, panel: Panel, search: str) -> list[float]:
    _milliseconds(desk, panel, search)  # columns are read once
    return [_milliseconds(desk, panel, search) for _ in range(ROUNDS)]


def _figures_of(desk: Desk, rows: str, goal: float) -> Iterator[Figure]:
    """Yield how long each chart takes from the question to its figure as JSON, the slowest first."""
    timed = sorted(((_asked(desk, panel, WHOLE), panel) for panel in _charts()), key=lambda pair: -statistics.median(pair[0]))
    for rounds, panel in timed:
        yield Figure(f"{panel.title}: question and figure, {rows}", KEPT_BESIDE, rounds, Goal(goal, at_least=False), " ms")


def _filters_of(desk: Desk) -> Iterator[Figure]:
    """Yield how long a filter takes on each chart of trades."""
    for panel in _charts():
        if "outcome" in panel.filters:
            rounds = [_milliseconds(desk, panel, FILTERED.format(key=panel.key, least=number / 100)) for number in range(ROUNDS)]
            yield Figure(f"{panel.title}: long winners only, a million trades", NEVER_ASKED, rounds, Goal(50, at_least=False), " ms")


# --- in the browser ------------------------------------------------------------------------------------------------

OPENED = """
const [ref, done] = arguments;
const dialog = document.getElementById("frame-detail");
const began = performance.now();
let shown = null;
const look = () => {
  if (shown === null && dialog.open && dialog.getBoundingClientRect().height > 0) shown = performance.now() - began;
  const waits = dialog.querySelector(".skel");
  if (shown !== null && !(waits && waits.getClientRects().length)) return done([shown, performance.now() - began]);
  if (performance.now() - began > 10000) return done([shown, null]);
  requestAnimationFrame(look);
};
window.botv2Detail.open(ref);
requestAnimationFrame(look);
"""
COUNT = """
window.beats = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.beats.push({name: entry.name, bytes: entry.transferSize});
}).observe({type: "resource", buffered: false});
"""
REDRAWN = """
window.redrawn = {};
for (const card of document.querySelectorAll("section[id^=panel-]")) {
  const body = document.getElementById(card.id + "-body"), plot = card.querySelector(".js-plotly-plot");
  const note = () => { window.redrawn[card.id] = (window.redrawn[card.id] || 0) + 1; };
  const all = {childList: true, subtree: true, characterData: true};
  if (body) new MutationObserver((changes) => changes.some((one) => one.type !== "attributes") && note()).observe(body, all);
  if (plot && plot.on) plot.on("plotly_afterplot", note);
}
"""


def _trade(number: int) -> dict[str, object]:
    day = f"2026-01-{number % 27 + 1:02d}"
    prices = {"entry_price": 100, "exit_price": 100 + number % 7, "size": 1}
    named = {"trade_id": f"t{number}", "symbol": "BTCUSDT", "direction": "long", "strategy": "MA"}
    return {"kind": "trade", **named, **prices, "entry_time": f"{day}T00:00:00Z", "exit_time": f"{day}T05:00:00Z"}


def _browser_figures(driver: Chrome, program: Program, token: str) -> Iterator[Figure]:
    Api(program.port, token).post("/batch", {"records": [_trade(number) for number in range(200)]})
    driver.get(f"http://127.0.0.1:{program.port}/?range=all")
    WebDriverWait(driver, 30).until(lambda one: one.execute_script("return document.querySelectorAll('.board .main-svg').length > 6"))
    time.sleep(3)
    shown, filled = [], []
    ids = driver.execute_script("return [...document.querySelectorAll('tr[data-detail]')].map((row) => row.dataset.detail)")[:PLACES]
    for ref in ids:
        first, last = driver.execute_async_script(OPENED, ref)
        shown.append(first)
        filled.append(last)
        driver.execute_script("window.botv2Detail.close()")
        time.sleep(0.3)
    yield Figure("a detail: click to open dialog", "the page's clock", shown, Goal(100, at_least=False), " ms")
    yield Figure("a detail: click to filled dialog", "the page's clock", filled, unit=" ms")
    driver.execute_script(COUNT)
    time.sleep(IDLE_SECONDS)
    beats = driver.execute_script("return window.beats")
    yield Figure(
        "requests of an idle page, in a minute", "the heartbeat beside a socket: 4", [len(beats) * 60 / IDLE_SECONDS], Goal(60, at_least=False)
    )
    yield Figure("bytes of a beat, headers included", "transferSize", [beat["bytes"] for beat in beats] or [0], Goal(1000, at_least=False), " B")
    driver.execute_script(REDRAWN)
    Api(program.port, token).post("/activity", {"event_type": "ORDER", "message": "one event"})
    time.sleep(4)
    redrawn = set(driver.execute_script("return window.redrawn"))
    shows = {Id.PANEL_LATEST_EVENTS, Id.PANEL_ONBOARDING}
    yield Figure("panels redrawn by an event that show it", ", ".join(sorted(redrawn & shows)), [len(redrawn & shows)], Goal(1))
    yield Figure("panels redrawn by an event that do not", "the others of the page", [len(redrawn - shows)], Goal(0, at_least=False))


def measure() -> Section:
    """Return what the pages cost."""
    note = f"Charts and filters: median of {ROUNDS}, SQLite, time of the processor; the page: headless Chromium, the program as shipped."
    figures: list[Figure] = []
    for sizes, rows, goal in ((SMALL, "1,000 trades", 10.0), (LARGE, "a million trades", 50.0)):
        with sqlite_store(sizes) as url, opened(url) as (desk, _settings):
            desk.answers.cache = None
            figures += _figures_of(desk, rows, goal)
            if sizes is not SMALL:
                figures += _filters_of(desk)
    if CHROMIUM is None or shutil.which("chromedriver") is None:
        return Section("Pages", f"{note} The browser's part was not run: Chromium and its driver are not installed.", figures)
    with tempfile.TemporaryDirectory(prefix="botv2-pages-") as folder:
        program = Program(Path(folder), "app", "run")
        try:
            program.start()
            token = make_token(program, "ingest")
            with signed_in(program) as driver:
                figures += _browser_figures(driver, program, token)
        finally:
            program.kill()
    return Section("Pages", note, figures)


if __name__ == "__main__":
    sys.exit(main(measure))
