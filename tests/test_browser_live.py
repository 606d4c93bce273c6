"""What a person at the Live Monitor sees, in a real Chromium on a real server."""

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from components.ids import Id, body_of
from tests.support.page import Post, open_page, sender, text_of, wait_for_text, wait_for_word
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
EVENT = {"event_type": "ORDER", "message": "Market order executed: BUY 0.1 BTC at $50,000", "bot": "alpha-01"}
SIGNAL = {"strategy_name": "MA_Crossover", "symbol": "BTCUSDT", "signal_type": "BUY", "confidence": 0.85, "indicators": {"sma_50": 50000}}
POSITION = {"position_id": "p1", "symbol": "ETHUSDT", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "stop_loss": 1900}
ALERT = {"title": "Margin is low", "message": "12 % left on alpha-01", "severity": "WARNING"}


@pytest.fixture
def post(live_server: LiveServer) -> Post:
    return sender(live_server)


def mark_document(page: "Browser") -> None:
    """A reload would lose this mark."""
    page.driver.execute_script("window.stillTheSameDocument = true")


def is_same_document(page: "Browser") -> bool:
    return bool(page.driver.execute_script("return window.stillTheSameDocument === true"))


def test_an_empty_store_says_what_is_missing_and_which_call_fills_it(live_page: "Browser") -> None:
    for panel in (Id.PANEL_ACTIVITY, Id.PANEL_SIGNALS, Id.PANEL_POSITIONS, Id.PANEL_ALERTS):
        WebDriverWait(live_page.driver, 15).until(lambda _, panel=panel: "No " in text_of(live_page, panel))
        assert "/api/monitoring/" in text_of(live_page, panel) or "(" in text_of(live_page, panel)


def test_posted_records_appear_without_a_reload(live_page: "Browser", post: Post) -> None:
    wait_for_word(live_page, "Live")
    mark_document(live_page)
    post("/activity", EVENT)
    wait_for_text(live_page, Id.PANEL_ACTIVITY, EVENT["message"])
    post("/signals/update", SIGNAL)
    wait_for_text(live_page, Id.PANEL_SIGNALS, "BTCUSDT")
    assert "85" in text_of(live_page, Id.PANEL_SIGNALS)
    post("/positions/update", POSITION)
    wait_for_text(live_page, Id.PANEL_POSITIONS, "ETHUSDT")
    assert "+80.00" in text_of(live_page, Id.PANEL_POSITIONS)
    post("/alerts", ALERT)
    wait_for_text(live_page, Id.PANEL_ALERTS, ALERT["title"])
    assert is_same_document(live_page)


def test_a_closed_position_leaves_the_page(live_page: "Browser", post: Post) -> None:
    post("/positions/update", POSITION)
    wait_for_text(live_page, Id.PANEL_POSITIONS, "ETHUSDT")
    post("/positions/close", {"position_id": "p1", "final_pnl": 80, "final_pnl_pct": 2})
    WebDriverWait(live_page.driver, 15).until(lambda _: "ETHUSDT" not in text_of(live_page, Id.PANEL_POSITIONS))


def test_an_open_page_survives_a_killed_server_and_shows_what_came_after(live_page: "Browser", live_server: LiveServer, post: Post) -> None:
    wait_for_word(live_page, "Live")
    mark_document(live_page)
    post("/activity", {**EVENT, "message": "before the crash"})
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "before the crash")
    live_server.kill()
    wait_for_word(live_page, "Offline")
    assert "before the crash" in text_of(live_page, Id.PANEL_ACTIVITY), "the last values stay"
    live_server.start()
    wait_for_word(live_page, "Live")
    post("/activity", {**EVENT, "message": "after the restart"})
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "after the restart")
    assert "before the crash" in text_of(live_page, Id.PANEL_ACTIVITY)
    assert is_same_document(live_page)


