"""What a person does with a chart, by mouse, finger and key: filter it, drag a range, note something, read it as a table, take a picture."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import requests
from selenium.common.exceptions import ElementClickInterceptedException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from components.ids import Id, graph_of, note_of
from tests.support.page import axe_violations, click, find, script, wait, wait_for_word
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

DRAWDOWN = f"#{Id.PANEL_DRAWDOWN}"
DRAWN = """return arguments[0].every((id) => {
  const plot = document.querySelector(`#${id} .js-plotly-plot`);
  return plot && plot._fullData && plot._fullData.length && plot.querySelector(".nsewdrag");
})"""
PHONE = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all of this, with 40 days of two strategies' trades and a balance."""
    server = LiveServer(tmp_path_factory.mktemp("charts"))
    try:
        server.start()
        headers = server.bearer("ingest", "control")
        bodies = {"monitoring/batch": {"records": trades()}, "portfolio/starting-balance": {"bot": "alpha", "starting_balance": 1000}}
        for path, body in bodies.items():
            answer = requests.post(f"{server.url}/api/{path}", json=body, headers=headers, timeout=20)
            assert answer.ok, answer.text
        yield server
    finally:
        server.kill()


def trades() -> list[dict[str, Any]]:
    made, start = [], datetime.now(UTC) - timedelta(days=40)
    for number in range(120):
        begun = start + timedelta(hours=8 * number)
        record: dict[str, Any] = {
            "kind": "trade",
            "trade_id": f"t{number}",
            "symbol": "BTC/USDT",
            "strategy": ("Trend", "Carry")[number % 2],
            "bot": "alpha",
        }
        record |= {"direction": "long", "size": 1, "entry_price": 100, "exit_price": 101, "net_pnl": (7.5, -4, 2.25, -6)[number % 4]}
        made.append(record | {"entry_time": begun.isoformat(), "exit_time": (begun + timedelta(hours=1)).isoformat()})
    return made


@pytest.fixture
def page(signed_in: "Browser") -> Iterator["Browser"]:
    """Nothing may be wrong in the console afterwards."""
    yield signed_in
    assert [line for line in signed_in.get_logs() or [] if line["level"] == "SEVERE"] == []


def visit(page: "Browser", server: LiveServer, path: str, *panels: Id) -> None:
    page.driver.get(server.url + path)
    drawn(page, *panels)
    wait_for_word(page, "Live")


def drawn(page: "Browser", *panels: Id) -> None:
    wait(page, 30).until(lambda _: script(page, DRAWN, list(panels)), f"never drawn: {panels}")


def menu(page: "Browser", panel: str, action: str) -> None:
    """Choose from a chart's menu; while charts are still coming in, what is to be clicked may move."""
    item = f"{panel} .chart-menu :is([data-chart={action}], [href*='format={action}'])"

    def chosen(_driver: object) -> bool:
        script(page, f"document.querySelector('{panel}').scrollIntoView({{block: 'center'}})")
        if not script(page, f"return document.querySelector('{panel} .chart-menu').open"):
            find(page, f"{panel} .chart-menu summary").click()
        find(page, item).click()
        return True

    WebDriverWait(page.driver, 15, ignored_exceptions=(ElementClickInterceptedException,)).until(chosen, f"no {item}")


def query(page: "Browser") -> str:
    return unquote(str(script(page, "return location.search")))


def wait_for_query(page: "Browser", expected: Callable[[str], bool]) -> None:
    wait(page).until(lambda _: expected(query(page)), f"the address stayed {query(page)}")


def shown_range(page: "Browser", panel: Id) -> list[str]:
    """Return the ends of the data that a chart shows."""
    code = f"const x = document.querySelector('#{graph_of(panel)} .js-plotly-plot')._fullData[0].x; return [x[0], x[x.length - 1]]"
    return [str(end)[:10] for end in script(page, code)]


def axis(page: "Browser", panel: Id, name: str) -> Any:
    return script(page, f"const a = document.querySelector('#{graph_of(panel)} .js-plotly-plot')._fullLayout.{name}; return [a.autorange, a.range]")


