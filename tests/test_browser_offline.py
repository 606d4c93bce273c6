"""The network really off: the server is gone and the browser offline. Pages open with their last data, changes wait, a sign-out leaves nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
from werkzeug.serving import make_server

from app import offline
from components.ids import Id
from data.settings import Settings
from tests.support.page import axe_violations, find, open_page, script, sign_in, wait, wait_for_text, wait_for_word
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from pathlib import Path

    from dash import Dash
    from dash.testing.browser import Browser

    from data.desk import Desk

pytestmark = pytest.mark.timeout(300)

DAYS = 20
OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
ONLINE = OFFLINE | {"offline": False}
# What the browser has kept in the worker's database: the keys of the answers, and the changes that wait.
KEPT = """
const done = arguments[0];
indexedDB.databases().then((all) => {
  if (!all.some((one) => one.name === "botv2-offline")) return done(null);
  const asked = indexedDB.open("botv2-offline");
  asked.onerror = () => done(null);
  asked.onsuccess = () => {
    const database = asked.result;
    if (!database.objectStoreNames.contains("waiting")) { database.close(); return done(null); }
    const reading = database.transaction(["answers", "waiting", "facts"]);
    const keys = reading.objectStore("answers").getAllKeys();
    const [waiting, facts] = ["waiting", "facts"].map((name) => reading.objectStore(name).getAll());
    const page = reading.objectStore("answers").get("document");
    reading.oncomplete = () => {
      database.close();
      const text = page.result && new TextDecoder().decode(page.result.body);
      done({keys: keys.result, waiting: waiting.result, facts: facts.result, document: text});
    };
  };
});
"""
EVERYTHING = """
const done = arguments[0], databases = indexedDB.databases(), workers = navigator.serviceWorker.getRegistrations();
Promise.all([caches.keys(), databases, workers]).then(([names, bases, registered]) => done({
  stored: [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...names, ...bases.map((one) => one.name)],
  workers: registered.filter((one) => one.active).length}));
"""
SEND = "const [method, path, body, done] = arguments; botv2Send(method, path, body).then(done, (problem) => done(problem.message));"
POINTS = """
const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`);
return (plot && plot._fullData && plot._fullData.reduce((n, one) => n + one._length, 0)) || 0;
"""
VERSION = """
const done = arguments[0], channel = new MessageChannel();
channel.port1.onmessage = ({data}) => done(data);
navigator.serviceWorker.controller.postMessage({type: "GET_VERSION"}, [channel.port2]);
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with twenty days of trades and equity; tests stop it and start it again."""
    server = LiveServer(tmp_path_factory.mktemp("offline"), BOTV2_RATE_LIMITS="off")
    try:
        server.start()
        end = datetime.now(UTC).replace(microsecond=0)
        records: list[dict[str, Any]] = [
            {"kind": "event", "event_type": "ORDER", "message": "bought before the storm", "bot": "alpha"},
            {"kind": "event", "event_type": "SYSTEM", "message": "another one: the first steps are done", "bot": "beta"},
        ]
        for day in range(DAYS):
            at = (end - timedelta(days=DAYS - day)).isoformat()
            records.append({"kind": "snapshot", "total_value": 1000 + day, "cash_balance": 100, "timestamp": at, "bot": "alpha"})
            trade: dict[str, Any] = {
                "kind": "trade",
                "trade_id": f"t{day}",
                "symbol": "BTC/USDT",
                "strategy": "Trend",
                "bot": "alpha",
                "direction": "long",
            }
            trade |= {"size": 1, "entry_price": 100, "exit_price": 101 + day, "entry_time": at, "exit_time": at, "net_pnl": 1.0 + day}
            records.append(trade)
        answer = requests.post(f"{server.url}/api/monitoring/batch", json={"records": records}, headers=server.bearer("ingest"), timeout=30)
        assert answer.ok, answer.text
        yield server
    finally:
        server.kill()


def controlled(page: "Browser", server: LiveServer) -> None:
    """Sign in at a page that has its worker."""
    if not server.answers():
        server.restart()
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.get(f"{server.url}/login")
    wait(page, 30).until(lambda driver: driver.execute_async_script("navigator.serviceWorker.ready.then(() => arguments[0](true))"))
    sign_in(page, server)


def cut(page: "Browser", server: LiveServer) -> None:
    """Take the network away."""
    server.kill()
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)


def back(page: "Browser", server: LiveServer) -> None:
    """Bring it back."""
    server.start()
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", ONLINE)


def card(page: "Browser", kind: str) -> str:
    """Return what a card says that a person sees."""
    cards = f"[data-offline={kind}]"
    return str(wait(page, 30).until(lambda driver: next((one.text for one in driver.find_elements("css selector", cards)), ""), f"no card of {kind}"))


def drawn(page: "Browser", panel: Id) -> int:
    """Return how many points of curves a panel's chart shows."""
    code = (
        "const plot = document.querySelector(`#${arguments[0]} .js-plotly-plot`); return plot?._fullData?.reduce((n, one) => n + one._length, 0) || 0"
    )
    wait(page, 60).until(lambda _: script(page, code, panel), f"{panel} draws nothing")
    return int(script(page, code, panel))


