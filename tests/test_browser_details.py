"""The drill-down dialog in a real browser: opened by click, key and link, closed in every way, filled, changed, exported."""

from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from components.ids import Id
from components.switches import THEMES
from tests.support.api import TRADE
from tests.support.page import axe_violations, click, find, script, sender, wait
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the dialog cannot tell the databases apart
DIALOG = f"#{Id.DETAIL}"
POSITION = {"position_id": "p 1|a", "symbol": "ETH/USDT", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "bot": "alpha"}
ALERT = {"title": "Margin is low", "message": "12 % left", "severity": "WARNING", "bot": "alpha"}
CLOSED: dict[str, Any] = {"exit_time": "2025-01-02T14:59:59Z", "exit_price": 101, "status": "closed", "strategy": "MA & <b>co</b>", "stop_loss": 90}

IN_SIGHT = """const one = document.querySelector(arguments[0]);
  if (!one) return false;
  one.scrollIntoView({block: "center", behavior: "instant"});
  const box = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));"""


class Rest:
    """The API as a bot and a person use it."""

    def __init__(self, server: LiveServer) -> None:
        self.url = server.url
        self.headers = server.bearer("read", "ingest", "control")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def get(self, path: str) -> Any:
        answer = requests.get(self.url + path, headers=self.headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()["data"]


@pytest.fixture
def rest(live_server: LiveServer) -> Rest:
    return Rest(live_server)


def start(page: "Browser", server: LiveServer, path: str) -> None:
    page.driver.get(server.url + path)
    wait(page).until(lambda _: script(page, "return Boolean(window.botv2Detail) && document.getElementById(arguments[0]) !== null", Id.DETAIL))


def filled(page: "Browser", ref: str) -> str:
    """Wait until the dialog shows `ref` and return its text."""
    wait(page).until(lambda _: script(page, "return document.getElementById(arguments[0]).dataset.shown", Id.DETAIL) == ref, f"{ref} was not shown")
    assert script(page, "return document.getElementById(arguments[0]).open", Id.DETAIL)
    return str(find(page, DIALOG).text)


def press(page: "Browser", key: str) -> None:
    """Press a key, wherever the focus is: what is there may be drawn again meanwhile."""
    ActionChains(page.driver).send_keys(key).perform()


def gone(page: "Browser") -> None:
    """Wait until the dialog is closed and the address names no detail."""
    wait(page).until(
        lambda _: script(page, "return !document.getElementById(arguments[0]).open && location.hash === ''", Id.DETAIL), "it did not close"
    )


def says(page: "Browser", text: str) -> None:
    wait(page).until(lambda _: text in find(page, DIALOG).text, f"{text!r} never appeared")


def focused(page: "Browser", ref: str) -> None:
    wait(page).until(
        lambda _: script(page, "return document.activeElement.closest('[data-detail]')?.dataset.detail") == ref, f"the focus is not at {ref}"
    )


def test_it_opens_by_click_key_and_link_and_closes_in_every_way_with_the_focus_where_it_was(
    signed_in: "Browser", live_server: LiveServer, rest: Rest
) -> None:
    page = signed_in
    trades = [rest.post("/api/trades", TRADE | CLOSED | {"trade_id": f"t-{number}"})["id"] for number in range(3)]
    strategy, latest = f"strategy:{CLOSED['strategy']}", f"trade:{trades[-1]}"
    start(page, live_server, "/?range=all")
    row = f"button[data-detail='{latest}']"

    wait(page).until(lambda _: script(page, IN_SIGHT, row), "the page never came to rest")
    click(page, row)
    assert f"Trade {trades[-1]}" in filled(page, latest)
    assert script(page, "return document.activeElement.id") == Id.DETAIL_TITLE
    drawn = "return document.querySelector('#detail .js-plotly-plot .scatterlayer') !== null"  # a task later than the words
    wait(page).until(lambda _: script(page, drawn), "its chart was not drawn")
    press(page, Keys.ESCAPE)
    gone(page)
    focused(page, latest)

    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    filled(page, latest)
    links = [str(link.get_attribute("href")) for link in page.driver.find_elements(By.CSS_SELECTOR, f"{DIALOG} a[data-export]")]
    assert links == [f"{live_server.url}/api/details/trade%3A{trades[-1]}?format={name}" for name in ("csv", "json")]
    click(page, f"{DIALOG} [data-step='1']")  # the next in the list that it was opened from
    filled(page, f"trade:{trades[-2]}")
    click(page, f"{DIALOG} button[data-detail^='strategy:']")
    assert CLOSED["strategy"] in filled(page, strategy)
    click(page, f"{DIALOG} button[data-detail='{latest}']")
    filled(page, latest)
    page.driver.back()
    filled(page, strategy)
    focused(page, latest)  # in the dialog, at what led away from it
    page.driver.back()
    filled(page, f"trade:{trades[-2]}")
    page.driver.back()
    gone(page)

    script(page, "document.querySelector(arguments[0]).focus(); botv2Detail.open(arguments[1])", row, latest)
    filled(page, latest)
    script(page, "document.querySelectorAll(arguments[0]).forEach((one) => one.replaceWith(one.cloneNode(true)))", row)  # as a redraw may do
    click(page, f"{DIALOG} [data-close]")
    gone(page)
    focused(page, latest)

    page.driver.get("about:blank")
    start(page, live_server, f"/settings#{strategy.replace(' ', '%20').replace('<', '%3C')}")
    assert CLOSED["strategy"] in filled(page, strategy)
    page.driver.execute_cdp_cmd(  # the backdrop
        "Input.dispatchMouseEvent", {"type": "mousePressed", "x": 20, "y": 450, "button": "left", "clickCount": 1}
    )
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": 20, "y": 450, "button": "left", "clickCount": 1})
    gone(page)
    for broken in ("#%E0%A4%A", "#trade", "#nothing:1", "#:", "#frame-page"):
        script(page, "location.hash = arguments[0]", broken)
        assert not script(page, "return document.getElementById(arguments[0]).open", Id.DETAIL)
    for ref, sentence in (("trade:999999", "There is no trade"), ("trade:x", "There is no trade"), ("day:2024-99-99", "There is no such day")):
        script(page, "location.hash = '#' + arguments[0]", ref)
        assert sentence in filled(page, ref)
    press(page, Keys.ESCAPE)
    gone(page)
    assert page.get_logs() == []


def test_what_a_person_changes_is_shown_at_once_and_stored_and_a_refusal_says_why(signed_in: "Browser", live_server: LiveServer, rest: Rest) -> None:
    page, post = signed_in, sender(live_server)
    trade = rest.post("/api/trades", TRADE | CLOSED)["id"]
    mark = rest.post("/api/annotations", {"chart_id": "equity", "date": "2025-01-01T00:00:00Z", "text": "before"})["id"]
    alert = post("/alerts", ALERT)["alert"]["id"]
    post("/positions/update", POSITION)
    start(page, live_server, f"/settings#trade:{trade}")
    filled(page, f"trade:{trade}")

    find(page, f"{DIALOG} textarea").send_keys("<b>too early</b>")
    press(page, Keys.ESCAPE)  # what is written is not thrown away at the first try
    says(page, "not saved")
    click(page, f"{DIALOG} [type=submit]")
    says(page, "The note is saved")
    wait(page).until(lambda _: find(page, f"{DIALOG} .sheet-content .sheet-text").text == "<b>too early</b>")
    assert rest.get(f"/api/trades/{trade}")["notes"] == "<b>too early</b>"
    assert "The note is saved" in find(page, f"#{Id.TOASTS}").get_attribute("textContent")
    find(page, f"{DIALOG} textarea").send_keys(", I think")  # while all around it is drawn again
    post("/alerts", ALERT)
    rest.post("/api/trades", TRADE | CLOSED | {"exit_price": 105})
    says(page, "105.00")
    assert find(page, f"{DIALOG} textarea").get_attribute("value") == "<b>too early</b>, I think"
    press(page, Keys.ESCAPE)
    press(page, Keys.ESCAPE)
    gone(page)

    script(page, "botv2Detail.open(arguments[0])", f"annotation:{mark}")
    filled(page, f"annotation:{mark}")
    find(page, f"{DIALOG} textarea").clear()
    click(page, f"{DIALOG} [type=submit]")
    says(page, "must not be null")
    find(page, f"{DIALOG} textarea").send_keys("after")
    click(page, f"{DIALOG} [type=submit]")
    says(page, "The annotation is changed")
    assert rest.get("/api/annotations/equity")["annotations"][0]["text"] == "after"
    click(page, f"{DIALOG} .danger")
    click(page, f"#{Id.CONFIRM} [data-answer=yes]")
    says(page, "There is no annotation with this number")
    press(page, Keys.ESCAPE)
    gone(page)

    script(page, "botv2Detail.open(arguments[0])", f"alert:{alert}")
    filled(page, f"alert:{alert}")
    click(page, f"{DIALOG} [data-act$=acknowledge]")
    says(page, "The alert is acknowledged")
    wait(page).until(lambda driver: not driver.find_elements(By.CSS_SELECTOR, f"{DIALOG} [data-act$=acknowledge]"))
    assert rest.get("/api/alerts/history?status=acknowledged")["total"] == 1
    script(page, "botv2Detail.close()")
    gone(page)

    ref = f"position:alpha|{POSITION['position_id']}"
    script(page, "botv2Detail.open(arguments[0])", ref)
    assert "+80.00" in filled(page, ref)
    post("/positions/update", POSITION | {"current_price": 2060})
    says(page, "+120.00")
    assert all("api/annotations" in log["message"] for log in page.get_logs())  # the refusal


def test_axe_finds_nothing_in_it_in_any_theme_nor_on_a_phone(signed_in: "Browser", live_server: LiveServer, rest: Rest) -> None:
    page, post = signed_in, sender(live_server)
    for number in range(12):
        trade = rest.post("/api/trades", TRADE | CLOSED | {"trade_id": f"t-{number}", "net_pnl": number - 5})["id"]
    alert = post("/alerts", ALERT)["alert"]["id"]
    post("/positions/update", POSITION)
    refs = [f"trade:{trade}", f"strategy:{CLOSED['strategy']}", "risk:win_rate", f"alert:{alert}", "trade:999999"]
    start(page, live_server, "/settings?range=all")
    for theme, *_ in THEMES:
        script(page, "document.documentElement.dataset.theme = arguments[0]; document.documentElement.dataset.bsTheme = arguments[1]", theme, theme)
        for ref in refs if theme == "light" else refs[:2]:
            script(page, "botv2Detail.open(arguments[0])", ref)
            filled(page, ref)
            assert axe_violations(page) == [], f"{ref}, {theme}"
        script(page, "botv2Detail.close()")
        gone(page)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    for ref in [*refs, f"position:alpha|{POSITION['position_id']}"]:
        script(page, "botv2Detail.open(arguments[0])", ref)
        filled(page, ref)
        assert axe_violations(page) == [], f"{ref}, phone"
        wide = "const body = document.querySelector(arguments[0]); return [body.clientWidth, body.scrollWidth - body.clientWidth]"
        assert script(page, wide, f"{DIALOG} .sheet-body") == [360, 0], ref
        small = """return [...document.querySelectorAll(arguments[0] + " :is(button, summary, input, textarea)")]
          .map((one) => one.closest("tr[data-detail]") || one)
          .filter((one) => one.checkVisibility() && !one.closest(".modebar")).map((one) => [one, one.getBoundingClientRect()])
          .filter(([one, box]) => Math.min(box.width, box.height) < 40).map(([one]) => one.outerHTML.slice(0, 99));"""
        assert script(page, small, DIALOG) == [], ref