def area(page: "Browser", panel: str) -> Any:
    """Return the largest of a chart's areas, in its middle of the window."""
    areas = f"[...document.querySelectorAll('{panel} .nsewdrag')].sort((one, other) => other.getBBox().height - one.getBBox().height)[0]"
    return script(page, f"const area = {areas}; area.scrollIntoView({{block: 'center'}}); return area")


def drag(page: "Browser", panel: str, across: int, down: int = 0) -> None:
    start = ActionChains(page.driver).move_to_element(area(page, panel)).move_by_offset(-across // 2, -down // 2).click_and_hold()
    start.move_by_offset(across // 2, down // 2).move_by_offset(across - across // 2, down - down // 2).release().perform()


def flags(page: "Browser", panel: Id = Id.PANEL_DRAWDOWN) -> list[str]:
    code = f"return document.querySelector('#{graph_of(panel)} .js-plotly-plot')._fullLayout.annotations.map((one) => [one.name, one.text])"
    return [text for name, text in script(page, code) if str(name).startswith("annotation:")]


def stored(server: LiveServer) -> list[dict[str, Any]]:
    answer = requests.get(f"{server.url}/api/annotations/drawdown", headers=server.bearer("read"), timeout=10)
    return list(answer.json()["data"]["annotations"])


def saved(folder: Path, pattern: str, page: "Browser") -> Path:
    wait(page).until(lambda _: list(folder.glob(pattern)), f"no {pattern} in {list(folder.iterdir())}")
    return next(folder.glob(pattern))


def test_a_dragged_range_is_applied_to_all_of_the_page_and_a_zoom_to_its_own_chart(page: "Browser", live_server: LiveServer) -> None:
    visit(page, live_server, "/", Id.PANEL_EQUITY, Id.PANEL_DAILY, Id.PANEL_WATERFALL)
    equity, waterfall = f"#{Id.PANEL_EQUITY}", f"#{Id.PANEL_WATERFALL}"
    whole, days = (shown_range(page, panel) for panel in (Id.PANEL_EQUITY, Id.PANEL_DAILY))
    trades = find(page, f"#{note_of(Id.PANEL_LATEST_TRADES)}").text
    drag(page, equity, 200, 60)
    wait_for_query(page, lambda found: found.startswith("?brush="))
    first, last = query(page).removeprefix("?brush=").split("..")
    assert whole[0] < first < last
    wait(page).until(lambda _: days[0] < shown_range(page, Id.PANEL_DAILY)[0] and shown_range(page, Id.PANEL_EQUITY) != whole)
    wait(page).until(lambda _: find(page, f"#{note_of(Id.PANEL_LATEST_TRADES)}").text != trades, "the table never followed")
    assert [axis(page, Id.PANEL_EQUITY, name)[0] for name in ("xaxis", "yaxis")] == [True, True]
    drag(page, waterfall, 120, 40)
    wait(page).until(lambda _: axis(page, Id.PANEL_WATERFALL, "xaxis")[0] is False)
    zoomed = axis(page, Id.PANEL_WATERFALL, "xaxis")
    script(page, "document.documentElement.dataset.theme = 'light'; document.dispatchEvent(new CustomEvent('botv2:theme'))")
    assert axis(page, Id.PANEL_WATERFALL, "xaxis") == zoomed
    ActionChains(page.driver).move_to_element(area(page, equity)).double_click().perform()
    wait_for_query(page, lambda found: found == "")
    wait(page).until(lambda _: shown_range(page, Id.PANEL_EQUITY) == whole and axis(page, Id.PANEL_WATERFALL, "xaxis")[0] is True)
    drag(page, equity, 4)  # a click, by a hand that trembles: a trade may lie there
    assert query(page) == ""
    script(page, "document.querySelectorAll('dialog[open]').forEach((one) => one.close())")
    menu(page, equity, "range")
    fields = [find(page, f"#{Id.CHART_RANGE} [name={name}]") for name in ("start", "end")]
    assert [field.get_attribute("value")[:10] for field in fields] == whole
    for field, text in zip(fields, (f"{first[:10]}T00:00", "2020-01-01T00:00"), strict=True):
        script(page, "arguments[0].value = arguments[1]", field, text)
    fields[0].send_keys(Keys.ENTER)
    wait(page).until(lambda _: "must lie before" in find(page, f"#{Id.CHART_RANGE} .fault").text)
    assert axe_violations(page) == []
    script(page, "arguments[0].value = arguments[1]", fields[1], f"{last[:10]}T00:00")
    fields[0].send_keys(Keys.ENTER)
    wait_for_query(page, lambda found: found == f"?brush={first[:10]}T00:00:00Z..{last[:10]}T00:00:00Z")
    assert "Equity" in script(page, "return document.activeElement.title"), "the focus comes back"


def test_a_finger_drags_a_range_across_scrolls_the_page_up_and_taps_a_moment(page: "Browser", live_server: LiveServer) -> None:
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    visit(page, live_server, "/risk", Id.PANEL_DRAWDOWN)

    def middle(selector: str) -> tuple[float, float]:
        script(page, f"document.querySelector('{DRAWDOWN}').scrollIntoView({{block: 'center'}})")
        box = script(page, f"return document.querySelector('{selector}').getBoundingClientRect()")
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def swipe(x: float, y: float, across: int, down: int) -> None:
        points = [(x + across * step / 10, y + down * step / 10) for step in range(11)]
        for kind, point in (("touchStart", points[0]), *(("touchMove", point) for point in points[1:])):
            page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]})
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    at = middle(f"{DRAWDOWN} .nsewdrag")
    before = script(page, "return scrollY")
    swipe(*at, 0, -150)
    wait(page).until(lambda _: script(page, "return scrollY") > before)
    assert query(page) == ""
    swipe(*middle(f"{DRAWDOWN} .nsewdrag"), 90, 2)
    wait_for_query(page, lambda found: found.startswith("?brush="))
    page.driver.back()
    wait_for_query(page, lambda found: found == "")
    drawn(page, Id.PANEL_DRAWDOWN)
    menu(page, DRAWDOWN, "annotate")
    swipe(*middle(f"{DRAWDOWN} .chart-pick"), 0, 0)
    wait(page).until(lambda _: find(page, f"#{Id.CHART_NOTE}").is_displayed())
    assert script(page, "return document.documentElement.scrollWidth") == 360
    assert axe_violations(page) == []
    small = """return [...document.querySelectorAll("dialog[open] :is(button, input, select, a)")].map((one) => [one, one.getBoundingClientRect()])
      .filter(([, box]) => box.width && Math.min(box.width, box.height) < 40).map(([one]) => one.outerHTML.slice(0, 99));"""
    assert script(page, small) == []


