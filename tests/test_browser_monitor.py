"""The Live Monitor as a person uses it: filters, pause, history, staleness, charts, alerts, exports; and the settings."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from components.ids import Id, body_of, graph_of
from tests.support.page import API, Post, click, find, open_page, script, sender, wait, wait_for_text, wait_for_word
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
EVENT = {"event_type": "ORDER", "message": "bought", "bot": "alpha"}
POSITION = {"position_id": "p1", "symbol": "ETHUSDT", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "bot": "alpha"}
SIGNAL = {"strategy_name": "MA", "symbol": "BTCUSDT", "signal_type": "BUY", "confidence": 0.85, "indicators": {"sma_50": 50000}, "bot": "alpha"}
ALERT = {"title": "Margin is low", "message": "12 % left", "severity": "WARNING", "bot": "alpha"}
BODY = f"#{body_of(Id.PANEL_ACTIVITY)}"
ROWS = f"return [...document.querySelectorAll('{BODY} .message')].map((row) => row.textContent)"


@pytest.fixture
def post(live_server: LiveServer) -> Post:
    return sender(live_server)


def post_many(server: LiveServer, records: list[dict[str, Any]]) -> None:
    answer = requests.post(f"{server.url}{API}/batch", json={"records": records}, headers=server.bearer("ingest"), timeout=10)
    assert answer.ok, answer.text


def rows(page: "Browser") -> list[str]:
    return list(script(page, ROWS))


def wait_for_rows(page: "Browser", expected: list[str]) -> None:
    wait(page).until(lambda _: rows(page) == expected, f"the feed never showed {expected}, but {rows(page)[:5]}")


def charts_drawn(page: "Browser") -> None:
    wait(page).until(
        lambda _: script(
            page, "return [...document.querySelectorAll('.js-plotly-plot')].filter((one) => one._fullData && one._fullData.length).length === 2"
        )
    )


def test_the_feed_is_filtered_by_severity_type_bot_and_text_and_the_url_keeps_it(
    live_page: "Browser", live_server: LiveServer, post: Post, tmp_path: Path
) -> None:
    post("/activity", EVENT | {"message": "first order"})
    post("/activity", EVENT | {"message": "second order", "severity": "WARNING"})
    post("/activity", EVENT | {"message": "heartbeat lost", "severity": "ERROR", "event_type": "SYSTEM", "bot": "beta"})
    wait_for_rows(live_page, ["heartbeat lost", "second order", "first order"])
    assert "1" in find(live_page, "[data-filter=severity][data-value=WARNING]").text
    click(live_page, "[data-filter=severity][data-value=WARNING]")
    wait_for_rows(live_page, ["second order"])
    click(live_page, "[data-filter=severity][data-value=ERROR]")
    wait_for_rows(live_page, ["heartbeat lost", "second order"])
    assert live_page.driver.current_url.endswith("?severity=WARNING,ERROR")
    click(live_page, ".bots summary")
    click(live_page, ".bots [data-value=beta]")
    wait_for_rows(live_page, ["heartbeat lost"])
    live_page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    click(live_page, f"#{Id.PANEL_ACTIVITY} [title^=Export]")
    click(live_page, f"#{Id.PANEL_ACTIVITY} .pop a[href*='format=csv']")
    wait(live_page).until(lambda _: (tmp_path / "activity.csv").exists())
    exported = (tmp_path / "activity.csv").read_text()
    assert "heartbeat lost" in exported
    assert "order" not in exported
    live_page.driver.refresh()
    wait_for_rows(live_page, ["heartbeat lost"])
    assert find(live_page, "[data-filter=severity][data-value=INFO]").get_attribute("aria-pressed") == "false"
    live_page.driver.back()
    wait_for_rows(live_page, ["heartbeat lost", "second order"])
    find(live_page, "body").send_keys("/")
    live_page.driver.switch_to.active_element.send_keys("no such words")
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "No event matches the filters")
    post("/activity", EVENT | {"message": "no such words, yet here they are", "severity": "ERROR"})
    wait_for_rows(live_page, ["no such words, yet here they are"])
    live_page.driver.switch_to.active_element.send_keys(*[Keys.BACKSPACE] * 13, "zzz", Keys.TAB)
    click(live_page, "[data-feed=clear-filters]")
    wait(live_page).until(lambda _: len(rows(live_page)) == 4)
    assert live_page.driver.current_url == f"{live_server.url}/monitoring"
    assert find(live_page, "#feed-text").get_attribute("value") == ""


def test_the_feed_pauses_reaches_back_and_keeps_its_place_while_new_rows_arrive(live_page: "Browser", live_server: LiveServer, post: Post) -> None:
    post_many(live_server, [{"kind": "event", **EVENT, "message": f"event {number}"} for number in range(130)])
    wait(live_page).until(lambda _: rows(live_page)[:1] == ["event 129"])
    click(live_page, "[data-feed=pause]")
    post("/activity", EVENT | {"message": "while paused"})
    wait(live_page).until(lambda _: find(live_page, "[data-feed=pause]").text == "1 new, resume")
    assert rows(live_page)[0] == "event 129"
    click(live_page, "[data-feed=pause]")
    wait(live_page).until(lambda _: rows(live_page)[0] == "while paused")
    for _ in range(8):  # each time to the end of what is there, as with a wheel
        script(live_page, f"const feed = document.querySelector('{BODY}'); feed.scrollTop = feed.scrollHeight")
        time.sleep(0.3)
    wait(live_page).until(lambda _: rows(live_page)[-1] == "event 0")
    assert rows(live_page) == ["while paused", *(f"event {number}" for number in reversed(range(130)))]
    assert find(live_page, "[data-feed=follow]").get_attribute("aria-pressed") == "false"
    script(live_page, f"document.querySelector('{BODY}').scrollTop = 3000")
    seen = f"""const feed = document.querySelector('{BODY}'); const top = feed.getBoundingClientRect().top;
      return [...feed.querySelectorAll('.entry')].filter((row) => row.getBoundingClientRect().top >= top)[0]"""
    before = script(live_page, f"{seen}.getBoundingClientRect().top"), script(live_page, f"{seen}.textContent")
    post("/activity", EVENT | {"message": "on top"})
    wait(live_page).until(lambda _: rows(live_page)[0] == "on top")
    assert script(live_page, f"{seen}.getBoundingClientRect().top") == pytest.approx(before[0], abs=1), "rows may have a fraction of a pixel"
    assert script(live_page, f"{seen}.textContent") == before[1]
    assert len(rows(live_page)) == 132
    click(live_page, "[data-feed=follow]")
    assert script(live_page, f"return document.querySelector('{BODY}').scrollTop") == 0
    click(live_page, f"[data-post='{API}/activity/clear']")
    click(live_page, "[data-answer=yes]")
    wait_for_text(live_page, Id.PANEL_ACTIVITY, "No events yet")
    assert "Activity log cleared" in find(live_page, ".toasts").text


def test_an_update_redraws_only_what_changed_charts_included(live_page: "Browser", post: Post) -> None:
    post("/activity", EVENT)
    post("/positions/update", POSITION)
    post("/signals/update", SIGNAL)
    post("/alerts", ALERT)
    wait_for_text(live_page, Id.PANEL_ALERTS, ALERT["title"])
    charts_drawn(live_page)
    time.sleep(2.5)  # the charts follow once a second, the feeds every two
    watched = [body_of(panel) for panel in (Id.PANEL_ACTIVITY, Id.PANEL_POSITIONS, Id.PANEL_SIGNALS, Id.PANEL_ALERTS)]
    graphs = [graph_of(panel) for panel in (Id.PANEL_PNL, Id.PANEL_MINUTES)]
    script(
        live_page,
        """window.redraws = {};
        for (const id of arguments[0]) {
          window.redraws[id] = 0;
          new MutationObserver((changes) => {
            if (changes.some((change) => change.type !== "attributes")) window.redraws[id] += 1;
          }).observe(document.getElementById(id), {childList: true, subtree: true, characterData: true});
        }
        for (const id of arguments[1]) {
          window.redraws[id] = 0;
          document.querySelector(`#${id} .js-plotly-plot`).on("plotly_afterplot", () => { window.redraws[id] += 1; });
        }""",
        watched,
        graphs,
    )
    script(live_page, f"getSelection().selectAllChildren(document.querySelector('#{body_of(Id.PANEL_SIGNALS)} .sym'))")
    post("/signals/update", SIGNAL | {"confidence": 0.5})
    wait_for_text(live_page, Id.PANEL_SIGNALS, "50")
    assert script(live_page, "return getSelection().toString()") == SIGNAL["symbol"]
    time.sleep(1.5)
    redraws = script(live_page, "return window.redraws")
    assert [id for id, times in redraws.items() if times] == [body_of(Id.PANEL_SIGNALS)]
    post("/positions/update", POSITION | {"current_price": 2060})
    wait(live_page).until(lambda _: script(live_page, "return window.redraws[arguments[0]]", graphs[0]) > 0)
    wait(live_page).until(lambda _: "+120.00" in find(live_page, f"#{Id.PANEL_PNL}").text)
    redraws = script(live_page, "return window.redraws")
    assert redraws[body_of(Id.PANEL_ACTIVITY)] == redraws[body_of(Id.PANEL_ALERTS)] == redraws[graphs[1]] == 0


def test_a_theme_changes_the_charts_at_once_and_a_zoom_outlives_a_push(live_page: "Browser", post: Post) -> None:
    post("/activity", EVENT)
    post("/positions/update", POSITION)
    charts_drawn(live_page)
    wait_for_word(live_page, "Live")
    colour = f"return document.querySelector('#{graph_of(Id.PANEL_PNL)} .scatterlayer .js-line').style.stroke"
    dark = script(live_page, colour)
    script(
        live_page,
        "window.asked = []; const real = window.fetch;"
        " window.fetch = (...all) => { window.asked.push(String(all[0].url || all[0])); return real(...all); };",
    )
    click(live_page, ".top [data-theme-choice=light]")
    wait(live_page).until(lambda _: script(live_page, colour) != dark)
    assert [url for url in script(live_page, "return window.asked") if "pulse" not in url] == []
    graph = f"document.querySelector('#{graph_of(Id.PANEL_PNL)} .js-plotly-plot')"
    plot = find(live_page, f"#{graph_of(Id.PANEL_PNL)} .nsewdrag")
    ActionChains(live_page.driver).move_to_element(plot).move_by_offset(-60, -25).click_and_hold().move_by_offset(90, 40).release().perform()
    wait(live_page).until(lambda _: script(live_page, f"return {graph}._fullLayout.yaxis.autorange") is False)
    zoomed = script(live_page, f"return [{graph}._fullLayout.xaxis.range, {graph}._fullLayout.yaxis.range]")
    post("/positions/update", POSITION | {"current_price": 2060})
    wait(live_page).until(lambda _: "now +120.00" in find(live_page, f"#{Id.PANEL_PNL} .chart").get_attribute("aria-label"))
    time.sleep(0.5)  # time to be drawn
    assert script(live_page, f"return [{graph}._fullLayout.xaxis.range, {graph}._fullLayout.yaxis.range]") == zoomed
    assert "P&L of open positions" in find(live_page, f"#{Id.PANEL_PNL} .chart").get_attribute("aria-label")


def test_what_falls_silent_turns_stale_and_comes_back_and_so_does_all_when_the_server_is_gone(
    live_page: "Browser", live_server: LiveServer, post: Post
) -> None:
    beat = EVENT | {"event_type": "SYSTEM", "message": "up", "metadata": {"heartbeat_seconds": 1}}
    post("/activity", beat)
    post("/positions/update", POSITION)
    post("/positions/update", POSITION | {"bot": "demo-trend", "symbol": "BTCUSDT"})
    wait_for_text(live_page, Id.PANEL_POSITIONS, "ETHUSDT")
    assert not find(live_page, f"#{Id.PANEL_POSITIONS} .stale-chip").is_displayed()
    wait(live_page).until(lambda _: find(live_page, f"#{Id.DEMO}").is_displayed())
    wait(live_page).until(lambda _: "silent 0:0" in find(live_page, ".feeds").text)
    assert script(live_page, "return document.querySelectorAll('.positions .silent').length") == 1
    assert not find(live_page, f"#{Id.PANEL_POSITIONS} .stale-chip").is_displayed(), "one of its bots is well"
    post("/signals/update", SIGNAL)
    wait(live_page).until(lambda _: script(live_page, "return document.querySelectorAll('.silent').length") == 0)
    chip = f"#{Id.PANEL_SIGNALS} .stale-chip"
    wait(live_page).until(lambda _: "Stale since" in find(live_page, chip).text)
    assert "3 s are allowed" in find(live_page, f"#{Id.PANEL_SIGNALS} .stale-line").text
    live_server.kill()
    wait(live_page, 30).until(lambda _: script(live_page, "return document.querySelectorAll('section.stale').length") == 7)
    assert "No connection for" in find(live_page, f"#{Id.PANEL_ALERTS} .stale-line").text
    live_server.start()
    wait(live_page, 30).until(lambda _: not find(live_page, f"#{Id.PANEL_POSITIONS} .stale-chip").is_displayed())


def test_alerts_are_counted_toasted_and_notified_once_and_only_after_the_button(signed_in: "Browser", live_server: LiveServer, post: Post) -> None:
    driver = signed_in.driver
    driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {
            "source": """window.shown = []; window.asks = 0;
            window.Notification = class { constructor(title, options) { window.shown.push(title + "|" + options.tag); } };
            window.Notification.permission = "default";
            window.Notification.requestPermission = async () => {
              window.asks += 1; window.Notification.permission = "granted"; return "granted";
            };"""
        },
    )
    open_page(signed_in, live_server, "/monitoring")
    wait_for_word(signed_in, "Live")
    post("/alerts", ALERT)
    wait(signed_in).until(lambda _: find(signed_in, f"#{Id.BELL} .count").text == "1")
    wait(signed_in).until(lambda _: ALERT["title"] in find(signed_in, ".toasts").text)
    assert script(signed_in, "return [window.asks, window.shown.length]") == [0, 0]
    switch = f"#{Id.PANEL_ALERTS} [data-switch=notifications]"
    click(signed_in, switch)
    wait(signed_in).until(lambda _: find(signed_in, switch).get_attribute("aria-pressed") == "true")
    for number in range(5):
        post("/alerts", ALERT | {"title": f"Alert {number}", "severity": "CRITICAL"})
    wait(signed_in).until(lambda _: len(script(signed_in, "return window.shown")) == 5)
    assert len(set(script(signed_in, "return window.shown"))) == 5
    wait(signed_in).until(lambda _: "more" in find(signed_in, ".toasts").text)
    assert len(driver.find_elements(By.CSS_SELECTOR, ".toast-card")) == 3
    click(signed_in, f"#{Id.BELL}")
    wait(signed_in).until(lambda _: not find(signed_in, f"#{Id.BELL} .badge-count").is_displayed())
    driver.refresh()
    wait_for_word(signed_in, "Live")
    time.sleep(0.5)
    assert not find(signed_in, f"#{Id.BELL} .badge-count").is_displayed()
    assert script(signed_in, "return window.asks") == 0


def test_a_token_made_in_the_settings_works_is_shown_once_and_can_be_revoked(live_page: "Browser", live_server: LiveServer, post: Post) -> None:
    post("/activity", EVENT | {"bot": "demo-trend", "message": "simulated"})
    click(live_page, ".menu a[href='/settings']")
    wait(live_page).until(lambda _: live_page.driver.find_elements(By.CSS_SELECTOR, ".tokens"))
    click(live_page, f"#{Id.ACCESS_CREATE}")
    wait(live_page).until(lambda _: "name must have" in find(live_page, f"#{Id.ACCESS_MADE}").text)
    find(live_page, f"#{Id.ACCESS_NAME}").send_keys("my bot")
    find(live_page, f"#{Id.ACCESS_BOT}").send_keys("mine")
    click(live_page, f"#{Id.ACCESS_CREATE}")
    wait(live_page).until(lambda _: "import connect" in find(live_page, f"#{Id.ACCESS_MADE}").text)
    token = find(live_page, f"#{Id.ACCESS_MADE} pre").text
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(f"{live_server.url}{API}/activity", json=EVENT | {"bot": "mine"}, headers=headers, timeout=10).status_code == 201
    assert requests.get(f"{live_server.url}{API}/activity", headers=headers, timeout=10).status_code == 403
    live_page.driver.refresh()
    wait(live_page).until(lambda _: "my bot" in find(live_page, f"#{Id.ACCESS_LIST}").text)
    assert token not in live_page.driver.page_source
    click(live_page, "[aria-label='Revoke my bot']")
    click(live_page, "[data-answer=yes]")
    wait(live_page).until(lambda _: "revoked" in find(live_page, f"#{Id.ACCESS_LIST}").text)
    wait(live_page).until(lambda _: requests.post(f"{live_server.url}{API}/activity", json=EVENT, headers=headers, timeout=10).status_code == 401)
    wait(live_page).until(lambda _: find(live_page, f"#{Id.DEMO}").is_displayed())
    click(live_page, f"[data-post='{API}/demo/remove']")
    click(live_page, "[data-answer=yes]")
    wait(live_page).until(lambda _: not find(live_page, f"#{Id.DEMO}").is_displayed())
    click(live_page, ".menu a[href='/monitoring']")
    wait(live_page).until(lambda _: rows(live_page) and "simulated" not in rows(live_page))