def test_only_the_panel_whose_data_changed_is_redrawn(live_page: "Browser", post: Post) -> None:
    post("/activity", EVENT)
    post("/positions/update", POSITION)
    wait_for_text(live_page, Id.PANEL_ACTIVITY, EVENT["message"])
    wait_for_text(live_page, Id.PANEL_POSITIONS, "ETHUSDT")
    watched = [body_of(panel) for panel in (Id.PANEL_ACTIVITY, Id.PANEL_POSITIONS, Id.PANEL_SIGNALS, Id.PANEL_ALERTS)]
    live_page.driver.execute_script(
        """window.redraws = {};
        for (const id of arguments[0]) {
          window.redraws[id] = 0;
          const changes = {childList: true, subtree: true, characterData: true};
          new MutationObserver(() => { window.redraws[id] += 1; }).observe(document.getElementById(id), changes);
        }""",
        watched,
    )
    post("/activity", {**EVENT, "message": "one more event"})
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "one more event")
    redraws = live_page.driver.execute_script("return window.redraws")
    assert redraws[body_of(Id.PANEL_ACTIVITY)] > 0
    assert [redraws[id] for id in watched[1:]] == [0, 0, 0]


def test_a_page_whose_sockets_are_blocked_is_kept_up_by_the_interval(signed_in: "Browser", live_server: LiveServer, post: Post) -> None:
    signed_in.driver.execute_cdp_cmd("Network.enable", {})
    signed_in.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/socket.io/*"]})
    open_page(signed_in, live_server, "/monitoring")
    wait_for_word(signed_in, "Live")
    post("/activity", {**EVENT, "message": "seen by the heartbeat"})
    wait_for_text(signed_in, Id.PANEL_ACTIVITY, "seen by the heartbeat")


def test_what_a_bot_sends_stays_text(live_page: "Browser", post: Post) -> None:
    payload = "<img src=x onerror='window.__pwn=1'><script>window.__pwn=1</script>"
    post("/activity", {**EVENT, "message": payload, "bot": payload[:60]})
    post("/alerts", {"title": payload[:60], "message": payload, "severity": "CRITICAL"})
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "<img src=x")
    wait_for_text(live_page, Id.PANEL_ALERTS, "<img src=x")
    assert live_page.driver.execute_script("return window.__pwn === undefined")


def test_the_page_breaks_no_content_security_policy_and_logs_no_error(signed_in: "Browser", live_server: LiveServer, post: Post) -> None:
    signed_in.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {
            "source": "window.violations = []; document.addEventListener('securitypolicyviolation', "
            "broken => window.violations.push(broken.violatedDirective + ' ' + broken.blockedURI));"
        },
    )
    open_page(signed_in, live_server, "/monitoring")
    wait_for_word(signed_in, "Live")
    post("/activity", EVENT)
    wait_for_text(signed_in, Id.PANEL_ACTIVITY, EVENT["message"])
    assert signed_in.driver.current_url == f"{live_server.url}/monitoring"
    assert signed_in.driver.execute_script("return window.violations") == []
    assert signed_in.get_logs() == []


def test_signing_in_and_out_opens_and_closes_the_page_and_its_data(live_server: LiveServer, browser: "Browser") -> None:
    browser.driver.get(f"{live_server.url}/login?next=/monitoring")
    browser.find_element("input[name=username]").send_keys("admin")
    browser.find_element("input[name=password]").send_keys(ADMIN_PASSWORD)
    browser.find_element("form [type=submit]").click()
    wait_for_word(browser, "Live")
    browser.driver.get(f"{live_server.url}/logout")
    browser.find_element("form [type=submit]").click()
    browser.driver.get(f"{live_server.url}/monitoring")
    assert "/login" in browser.driver.current_url


def test_a_wrong_password_is_refused_in_plain_words(live_server: LiveServer, browser: "Browser") -> None:
    browser.driver.get(f"{live_server.url}/login")
    browser.find_element("input[name=username]").send_keys("admin")
    browser.find_element("input[name=password]").send_keys(ADMIN_PASSWORD + "x")
    browser.find_element("form [type=submit]").click()
    assert "/login" in browser.driver.current_url
    assert browser.find_element("[role=alert]").text