def test_a_note_is_made_seen_in_other_pages_at_once_changed_deleted_and_brought_back(page: "Browser", live_server: LiveServer) -> None:
    driver = page.driver
    visit(page, live_server, "/risk", Id.PANEL_DRAWDOWN)
    mine = driver.current_window_handle
    driver.switch_to.new_window("window")
    visit(page, live_server, "/risk", Id.PANEL_DRAWDOWN)
    other = driver.current_window_handle
    driver.switch_to.window(mine)
    menu(page, DRAWDOWN, "annotate")
    assert find(page, ".chart-pick-bar").text.startswith("Choose the moment")
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert script(page, "return document.querySelector('.chart-pick') === null")
    menu(page, DRAWDOWN, "annotate")
    ActionChains(driver).move_to_element(find(page, ".chart-pick")).move_by_offset(-30, 20).click().perform()
    click(page, f"#{Id.CHART_NOTE} .btn-main")
    wait(page).until(lambda _: "text is needed" in find(page, f"#{Id.CHART_NOTE} .fault").text)
    assert axe_violations(page) == []
    find(page, f"#{Id.CHART_NOTE} [name=text]").send_keys("Rates <b>rise</b>")
    click(page, f"#{Id.CHART_NOTE} .btn-main")
    wait(page).until(lambda _: flags(page) == ["1"])
    note = stored(live_server)[0]
    assert (note["text"], note["type"], note["user"]) == ("Rates <b>rise</b>", "custom", "admin")
    first, last = shown_range(page, Id.PANEL_DRAWDOWN)
    assert first < note["date"][:10] < last
    driver.switch_to.window(other)
    wait(page).until(lambda _: flags(page) == ["1"], "the other page never heard of it")
    menu(page, DRAWDOWN, "table")
    click(page, f"#{Id.CHART_TABLE} [data-annotation=edit]")
    field = find(page, f"#{Id.CHART_NOTE} [name=text]")
    field.clear()
    field.send_keys("Rates rise again")
    click(page, f"#{Id.CHART_NOTE} .btn-main")
    wait(page).until(lambda _: stored(live_server)[0]["text"] == "Rates rise again")
    wait(page).until(lambda _: "again" in find(page, f"#{Id.CHART_TABLE} .chart-notes").text)
    click(page, f"#{Id.CHART_TABLE} [data-annotation=delete]")
    wait(page).until(lambda _: not stored(live_server))
    wait(page).until(lambda _: flags(page) == [])
    click(page, ".undo .btn-line")
    wait(page).until(lambda _: [one["text"] for one in stored(live_server)] == ["Rates rise again"])
    driver.switch_to.window(mine)
    wait(page).until(lambda _: flags(page) == ["1"])
    click(page, f"{DRAWDOWN} .annotation:last-child .annotation-text-g")
    wait(page).until(lambda _: "Rates rise again" in find(page, f"#{Id.DETAIL}").text)
    script(page, "document.getElementById(arguments[0]).close(); document.querySelector('.app').classList.remove('may-control')", Id.DETAIL)
    click(page, f"{DRAWDOWN} .chart-menu summary")
    assert find(page, f"{DRAWDOWN} [data-chart=table]").is_displayed()
    assert not find(page, f"{DRAWDOWN} [data-chart=annotate]").is_displayed(), "who may change nothing"