def test_the_last_pages_open_with_their_last_data_and_a_change_that_waits_arrives_once(server: LiveServer, browser: "Browser") -> None:
    controlled(browser, server)
    open_page(browser, server, "/monitoring")
    wait_for_text(browser, Id.PANEL_ACTIVITY, "bought before the storm", 60)
    assert browser.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})["installabilityErrors"] == []
    found = browser.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert found["url"] == f"{server.url}/manifest.webmanifest"
    assert not found["errors"]
    assert len(json.loads(found["data"])["shortcuts"]) == 3
    open_page(browser, server, "/trades")
    wait(browser, 60).until(lambda driver: driver.find_elements("css selector", "#panel-trades .ag-row"), "no trades")
    open_page(browser, server, "/")
    points = drawn(browser, Id.PANEL_EQUITY)
    wait(browser, 30).until(lambda driver: len((driver.execute_async_script(KEPT) or {"keys": ()})["keys"]) > 10, "nothing was kept")
    assert "early" in requests.get(f"{server.url}/", headers=server.bearer("read"), timeout=20).text
    kept = browser.driver.execute_async_script(KEPT)["document"]
    assert "react-entry-point" in kept
    assert "early" not in kept, "a page's figures are kept for every page"
    before = datetime.now(UTC)

    cut(browser, server)
    open_page(browser, server, "/monitoring")
    wait_for_text(browser, Id.PANEL_ACTIVITY, "bought before the storm", 60)
    wait_for_word(browser, "Offline")
    assert "Stale since" in card(browser, "age")
    since = script(browser, "return botv2Live.lostSince()") / 1000
    assert since <= before.timestamp() + 1, "the data is said to be younger than it is"
    wait(browser, 30).until(lambda driver: "Stale since" in driver.find_element("id", Id.PANEL_ACTIVITY).text, "the panel does not say it")
    open_page(browser, server, "/trades")
    wait(browser, 60).until(lambda driver: driver.find_elements("css selector", "#panel-trades .ag-row"), "no trades are kept")
    open_page(browser, server, "/")
    assert drawn(browser, Id.PANEL_EQUITY) == points
    assert axe_violations(browser) == []

    note = {"chart_id": "equity", "date": before.isoformat(), "text": "the network is away", "type": "custom"}
    assert browser.driver.execute_async_script(SEND, "POST", "/api/annotations", note) == {"success": True, "waiting": True}
    assert browser.driver.execute_async_script(SEND, "POST", "/api/alerts/999999/acknowledge", None)["waiting"]
    assert "2" in card(browser, "waiting")
    assert "cannot be reached" in browser.driver.execute_async_script(SEND, "POST", "/api/portfolio/starting-balance", {"balance": 5})
    waiting = browser.driver.execute_async_script(KEPT)["waiting"]

    # The first had arrived and its answer was lost on the way: the same bytes under the same key were stored once already.
    server.start()
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    session = requests.post(f"{server.url}/login", data=form, allow_redirects=False, timeout=20).cookies["session"]
    sent = {"Cookie": f"session={session}", **dict(waiting[0]["headers"])}
    assert requests.post(waiting[0]["url"], data=waiting[0]["body"], headers=sent, timeout=20).status_code == 201
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", ONLINE)
    wait_for_word(browser, "Live", 60)
    wait(browser, 30).until(lambda driver: not driver.execute_async_script(KEPT)["waiting"], "they still wait")
    wait(browser).until(lambda driver: "was refused" in driver.find_element("id", Id.TOASTS).text, "nobody was told")
    assert not browser.driver.find_elements("css selector", "[data-offline]")
    notes = requests.get(f"{server.url}/api/annotations/equity", headers=server.bearer("read"), timeout=20).json()["data"]["annotations"]
    assert [one["text"] for one in notes] == ["the network is away"]


