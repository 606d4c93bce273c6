"""axe-core finds nothing on any page, in any theme, with menus and dialogs open; and all of it works by keyboard."""

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from components.ids import Id
from components.switches import THEMES
from tests.support.page import axe_violations, click, find, open_page, script, sender, text_of, wait, wait_for_text
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
EVENT = {"event_type": "ORDER", "message": "Market order executed", "bot": "alpha"}
SIGNAL = {"strategy_name": "MA", "symbol": "BTCUSDT", "signal_type": "SELL", "confidence": 0.85, "indicators": {"rsi": 65}, "bot": "alpha"}
POSITION = {"position_id": "p1", "symbol": "ETHUSDT", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "stop_loss": 2035}


@pytest.fixture
def filled_server(live_server: LiveServer) -> LiveServer:
    post = sender(live_server)
    for severity in ("INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"):
        post("/activity", EVENT | {"severity": severity})
    post("/activity", EVENT | {"event_type": "SYSTEM", "metadata": {"heartbeat_seconds": 0.3}, "bot": "quiet"})
    for bot in ("alpha", "quiet"):
        post("/signals/update", SIGNAL | {"bot": bot})
        post("/positions/update", POSITION | {"bot": bot})
    post("/alerts", {"title": "Margin is low", "message": "12 % left", "severity": "WARNING", "action_url": "/monitoring"})
    return live_server


@pytest.fixture
def filled_page(filled_server: LiveServer, live_page: "Browser") -> "Browser":
    wait_for_text(live_page, Id.PANEL_ALERTS, "Margin is low")
    wait_for_text(live_page, Id.PANEL_POSITIONS, "ETHUSDT")
    wait(live_page).until(
        lambda _: script(
            live_page, "return document.querySelectorAll('.charted .main-svg').length > 1 && document.querySelectorAll('.silent').length > 2"
        )
    )
    return live_page


def choose(page: "Browser", theme: str) -> None:
    click(page, f".top [data-theme-choice={theme}]")


@pytest.mark.parametrize("path", ["/monitoring", "/settings"])
def test_axe_finds_nothing_in_any_theme_nor_with_menus_and_the_dialog_open(filled_page: "Browser", live_server: LiveServer, path: str) -> None:
    if path != "/monitoring":
        click(filled_page, f".menu a[href='{path}']")
        wait(filled_page).until(lambda _: script(filled_page, "return document.querySelector('.tokens') !== null"))
    for theme, _, _ in THEMES:
        choose(filled_page, theme)
        assert axe_violations(filled_page) == [], theme
    for theme in ("light", "dark"):
        choose(filled_page, theme)
        for menu in script(filled_page, "return [...document.querySelectorAll('.menu-button')]"):
            script(filled_page, "arguments[0].open = true", menu)
        assert axe_violations(filled_page) == [], f"menus, {theme}"
        filled_page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        script(
            filled_page,
            "document.querySelectorAll('.menu-button').forEach((menu) => (menu.open = false)); document.querySelector('[data-confirm]').click()",
        )
        assert axe_violations(filled_page) == [], f"dialog, {theme}"
        click(filled_page, "[data-answer=no]")
    assert filled_page.get_logs() == []


def test_axe_finds_nothing_on_a_phone_where_nothing_scrolls_sideways_and_targets_are_large(filled_server: LiveServer, signed_in: "Browser") -> None:
    signed_in.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True})
    for path in ("/monitoring", "/settings"):
        open_page(signed_in, filled_server, path)
        wait(signed_in).until(lambda _: script(signed_in, "return document.querySelector('.tokens, .entries') !== null"))
        assert axe_violations(signed_in) == []
        assert script(signed_in, "return document.documentElement.scrollWidth") == 360
        small = """return [...document.querySelectorAll("button, summary, .bell, .bottom a, main a[href], input[type=search], input[type=text]")]
          .filter((one) => one.checkVisibility() && !one.closest(".message, .modebar"))
          .map((one) => [one, one.getBoundingClientRect()])
          .filter(([one, box]) => Math.min(box.width, box.height) < 40).map(([one]) => one.outerHTML.slice(0, 99));"""
        assert script(signed_in, small) == []


def test_axe_finds_nothing_at_the_sign_in(live_server: LiveServer, browser: "Browser") -> None:
    browser.driver.get(f"{live_server.url}/login")
    for scheme in ("dark", "light"):
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        assert axe_violations(browser) == [], scheme


def test_the_keyboard_reaches_every_control_and_the_focus_is_seen(filled_page: "Browser") -> None:
    wanted = {
        "pause", "follow", "severity", "event_type", "feed-text", "frame-bell", "terminal", "Filter by bot", "Export Activity", "Export Alerts",
    }  # fmt: skip  # a list of words
    look = """const one = document.activeElement;
      return [one.id || one.dataset.feed || one.dataset.filter || one.dataset.themeChoice || one.title,
        one === document.body || getComputedStyle(one).outlineStyle !== "none", one.outerHTML.slice(0, 200)];"""
    for _ in range(150):
        filled_page.driver.switch_to.active_element.send_keys(Keys.TAB)
        name, seen, html = script(filled_page, look)
        assert seen, html
        wanted.discard(name)
        if not wanted:
            break
    assert wanted == set()
    find(filled_page, "body").send_keys("/")
    filled_page.driver.switch_to.active_element.send_keys("nothing is called so")
    wait_for_text(filled_page, Id.PANEL_ACTIVITY, "No event matches the filters")
    assert "Clear filters" in text_of(filled_page, Id.PANEL_ACTIVITY)


def test_nothing_moves_for_who_asked_for_less_motion(live_page: "Browser") -> None:
    live_page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    moving = "return [...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).animationName !== 'none').length"
    assert script(live_page, moving) == 0
