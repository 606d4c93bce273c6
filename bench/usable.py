"""`python -m bench.usable`: how long each page of a big store takes to be usable in Chromium, and what memory its server takes.

Usable is a page whose panels in the first screen show what they are to show, and whose thread has had nothing else to do for a tenth of
a second since: from the navigation to the beginning of that tenth, by the page's own clock. The browser has been on the page before.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from selenium.webdriver import Chrome

from app.pages import PAGES
from bench.faults.use import use_of
from bench.million import sqlite_store
from bench.page import signed_in
from bench.program import Program
from bench.report import ROUNDS, Figure, Goal, NotRun, Section, run
from bench.rows import Sizes
from bench.visiting import need_build
from tests.support.chromium import CHROMIUM

SMALL = Sizes(trades=1_000, candles=2_000, records=5_000)
SEARCH = {"/market": "?range=24h"}  # a year of minutes is looked at a day at a time; all else shows all there is
WHOLE = "?range=all"
QUIET_MS, LATE_MS, LOOK_MS = 100, 50, 10
PATIENCE_SECONDS = 60.0
KEEPS_WITHIN = 3.0  # seconds after which the server has kept its columns for the next start
READY = """
window.usable = null;
(() => {
  const [quiet, late, look] = BOUNDS;
  const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().top < innerHeight;
  const isShown = (panel) => {
    if ([...panel.querySelectorAll(".skel, .grid-frame.waiting")].some(isSeen)) return false;
    const charts = [...panel.querySelectorAll(".chart")].filter(isSeen), grids = [...panel.querySelectorAll(".ag-root-wrapper")].filter(isSeen);
    return charts.every((chart) => chart.querySelector(".main-svg")) && grids.every((grid) => grid.querySelector(".ag-row, .ag-overlay"));
  };
  const isReady = () => {
    const page = document.querySelector("#frame-page .page"), word = document.getElementById("connection-word");
    if (!page || !word || !page.getBoundingClientRect().height) return false;
    return [...page.querySelectorAll("section[id^=panel-]")].filter(isSeen).every(isShown);
  };
  let since = null, last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (!isReady()) since = null;
    else if (since === null || now - last > late) since = now;
    last = now;
    if (since === null || now - since < quiet) return;
    clearInterval(timer);
    window.usable = since;
  }, look);
})();
""".replace("BOUNDS", str([QUIET_MS, LATE_MS, LOOK_MS]))


class Usable(NamedTuple):
    """How a page became usable: the milliseconds since the navigation, and those that the browser's processor spent on the page's thread."""

    after: float
    busy: float


def _usable(driver: Chrome, address: str) -> Usable:
    """Return how a page becomes usable. Raises RuntimeError when it never does."""
    driver.get("about:blank")
    before = _busy(driver)
    driver.get(address)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = driver.execute_script("return window.usable")
        if found is not None:
            return Usable(found, _busy(driver) - before)
        time.sleep(0.05)
    raise RuntimeError(f"{address} is not usable after {PATIENCE_SECONDS:g} s")


@contextmanager
def _started(program: Program) -> Iterator[tuple[Chrome, float]]:
    """Run the server and a new browser; yield it with the seconds from the start of the server to a usable Dashboard."""
    began = time.monotonic()
    program.start()
    try:
        with signed_in(program) as driver:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": READY})
            driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
            _usable(driver, _address(program, "/"))
            yield driver, time.monotonic() - began
    finally:
        program.stop()


def _address(program: Program, path: str) -> str:
    return f"http://127.0.0.1:{program.port}{path}{SEARCH.get(path, WHOLE)}"


def _busy(driver: Chrome) -> float:
    """Return the processor's milliseconds of the page's thread so far: other work on the machine is not among them."""
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000 * next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def _figures(program: Program, rounds: int) -> Iterator[Figure]:
    """Yield what a cold start costs, each page, and the memory."""
    took: dict[str, list[Usable]] = {path: [] for path in PAGES}
    with _started(program) as (driver, first):
        for number in range(rounds + 1):
            for path, values in took.items():
                print(f"usable, round {number}, {path}", end="\033[K\r", file=sys.stderr, flush=True)
                found = _usable(driver, _address(program, path))
                if number:  # the first fills the browser's cache and the server's
                    values.append(found)
        time.sleep(KEEPS_WITHIN)
        memory = use_of(program).memory
    with _started(program) as (_driver, again):
        pass
    for path, values in sorted(took.items(), key=lambda pair: -statistics.median(found.after for found in pair[1])):
        yield Figure(f"{path} usable", "from the navigation", [found.after for found in values], Goal(1500, at_least=False), " ms")
        yield Figure(f"{path}, the page's thread until then", "the processor's time", [found.busy for found in values], unit=" ms")
    against = "from the start of the server; sign-in and a browser's first visit included"
    yield Figure("the Dashboard usable, first start on this store", against, [first], unit=" s")
    yield Figure("the Dashboard usable, next start", against, [again], unit=" s")
    yield Figure("memory of the server", "all its processes, when all pages were shown", [memory], Goal(600, at_least=False), " MiB")


def measure(sizes: Sizes | None = None, rounds: int = ROUNDS) -> Section:
    """Measure all pages on a store of these sizes, the big one when none are given. Raises `NotRun` without Chromium or the production build."""
    need_build()
    sizes = sizes or Sizes()
    if CHROMIUM is None or shutil.which("chromedriver") is None:
        raise NotRun("Chromium and its driver are not installed")
    store = f"{sizes.trades:,} trades, {sizes.candles:,} minute candles, {sizes.records:,} journal records on SQLite"
    note = f"Production build; {store}; headless Chromium, 1440 × 900."
    with sqlite_store(sizes) as url, tempfile.TemporaryDirectory(prefix="botv2-usable-") as folder:
        program = Program(Path(folder), "app", "run", DATABASE_URL=url, BOTV2_STARTING_BALANCE="10000", BOTV2_CURRENCY="USDT")
        try:
            figures = list(_figures(program, rounds))
        finally:
            program.kill()
    return Section("Usable pages", note, figures)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.usable", description=__doc__)
    parser.add_argument("--small", action="store_true", help="on a thousand trades")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    given = parser.parse_args()
    run(partial(measure, SMALL if given.small else None, given.rounds), write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