def test_a_chart_is_filtered_by_a_dialog_shows_it_as_pills_and_keeps_sets_of_filters(page: "Browser", live_server: LiveServer) -> None:
    visit(page, live_server, "/", Id.PANEL_WATERFALL, Id.PANEL_DAILY)
    waterfall, dialog = f"#{Id.PANEL_WATERFALL}", f"#{Id.CHART_FILTERS}"
    wait(page).until(lambda _: script(page, "return botv2Choices().strategies.length === 2"))
    other = script(page, f"return document.querySelector('#{graph_of(Id.PANEL_DAILY)} .js-plotly-plot')._fullData[0].y.join()")
    menu(page, waterfall, "filter")
    for name, value in (("min_pnl", "three"), ("max_pnl", "2")):
        find(page, f"{dialog} [name={name}]").send_keys(value)
    click(page, f"{dialog} .btn-main")
    wait(page).until(lambda _: find(page, f"{dialog} .fault").text == "P&L: “three” is no number")
    field = find(page, f"{dialog} [name=min_pnl]")
    field.clear()
    field.send_keys("3")
    click(page, f"{dialog} .btn-main")
    wait(page).until(lambda _: "the least is more" in find(page, f"{dialog} .fault").text)
    find(page, f"{dialog} [name=max_pnl]").clear()
    click(page, f"{dialog} input[value=Trend]")
    find(page, f"{dialog} [name=range]").send_keys("90")
    find(page, f"{dialog} [name=preset]").send_keys("Good ones", Keys.ENTER)
    wait(page).until(lambda _: "Good ones" in find(page, f"{dialog} .preset-list").text)
    assert axe_violations(page) == []
    click(page, f"{dialog} .btn-main")
    wait_for_query(page, lambda found: found == "?waterfall.range=90d&waterfall.strategy=Trend&waterfall.min_pnl=3")
    pills = f"return [...document.querySelectorAll('{waterfall} .chart-pill')].map((one) => one.textContent)"
    assert script(page, pills) == ["90 days", "Strategies: Trend", "P&L at least 3", "Clear"]
    earned = f"return document.querySelector('#{graph_of(Id.PANEL_WATERFALL)} .js-plotly-plot')._fullData[0].y"
    wait(page).until(lambda _: 60 * 7.5 / 2 in [round(value or 0, 2) for value in script(page, earned)])
    assert script(page, f"return document.querySelector('#{graph_of(Id.PANEL_DAILY)} .js-plotly-plot')._fullData[0].y.join()") == other
    click(page, f"{waterfall} .chart-pill[aria-label*=Strategies]")
    wait_for_query(page, lambda found: "strategy" not in found and "min_pnl" in found)
    page.driver.refresh()
    drawn(page, Id.PANEL_WATERFALL)
    wait(page).until(lambda _: script(page, pills) == ["90 days", "P&L at least 3", "Clear"])
    click(page, f"{waterfall} .chart-pill.clear")
    wait_for_query(page, lambda found: found == "")
    menu(page, f"#{Id.PANEL_PERFORMANCE}", "filter")  # another chart that knows these filters
    click(page, f"{dialog} .preset .btn-line")
    click(page, f"{dialog} .btn-main")
    wait_for_query(page, lambda found: found == "?performance.range=90d&performance.strategy=Trend&performance.min_pnl=3")
    menu(page, f"#{Id.PANEL_DAILY}", "filter")  # one that does not
    wait(page).until(lambda _: script(page, f"return document.querySelector('{dialog} [data-field=min_pnl]').hidden"))
    assert page.driver.find_elements("css selector", f"{dialog} .preset") == []


