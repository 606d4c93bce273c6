"""The production build in a real Chromium: every page draws with it, and fetches nothing that it does not need."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from app.pages import PAGES
from components.ids import Id, graph_of, grid_of
from tests.support.page import ROWS, click, open_page, script, sign_in, wait
from tests.support.paths import ROOT
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.timeout(600)
DRAWN = """
const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);
return Boolean(plot && plot._fullData && plot._fullData.length && plot.querySelectorAll("svg.main-svg path, svg.main-svg rect").length);
"""
FETCHED = "return performance.getEntriesByType('resource').map((each) => new URL(each.name).pathname).filter((path) => !path.startsWith('/api/'))"
KEPT = """
const done = arguments[0];
caches.keys().then(async (names) => {
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  done(kept.flat().map((one) => new URL(one.url).pathname));
});
"""
ROW = "return document.querySelectorAll(`#${arguments[0]} .ag-center-cols-container .ag-row`).length"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The program and its build in a folder of their own, as in the image, with the demo's past."""
    if not (ROOT / "frontend/node_modules").exists() or shutil.which("node") is None:
        pytest.skip("not run: frontend/node_modules is not there (`make build` makes it)")
    image = tmp_path_factory.mktemp("image")
    for name in ("app", "callbacks", "client", "components", "data", "migrations"):
        shutil.copytree(ROOT / name, image / name, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    (image / "frontend").mkdir()
    for name in ("build.py", "frontend/pack.mjs"):
        shutil.copy(ROOT / name, image / name)
    (image / "frontend/node_modules").symlink_to(ROOT / "frontend/node_modules")
    made = subprocess.run([sys.executable, "build.py"], cwd=image, capture_output=True, text=True, timeout=500, check=False)
    assert made.returncode == 0, made.stderr
    server = LiveServer(tmp_path_factory.mktemp("built"), by_hand=True, PYTHONPATH=str(image))
    server.flags = ("--demo",)
    try:
        server.start()
        _wait_for_past(server)
        yield server
    finally:
        server.kill()


def _wait_for_past(server: LiveServer) -> None:
    seen, headers = -1, server.bearer("read")
    for _ in range(120):
        known = requests.get(f"{server.url}/api/trades/stats", headers=headers, timeout=10).json()["data"]["total_trades"]
        candles = requests.get(f"{server.url}/api/market", headers=headers, timeout=10).json()["data"]["total"]
        if known == seen > 100 and candles >= 4:
            return
        seen = known
        time.sleep(1)
    pytest.fail(f"the demo's past never came:\n{server.log.read_text()[-2000:]}")


def drawn(browser: "Browser", path: str) -> None:
    """Wait until each of a page's charts shows something."""
    for panel in ROWS[path].PANELS if path in ROWS else ():
        if panel.is_chart:
            wait(browser, 40).until(lambda _, id=panel.id: script(browser, DRAWN, graph_of(id)), f"{panel.id} was not drawn in {path}")


def quiet(browser: "Browser") -> list[str]:
    """Return what the console holds of errors; a violation of the content security policy is one."""
    return [line["message"] for line in browser.driver.get_log("browser") if line["level"] == "SEVERE"]


def test_every_page_draws_its_charts_with_the_build_quietly_and_from_its_files_alone(server: LiveServer, browser: "Browser") -> None:
    sign_in(browser, server)
    for path in PAGES:
        open_page(browser, server, f"{path}?range=all")
        drawn(browser, path)
        fetched: list[str] = script(browser, FETCHED)
        assert [name for name in fetched if name.startswith("/_dash-component-suites/")] == [], path
        assert {name for name in fetched if re.search(r"\.(?:js|css)$", name)} <= {name for name in fetched if name.startswith("/assets/dist/")} | {
            "/service-worker.js"
        }
        assert quiet(browser) == [], path


def test_a_graph_is_fitted_to_its_place_when_that_changes_and_not_drawn_again_while_it_fits(server: LiveServer, browser: "Browser") -> None:
    sign_in(browser, server)
    open_page(browser, server, "/?range=all")
    drawn(browser, "/")
    fitted = """
    const done = arguments[1], plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);
    let drawings = 0;
    plot.on("plotly_afterplot", () => { drawings += 1; });
    (async () => {
      await Plotly.Plots.resize(plot);
      const before = drawings;
      plot.style.width = "300px";
      await Plotly.Plots.resize(plot);
      done([before, drawings > 0, plot._fullLayout.width]);
    })();
    """
    assert browser.driver.execute_async_script(fitted, graph_of(Id.PANEL_EQUITY)) == [0, True, 300]


def test_the_library_of_tables_comes_with_the_first_table_also_without_a_reload(server: LiveServer, browser: "Browser") -> None:
    sign_in(browser, server)
    open_page(browser, server, "/?range=all")
    drawn(browser, "/")
    assert [name for name in script(browser, FETCHED) if "grid" in name] == []
    script(browser, "window.sameDocument = true")
    click(browser, ".menu a[href^='/trades']")
    wait(browser, 40).until(lambda _: script(browser, ROW, grid_of(Id.PANEL_TRADES)), "no row of the trades")
    click(browser, ".menu a[href^='/strategies']")
    wait(browser, 40).until(lambda _: script(browser, ROW, grid_of(Id.PANEL_STRATEGIES)), "no row of the strategies")
    assert script(browser, "return window.sameDocument")
    names: list[Any] = [Path(name).name for name in script(browser, FETCHED) if "grid" in name]
    assert sorted(names) == ["async-community.js", "dash_ag_grid.min.js"]  # each once
    assert quiet(browser) == []


def test_who_signs_in_first_has_the_worker_before_and_all_of_the_build_kept_after(server: LiveServer, browser: "Browser") -> None:
    browser.driver.get(f"{server.url}/login")
    assert browser.driver.execute_async_script("navigator.serviceWorker.ready.then(() => arguments[0](true))")
    sign_in(browser, server)
    open_page(browser, server, "/")
    drawn(browser, "/")
    every = {name for name in script(browser, FETCHED) if name.startswith("/assets/dist/")}
    assert len(every) >= 6
    wait(browser, 60).until(lambda driver: every <= set(driver.execute_async_script(KEPT)), "not all of it is kept")
