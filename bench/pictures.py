"""`python -m bench.pictures [folder]`: a picture of each page, made from the running program with its demo, as `docs/pages.md` shows them.

Each page is waited for until its charts are drawn, at 1440 and at 360 px; the Dashboard and the Live Monitor in every theme.
"""

import argparse
import base64
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from bench.page import signed_in
from bench.program import Program
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "pictures"
PAGES = ("dashboard", "portfolio", "strategies", "trades", "monitoring", "risk", "market", "alerts", "settings", "system")
THEMES = ("light", "auto", "terminal")
THEMED = ("dashboard", "monitoring")
QUALITY = 82  # of WebP: a page is some 60 kB, its text still sharp
PAST_WITHIN = 120.0
DRAWN_WITHIN = 30.0
# Nothing waits: no grey line in the place of what is coming, no graph in the window without traces.
DRAWN = """
const seen = (one) => one.getClientRects().length > 0;
if ([...document.querySelectorAll(".skel")].some(seen)) return false;
const inWindow = (one) => one.getBoundingClientRect().top < window.innerHeight;
return [...document.querySelectorAll(".chart:not([hidden])")].filter(inWindow).every((one) => {
  const plot = one.querySelector(".js-plotly-plot");
  return plot && plot._fullData && plot._fullData.length > 0;
});
"""


class Size(NamedTuple):
    """A window."""

    width: int
    height: int


SIZES = (Size(1440, 900), Size(360, 780))


def main() -> int:
    """Make all pictures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        program = Program(Path(data), "app", "run", "--demo")
        program.start()
        try:
            with signed_in(program) as driver:
                _wait_for_past(driver, program)
                for size in SIZES:
                    for page in PAGES:
                        _take(driver, program, page, size, "dark", folder)
                for theme in THEMES:
                    for page in THEMED:
                        _take(driver, program, page, SIZES[0], theme, folder)
        finally:
            program.stop()
    return 0


def _wait_for_past(driver: Chrome, program: Program) -> None:
    """The demo's year of history arrives in the first seconds; with less of it a page would look empty."""
    known = "return fetch('/api/trades/stats').then((answer) => answer.json()).then((answer) => answer.data.total_trades)"
    seen, deadline = -1, time.monotonic() + PAST_WITHIN
    while time.monotonic() < deadline:
        trades = driver.execute_script(known)
        if trades == seen and trades > 0:
            return
        seen = trades
        time.sleep(3)
    raise RuntimeError(f"the demo's history is not there; the server said:\n{program.log.read_text()[-2000:]}")


def _take(driver: Chrome, program: Program, page: str, size: Size, theme: str, folder: Path) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": size.width, "height": size.height, "deviceScaleFactor": 1, "mobile": size.width < 641}
    )
    driver.execute_script("localStorage.setItem('botv2-theme', arguments[0])", theme)
    path = "/" if page == "dashboard" else f"/{page}"
    driver.get(f"http://127.0.0.1:{program.port}{path}?range=90d")
    WebDriverWait(driver, DRAWN_WITHIN).until(
        lambda one: one.find_elements(By.CSS_SELECTOR, ".page") and one.execute_script(DRAWN), f"{page} was not drawn"
    )
    time.sleep(1)  # what fades in has come to rest
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    name = f"{page}-{theme}-{size.width}.webp"
    (folder / name).write_bytes(base64.b64decode(picture["data"]))
    print(name)


if __name__ == "__main__":
    sys.exit(main())