def test_a_chart_is_read_as_a_table_and_saved_as_file_and_picture(page: "Browser", live_server: LiveServer, tmp_path: Path) -> None:
    page.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    visit(page, live_server, "/?range=7d", Id.PANEL_DAILY, Id.PANEL_PERFORMANCE, Id.PANEL_EQUITY)
    names = {panel: find(page, f"#{panel} .chart").get_attribute("aria-label") for panel in (Id.PANEL_DAILY, Id.PANEL_EQUITY)}
    assert names[Id.PANEL_DAILY] == "Daily returns: daily return, % by day, UTC"
    assert re.fullmatch(r"Equity: equity, USD.*; drawdown, % by time, UTC, now [\d.,]+.*", names[Id.PANEL_EQUITY])
    summary = find(page, f"#{Id.PANEL_PERFORMANCE} .chart-menu summary")
    summary.send_keys(Keys.ENTER)
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.text == "Show as table"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    wait(page).until(lambda _: find(page, f"#{Id.CHART_TABLE} .table-count").text == "2 rows")
    assert {row.text for row in page.driver.find_elements("css selector", ".rows-table tbody .link")} == {"Trend", "Carry"}
    assert axe_violations(page) == []
    find(page, ".rows-table tbody .link").send_keys(Keys.ENTER)
    wait(page).until(lambda _: find(page, f"#{Id.DETAIL}").is_displayed())
    for _ in range(2):
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    wait(page).until(lambda _: script(page, "return document.querySelector('dialog[open]') === null"))
    assert script(page, "return document.activeElement === arguments[0]", summary)
    menu(page, f"#{Id.PANEL_DAILY}", "csv")
    assert 7 <= len(saved(tmp_path, "daily.csv", page).read_text().splitlines()) - 1 <= 8
    menu(page, f"#{Id.PANEL_EQUITY}", "svg")
    picture = saved(tmp_path, "botv2-equity-*.svg", page).read_text()
    for words in ("Equity", "7 days, as of ", "time, UTC", "equity, USD"):
        assert words in picture
    assert "rgb(255, 255, 255)" in picture, "light, whatever the page's theme"
    script(page, "document.documentElement.dataset.amounts = 'hidden'; document.dispatchEvent(new CustomEvent('botv2:theme'))")
    plot = f"document.querySelector('#{graph_of(Id.PANEL_EQUITY)} .js-plotly-plot')"
    wait(page).until(lambda _: script(page, f"return {plot}.querySelectorAll('.ytick text').length") == 0)
    assert script(page, f"return {plot}.querySelectorAll('.y2tick text').length") > 0, "percentages are no amounts"
    assert not [
        text
        for text in script(page, f"return [...{plot}.querySelectorAll('.annotation-text')].map((one) => one.textContent)")
        if "," in text.replace("Drawdown, %", "")
    ]
    assert "now" not in find(page, f"#{Id.PANEL_EQUITY} .chart").get_attribute("aria-label")
    menu(page, f"#{Id.PANEL_EQUITY}", "png")
    image = saved(tmp_path, "botv2-equity-*.png", page).read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (1200, 675)