def test_after_signing_out_nothing_private_is_left_and_a_page_says_only_that_it_is_offline(server: LiveServer, browser: "Browser") -> None:
    """S31: with a button, and when the session ended elsewhere; what waited then is told, not dropped in silence."""
    controlled(browser, server)
    open_page(browser, server, "/monitoring")
    wait_for_text(browser, Id.PANEL_ACTIVITY, "bought before the storm", 60)
    wait(browser, 30).until(lambda driver: (driver.execute_async_script(KEPT) or {"keys": ()})["keys"], "nothing was kept")
    cut(browser, server)
    note = {"chart_id": "equity", "date": datetime.now(UTC).isoformat(), "text": "never sent", "type": "custom"}
    assert browser.driver.execute_async_script(SEND, "POST", "/api/annotations", note)["waiting"]
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    back(browser, server)
    wait(browser, 60).until(lambda driver: "/login" in driver.current_url and "unsent=1" in driver.current_url, "nobody was told")
    assert "gone" in find(browser, "[role=alert]").text
    assert browser.driver.execute_async_script(KEPT) is None

    sign_in(browser, server)
    open_page(browser, server, "/monitoring")
    wait_for_text(browser, Id.PANEL_ACTIVITY, "bought before the storm", 60)
    wait(browser, 30).until(lambda driver: (driver.execute_async_script(KEPT) or {"keys": ()})["keys"], "nothing was kept")
    browser.driver.get(f"{server.url}/logout")
    find(browser, "form button").click()
    wait(browser, 30).until(lambda driver: "/login" in driver.current_url, "nobody was signed out")
    wait(browser, 30).until(lambda driver: driver.execute_async_script(EVERYTHING) == {"stored": [], "workers": 1}, "something was left")
    cut(browser, server)
    browser.driver.get(f"{server.url}/monitoring")
    assert "Sign in when the connection is back" in find(browser, "main").text
    assert "storm" not in browser.driver.page_source
    assert browser.driver.execute_async_script(EVERYTHING)["stored"] == []


@pytest.fixture
def backend() -> str:
    """Versions are the same on every database."""
    return "sqlite"


@pytest.fixture
def settings(store_url: str, tmp_path: "Path") -> Settings:
    """Under a sub-path, where the worker has to find its way, too."""
    return Settings.load(database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_base_path="/desk")


@pytest.fixture
def served(app: "Dash") -> Iterator[str]:
    """The address of the app in this process, where a test may change it."""
    here = make_server("127.0.0.1", 0, app.server, threaded=True)
    thread = Thread(target=here.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{here.port}/desk"
    here.shutdown()
    thread.join(20)
    here.server_close()
    offline._worker.cache_clear()  # the next app is what it is


def enter(page: "Browser", address: str, name: str) -> None:
    """Sign in as a person does."""
    page.driver.get(f"{address}/login")
    page.driver.execute_async_script("navigator.serviceWorker.ready.then(() => arguments[0](true))")
    for field, value in (("username", name), ("password", ADMIN_PASSWORD)):
        find(page, f"[name={field}]").send_keys(value)
    find(page, "form button").click()
    page.wait_for_element(".page", timeout=60)


def test_an_update_waits_for_a_yes_and_nobody_gets_what_was_kept_for_another(
    served: str, desk: "Desk", browser: "Browser", monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "ben"):
        desk.accounts.add_user(name, ADMIN_PASSWORD, "admin")
    enter(browser, served, "anna")
    before = browser.driver.execute_async_script(VERSION)
    monkeypatch.setattr(offline, "_version", lambda _build: "the next one")
    offline._worker.cache_clear()
    browser.driver.execute_async_script("navigator.serviceWorker.ready.then((one) => one.update()).then(() => arguments[0](true))")
    assert "A new version is ready" in card(browser, "update")
    assert browser.driver.execute_async_script(VERSION) == before
    script(browser, "window.isTheOldPage = true")
    find(browser, "[data-update]").click()
    wait(browser, 60).until(lambda _: not script(browser, "return window.isTheOldPage"), "the page stayed")
    browser.wait_for_element(".page", timeout=60)
    assert browser.driver.execute_async_script(VERSION) == "the next one"

    script(browser, "fetch(botv2At('/api/alerts/rules'))")
    wait(browser, 30).until(lambda driver: "/api/alerts/rules" in (driver.execute_async_script(KEPT) or {"keys": ()})["keys"], "it was not kept")
    annas = browser.driver.execute_async_script(KEPT)["facts"]
    # Nobody has signed out: the cookie is just another one.
    form = {"username": "ben", "password": ADMIN_PASSWORD}
    session = requests.post(f"{served}/login", data=form, allow_redirects=False, timeout=20).cookies["session"]
    browser.driver.execute_cdp_cmd("Network.setCookie", {"url": served, "name": "session", "value": session, "httpOnly": True, "sameSite": "Lax"})
    browser.driver.get(f"{served}/risk")
    wait(browser, 60).until(lambda driver: (driver.execute_async_script(KEPT) or {"facts": annas})["facts"] not in ([], annas), "it is still hers")
    assert "/api/alerts/rules" not in browser.driver.execute_async_script(KEPT)["keys"]
