"""A page in a real browser full of what bots should not be called, and one that is framed: nothing of it runs, and nothing is shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests

from tests.support.page import find, open_page, script, sign_in, wait
from tests.support.planted import PAYLOADS, STARTERS, faults, plant, together, walk, walk_details
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on a store in which every string of every record is a payload, or several."""
    server = LiveServer(tmp_path_factory.mktemp("planted"), BOTV2_RATE_LIMITS="off")
    try:
        server.start()
        plant(server, together())
        yield server
    finally:
        server.kill()


def test_payloads_in_every_string_of_every_record_are_text(server: LiveServer, browser: "Browser") -> None:
    """S17: 30 payloads in lists, tables, menus, charts and their files, and in a drill-down; `bench.faults.payloads` walks through all pages."""
    assert all(any(payload in name for name in together()) for payload in PAYLOADS)
    sign_in(browser, server)
    assert walk(browser, server, "/monitoring") == []
    assert "onerror=" in find(browser, "body").text, "the page shows nothing of it"
    assert walk_details(browser, server, together()[STARTERS]) == []
    # The control: as HTML it is stopped by the policy, and that is seen.
    script(browser, "document.body.insertAdjacentHTML('beforeend', arguments[0])", PAYLOADS[STARTERS])
    wait(browser).until(lambda _: any("__pwn" in fault for fault in faults(browser)))


def test_files_are_saved_and_never_shown_as_a_page(server: LiveServer) -> None:
    """S17: whatever stands in them, a browser is told that it is no page."""
    headers = server.bearer("read")
    for name, kind in (("trades", "csv"), ("trades", "json"), ("activity", "csv"), ("positions", "json"), ("strategies", "csv")):
        answer = requests.get(f"{server.url}/api/export/{name}?format={kind}", headers=headers, timeout=30)
        assert answer.ok
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"].split(";")[0] in {"text/csv", "application/json"}


def test_a_page_in_a_foreign_frame_stays_blank(server: LiveServer, browser: "Browser") -> None:
    """S24: no page may be framed, whoever is signed in; what may be is seen in a frame, or this would show nothing."""
    sign_in(browser, server)
    framed = "data:text/html,<form>x</form>"
    for address, place in ((framed, "data:"), (f"{server.url}/", "chrome-error:"), (f"{server.url}/login", "chrome-error:")):
        browser.driver.get("data:text/html," + quote(f"<title>bait</title><iframe id=victim src='{address}'></iframe>"))
        browser.driver.switch_to.frame(wait(browser).until(lambda driver: driver.find_element("id", "victim")))
        wait(browser).until(lambda _, place=place: script(browser, "return location.href").startswith(place), f"{address} was not blocked")
        assert bool(browser.driver.find_elements("css selector", "form, .page")) == (address == framed)
        browser.driver.switch_to.default_content()


KEPT = """
const done = arguments[0], databases = indexedDB.databases();
Promise.all([caches.keys(), databases]).then(([names, bases]) => done([
  ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...names, ...bases.map((one) => one.name)]));
"""


def test_after_signing_out_the_browser_keeps_nothing_and_going_back_shows_nothing(server: LiveServer, browser: "Browser") -> None:
    """S31: storage, caches and databases of the browser are empty, and no page comes out of its memory.

    The page of the sign-in registers a service worker, which keeps nothing for nobody: tests/test_browser_offline.py.
    """
    sign_in(browser, server)
    open_page(browser, server, "/portfolio")
    wait(browser, 60).until(lambda driver: driver.find_elements("css selector", ".js-plotly-plot"), "nothing was drawn")
    script(browser, "localStorage.setItem('botv2-kept', 'private')")
    assert "botv2-kept" in browser.driver.execute_async_script(KEPT)
    browser.driver.get(f"{server.url}/logout")
    find(browser, "form button").click()
    wait(browser, 30).until(lambda driver: "/login" in driver.current_url, "nobody was signed out")
    assert browser.driver.execute_async_script(KEPT) == []
    assert browser.driver.get_cookies() == []
    for _ in range(3):
        browser.driver.back()
        wait(browser).until(lambda driver: driver.execute_script("return document.readyState") == "complete")
        assert not browser.driver.find_elements("css selector", ".js-plotly-plot"), browser.driver.current_url
        assert together()[STARTERS][:20] not in browser.driver.page_source
