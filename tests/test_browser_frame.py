"""What surrounds every page, as a person uses it: the address, the menus of the top bar, saved views, the palette, a phone."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import requests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from components.ids import Id
from components.navigation import NAVIGATION
from components.switches import THEMES
from tests.support.page import axe_violations, click, find, script, sender, wait
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
TRADE = {"symbol": "BTCUSDT", "direction": "long", "size": 1, "entry_price": 100, "exit_price": 101, "net_pnl": 1, "pnl": 1}
PRESSED = "return [...document.querySelectorAll('.ranges [aria-pressed=true]')].map((one) => one.textContent)"
PILLS = f"return [...document.querySelectorAll('#{Id.PILLS}:not([hidden]) .pill')].map((one) => one.textContent)"


@pytest.fixture
def filled_server(live_server: LiveServer) -> LiveServer:
    """A server on a store with two bots and three strategies."""
    now = datetime.now(UTC)
    headers = live_server.bearer("ingest")
    for number, (bot, strategy) in enumerate([("alpha", "Trend"), ("alpha", "Carry"), ("beta", "Mean, reverting")]):
        times = {"entry_time": (now - timedelta(hours=2)).isoformat(), "exit_time": (now - timedelta(hours=1)).isoformat()}
        record = TRADE | times | {"trade_id": str(number), "bot": bot, "strategy": strategy.split(",")[0]}
        answer = requests.post(f"{live_server.url}/api/trades", json=record, headers=headers, timeout=10)
        assert answer.ok, answer.text
    sender(live_server)("/alerts", {"title": "Margin is low", "message": "12 % left", "severity": "WARNING", "bot": "alpha"})
    return live_server


@pytest.fixture
def page(filled_server: LiveServer, live_page: "Browser") -> "Browser":
    """The Live Monitor, which knows what there is to choose from."""
    wait(live_page).until(lambda _: script(live_page, "return window.botv2Choices && botv2Choices().strategies.length === 3"))
    return live_page


def address(page: "Browser") -> str:
    """Return path and query as a person reads them."""
    return unquote(str(script(page, "return location.pathname + location.search")))


def wait_for_address(page: "Browser", expected: str) -> None:
    wait(page).until(lambda _: address(page) == expected, f"never {expected}, but {address(page)}")


def press(page: "Browser", *keys: str) -> None:
    page.driver.switch_to.active_element.send_keys(*keys)


def face(page: "Browser", menu: Id) -> str:
    return str(find(page, f"#{menu} summary").text)


def test_range_and_filters_stand_in_the_address_and_come_back_with_it(page: "Browser", live_server: LiveServer) -> None:
    wait(page).until(lambda _: find(page, ".active-alerts .count").text == "1")
    click(page, ".menu a[href='/risk']")
    wait(page).until(lambda _: page.driver.title.startswith("Risk"))
    assert script(page, PRESSED) == ["30 d"]
    script(page, "window.stillTheSameDocument = true")
    click(page, "[data-range='90d']")
    wait_for_address(page, "/risk?range=90d")
    click(page, f"#{Id.BOTS} summary")
    click(page, f"#{Id.BOTS} [data-value=alpha]")
    click(page, f"#{Id.BOTS} [data-value=beta]")
    wait_for_address(page, "/risk?range=90d&bot=alpha,beta")
    assert face(page, Id.BOTS) == "2 bots"
    page.driver.back()
    wait_for_address(page, "/risk?range=90d&bot=alpha")
    wait(page).until(lambda _: face(page, Id.BOTS) == "alpha")
    assert script(page, PILLS) == ["Bot: alpha"]
    page.driver.back()
    page.driver.back()
    wait_for_address(page, "/risk")
    wait(page).until(lambda _: script(page, PRESSED) == ["30 d"])
    page.driver.forward()
    page.driver.forward()
    wait_for_address(page, "/risk?range=90d&bot=alpha")
    click(page, ".menu a[title=Strategies]")
    wait_for_address(page, "/strategies?range=90d&bot=alpha")
    assert find(page, ".menu a[aria-current=page]").get_attribute("title") == "Strategies"
    assert script(page, "return window.stillTheSameDocument === true")
    page.driver.get(f"{live_server.url}/trades?range=7d&strategy=Trend&min_pnl=5&symbol=BTCUSDT,ETHUSDT&brush=2026-01-02T00:00Z..2026-01-03T00:00Z")
    wait(page).until(lambda _: len(script(page, PILLS)) == 5)
    assert script(page, PRESSED) == ["Custom"], "the brush goes before the range"
    assert "2 Jan" in script(page, PILLS)[0].replace("02 Jan", "2 Jan")
    assert face(page, Id.STRATEGIES) == "Trend"
    wait(page).until(lambda _: script(page, "return botv2Choices().strategies.length === 3"))
    export = find(page, f"#{Id.EXPORTS} [data-what=trades] a").get_attribute("href")
    assert "min_pnl=5" in export
    assert "start=2026-01-02" in export
    assert requests.get(export, headers=live_server.bearer("read"), timeout=10).status_code == 200
    click(page, ".pill")
    wait(page).until(lambda _: script(page, PRESSED) == ["7 d"])
    click(page, f"#{Id.PILLS} [data-address=clear]")
    wait_for_address(page, "/trades")
    assert script(page, PILLS) == []
    click(page, ".menu a[href='/settings']")
    wait(page).until(lambda _: not find(page, ".ranges").is_displayed())
    assert not find(page, f"#{Id.BOTS}").is_displayed()


def test_a_custom_range_is_checked_and_strategies_are_compared(page: "Browser") -> None:
    click(page, f".ranges [data-open='{Id.RANGE}']")
    inputs = page.driver.find_elements(By.CSS_SELECTOR, f"#{Id.RANGE} input")
    click(page, "[data-ask=range]")
    assert "Say from when" in find(page, f"#{Id.RANGE} .fault").text
    script(page, "arguments[0].value = '2026-02-01T10:30'; arguments[1].value = '2026-01-01T00:00'", *inputs)
    click(page, "[data-ask=range]")
    assert "must begin before" in find(page, f"#{Id.RANGE} .fault").text
    assert axe_violations(page) == []
    script(page, "arguments[0].value = '2025-12-01T10:30'", inputs[0])
    click(page, "[data-ask=range]")
    wait_for_address(page, "/monitoring?range=custom&start=2025-12-01T10:30:00Z&end=2026-01-01T00:00:00Z")
    assert script(page, PRESSED) == ["Custom"]
    assert script(page, "return document.activeElement.dataset.open") == Id.RANGE
    click(page, f".tools [data-open='{Id.COMPARE}']")
    compare = find(page, "[data-ask=compare]")
    assert not compare.is_enabled()
    click(page, "[data-pick=Trend]")
    assert not compare.is_enabled()
    click(page, "[data-pick=Carry]")
    assert "2 are chosen" in find(page, f"#{Id.COMPARE} [role=status]").text
    assert axe_violations(page) == []
    compare.click()
    wait_for_address(page, "/strategies?range=custom&start=2025-12-01T10:30:00Z&end=2026-01-01T00:00:00Z&compare=Trend,Carry")
    for theme, _, _ in THEMES:
        click(page, f".tools [data-theme-choice={theme}]")
        for menu in ("BOTS", "EXPORTS", "VIEWS"):
            click(page, f"#{Id[menu]} summary")
            assert axe_violations(page) == [], f"{menu}, {theme}"
        press(page, Keys.ESCAPE)


def test_a_saved_view_comes_back_by_its_name_until_it_is_deleted_which_can_be_undone(page: "Browser", live_server: LiveServer) -> None:
    def names() -> Any:
        return script(page, f"return [...document.querySelectorAll('#{Id.VIEWS} li a')].map((one) => one.textContent)")

    page.driver.get(f"{live_server.url}/risk?range=7d&bot=beta")
    click(page, f"#{Id.VIEWS} summary")
    click(page, f"#{Id.VIEWS} input")
    press(page, "Beta, one week", Keys.ENTER)
    wait(page).until(lambda _: names() == ["Beta, one week"])
    click(page, ".menu a[title='System health']")
    page.driver.refresh()
    click(page, f"#{Id.VIEWS} summary")
    wait(page).until(lambda _: names() == ["Beta, one week"])
    click(page, f"#{Id.VIEWS} li a")
    wait_for_address(page, "/risk?range=7d&bot=beta")
    wait(page).until(lambda _: face(page, Id.BOTS) == "beta")
    click(page, f"#{Id.VIEWS} summary")
    click(page, f"#{Id.VIEWS} li button")
    wait(page).until(lambda _: names() == [])
    click(page, ".toasts .btn-line")
    wait(page).until(lambda _: names() == ["Beta, one week"])


def test_the_palette_and_the_keys_lead_everywhere_without_a_mouse(page: "Browser") -> None:
    find(page, "body").send_keys("gt")
    wait_for_address(page, "/trades")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    wait(page).until(lambda _: find(page, f"#{Id.PALETTE}").is_displayed())
    press(page, "risk")
    first = find(page, f"#{Id.PALETTE} [role=option]")
    assert first.text.splitlines() == ["Risk", "Page"]
    assert find(page, f"#{Id.PALETTE} [role=combobox]").get_attribute("aria-activedescendant") == first.get_attribute("id")
    assert axe_violations(page) == []
    press(page, Keys.ENTER)
    wait_for_address(page, "/risk")
    for words, expected in (("90 d", "/risk?range=90d"), ("this bot beta", "/risk?range=90d&bot=beta"), ("symbol btc", None)):
        ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
        press(page, words, *([Keys.ARROW_UP, Keys.ARROW_DOWN] if expected else []), Keys.ENTER)
        wait_for_address(page, expected or "/market?range=90d&bot=beta&symbol=BTCUSDT")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    press(page, "nothing is called so")
    assert "Nothing is called so" in find(page, f"#{Id.PALETTE}").text
    press(page, Keys.ENTER, Keys.ESCAPE)
    wait(page).until(lambda _: not find(page, f"#{Id.PALETTE}").is_displayed())
    find(page, "body").send_keys("?")
    wait(page).until(lambda _: find(page, f"#{Id.HELP}").is_displayed())
    assert len(page.driver.find_elements(By.CSS_SELECTOR, f"#{Id.HELP} dt")) == 4 + len(NAVIGATION)
    assert axe_violations(page) == []
    press(page, Keys.ESCAPE)
    click(page, f"#{Id.COLLAPSE}")
    wait(page).until(lambda _: find(page, ".side").size["width"] == 56)
    page.driver.refresh()
    wait(page).until(lambda _: find(page, ".side").size["width"] == 56)
    assert find(page, ".menu a[href^='/trades']").get_attribute("title") == "Trades"


def test_on_a_phone_a_bar_of_five_leads_to_all_pages_and_nothing_scrolls_sideways(page: "Browser") -> None:
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    wait(page).until(lambda _: find(page, ".bottom").is_displayed())
    assert [one.text for one in page.driver.find_elements(By.CSS_SELECTOR, ".bottom li")] == ["Dashboard", "Trades", "Live", "Alerts", "More"]
    others = [entry for entry in NAVIGATION if entry.bar_id is None]
    for entry in others:
        click(page, f".bottom [data-open='{Id.MORE}']")
        click(page, f"#{Id.MORE} nav a[href^='{entry.path}']")
        wait(page).until(lambda _, entry=entry: address(page).startswith(entry.path))
        assert not find(page, f"#{Id.MORE}").is_displayed()
        wait(page).until(lambda _, entry=entry: find(page, f"#{Id.TITLE}").text == entry.label)
        assert script(page, "return document.documentElement.scrollWidth") <= 360, entry.path
    click(page, f".bottom [data-open='{Id.MORE}']")
    assert axe_violations(page) == []
    press(page, Keys.ESCAPE)
    click(page, ".bottom a[href^='/trades']")
    wait(page).until(lambda _: find(page, f"#{Id.TITLE}").text == "Trades")
    click(page, f"#{Id.BOTS} summary")
    box = find(page, f"#{Id.BOTS} .pop").rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    click(page, f"#{Id.BOTS} [data-value=alpha]")
    wait(page).until(lambda _: script(page, PILLS) == ["Bot: alpha"])
    assert script(page, "return document.documentElement.scrollWidth") <= 360
