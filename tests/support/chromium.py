"""One Chromium for a whole run: each test gets a window of its own in which nothing of another is left."""

import contextlib
import shutil
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options

if TYPE_CHECKING:
    from dash.testing.browser import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WIDTH, HEIGHT = 1440, 900
FLAGS = (
    "headless=new",
    f"window-size={WIDTH},{HEIGHT}",
    "no-first-run",
    "no-default-browser-check",
    "disable-background-networking",
    "disable-component-update",
    "disable-default-apps",
    "disable-extensions",
    "disable-sync",
)


def options() -> Options:
    """Return what makes Chromium headless and keeps it from talking to anybody but the server under test."""
    made = Options()
    made.binary_location = CHROMIUM or ""
    for flag in FLAGS:
        made.add_argument(f"--{flag}")
    return made


class Chromium:
    """Starts when it is first used, and again when it has crashed. Cached files are all that a test may find of an earlier one."""

    def __init__(self) -> None:
        self._browser: Browser | None = None

    def window(self) -> "Browser":
        """Return the browser with one empty window; a test may open others."""
        from dash.testing.browser import Browser  # here, because most runs of a single test need no browser

        if self._browser is None:
            self._browser = Browser("chrome", options=[options()], percy_run=False)
        return self._browser

    def clear(self) -> None:
        """Close what a test opened and forget what its pages kept."""
        assert self._browser is not None
        try:
            self._clear(self._browser.driver)
        except WebDriverException:  # it has crashed: what is left of it goes, and the next test starts another
            self.quit()

    def quit(self) -> None:
        """End it."""
        if self._browser is not None:
            with warnings.catch_warnings(), contextlib.suppress(WebDriverException):
                warnings.simplefilter("ignore", DeprecationWarning)  # selenium 4.2, about itself
                self._browser.driver.quit()
            self._browser = None

    def _clear(self, driver: Any) -> None:
        used, origins = driver.window_handles, set()
        for handle in used:
            driver.switch_to.window(handle)
            pages = driver.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
            origins |= {"{0.scheme}://{0.netloc}".format(urlsplit(page["url"])) for page in pages if page["url"].startswith("http")}
        driver.switch_to.new_window("tab")
        fresh = driver.current_window_handle
        for handle in used:  # with a window goes what was emulated, blocked or injected in it
            driver.switch_to.window(handle)
            driver.close()
        driver.switch_to.window(fresh)
        if driver.get_window_size() != {"width": WIDTH, "height": HEIGHT}:
            driver.set_window_size(WIDTH, HEIGHT)
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for origin in origins:
            driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "deny"})
        driver.get_log("browser")  # which empties it
