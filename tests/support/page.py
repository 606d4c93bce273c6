"""What the browser tests share: sending records as a bot does, and waiting for what a person would see."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from components.ids import Id, body_of
from components.panels import alerts, dashboard, live, market, portfolio, risk, strategies, system, trades
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

# The pages of panels, and the module that lists the panels of each.
ROWS = {
    "/": dashboard,
    "/portfolio": portfolio,
    "/strategies": strategies,
    "/trades": trades,
    "/monitoring": live,
    "/risk": risk,
    "/market": market,
    "/alerts": alerts,
    "/system": system,
}

API = "/api/monitoring"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
Post = Callable[[str, dict[str, Any]], Any]


def sender(server: LiveServer) -> Post:
    """Return a function that sends a record as a bot does: with a token, over HTTP."""
    headers = server.bearer("ingest")

    def send(path: str, record: dict[str, Any]) -> Any:
        answer = requests.post(f"{server.url}{API}{path}", json=record, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    return send


def sign_in(page: "Browser", server: LiveServer) -> None:
    """Sign in as admin without opening a page: with the cookie that the form's answer sets."""
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    answer = requests.post(f"{server.url}/login", data=form, allow_redirects=False, timeout=20)
    cookie = {"url": server.url, "name": "session", "value": answer.cookies["session"], "httpOnly": True, "sameSite": "Lax"}
    page.driver.execute_cdp_cmd("Network.setCookie", cookie)


def open_page(page: "Browser", server: LiveServer, path: str) -> None:
    """Open a page of the server and wait until what belongs to it alone is there."""
    page.driver.get(server.url + path)
    page.wait_for_element(".page", timeout=30)


def text_of(page: "Browser", panel: Id) -> str:
    """Return what a panel's body shows."""
    return str(page.driver.find_element(By.ID, body_of(panel)).text)


def wait(page: "Browser", seconds: float = 15) -> WebDriverWait:
    """Return a wait that looks twenty times a second; what is replaced while it looks, it looks for again."""
    return WebDriverWait(page.driver, seconds, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException])


def wait_for_text(page: "Browser", panel: Id, text: str, seconds: float = 15) -> None:
    """Wait until a panel shows `text`."""
    wait(page, seconds).until(lambda _: text in text_of(page, panel), f"{text!r} never appeared in {panel}")


def wait_for_word(page: "Browser", word: str, seconds: float = 30) -> None:
    """Wait until the connection's state is `word`."""
    wait(page, seconds).until(lambda driver: driver.find_element(By.ID, Id.CONNECTION_WORD).text == word, f"never {word}")


def find(page: "Browser", selector: str) -> Any:
    """Return the first element of a CSS selector."""
    return page.driver.find_element(By.CSS_SELECTOR, selector)


def click(page: "Browser", selector: str) -> None:
    """Wait for an element and click it."""
    wait(page).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, selector), f"no {selector}")
    find(page, selector).click()


def script(page: "Browser", code: str, *arguments: Any) -> Any:
    """Return what a function body in JavaScript returns."""
    return page.driver.execute_script(code, *arguments)


def axe_violations(page: "Browser") -> list[str]:
    """Return what axe-core finds wrong with the page as it stands, a line for each element."""
    if not script(page, "return 'axe' in window"):
        script(page, AXE.read_text())
    found = page.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((result) => done(result.violations));"
    )
    return [f"{fault['id']}: {node['html'][:200]}" for fault in found for node in fault["nodes"]]
