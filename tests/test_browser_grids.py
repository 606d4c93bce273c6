"""The tables as a person uses them, in a real Chromium on a real server."""

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.keys import Keys

from bench import million
from bench.rows import Sizes
from components.ids import Id, grid_of, note_of
from data.desk import Desk
from data.records import TradeIn
from data.settings import Settings
from tests.support.page import axe_violations, click, find, open_page, script, sender, text_of, wait
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
STRATEGIES = ("trend", "grid", "carry")
POSITION = {"symbol": "ETHUSDT", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "stop_loss": 1900, "bot": "alpha"}


def trade(number: int) -> TradeIn:
    entered, left = (f"2025-03-{1 + number // 23:02}T{number % 23 + more:02}:00:00Z" for more in (0, 1))
    fields = {"trade_id": f"t{number}", "symbol": ("BTC/USDT", "ETH/USDT")[number % 2], "strategy": STRATEGIES[number % 3], "direction": "long"}
    return TradeIn.model_validate(fields | {"size": 1, "entry_price": 100, "exit_price": 90 + number % 37, "entry_time": entered, "exit_time": left})


@pytest.fixture
def a_few(settings: Settings) -> None:
    desk = Desk.open(settings)
    desk.journal.append([trade(number) for number in range(300)], bot="alpha")
    desk.close()


@pytest.fixture
def many(settings: Settings) -> None:
    million.fill(str(settings.store_url), Sizes(trades=20_000, candles=10, records=21_000))


def shown(page: "Browser", panel: Id = Id.PANEL_TRADES) -> dict[int, list[str]]:
    """Return the texts of the rows that are there, by their places in the table."""
    rows = script(
        page,
        """return [...document.querySelectorAll(`#${arguments[0]} .ag-center-cols-container .ag-row`)].map((row) => [
          Number(row.getAttribute("row-index")), [...row.querySelectorAll(".ag-cell")].map((cell) => cell.textContent)])""",
        grid_of(panel),
    )
    return {place: cells for place, cells in rows if any(cells)}


def wait_for_rows(page: "Browser", first: str = "", panel: Id = Id.PANEL_TRADES) -> dict[int, list[str]]:
    """Wait until the table's first row holds a text, and return the rows."""
    wait(page, 30).until(lambda _: first in "|".join(shown(page, panel).get(0, [])) and 0 in shown(page, panel), f"no first row with {first!r}")
    return shown(page, panel)


def said(page: "Browser", path: str) -> Any:
    """Return what REST answers to the person who is signed in."""
    return page.driver.execute_async_script("const done = arguments[1]; fetch(arguments[0]).then((answer) => answer.text()).then(done)", path)


def head(page: "Browser", column: str) -> str:
    return f"#{Id.PANEL_TRADES} .ag-header-cell[col-id={column}]"


def note(page: "Browser") -> str:
    return str(find(page, f"#{note_of(Id.PANEL_TRADES)}").text)


def focused(page: "Browser") -> Any:
    return page.driver.switch_to.active_element


def trades(page: "Browser", query: str) -> Any:
    """Return what REST answers to the person about trades."""
    return json.loads(said(page, f"/api/trades?{query}"))["data"]


def test_a_long_table_is_sorted_filtered_and_exported_whole_and_its_last_row_can_be_reached(
    many: None, signed_in: "Browser", live_server: LiveServer
) -> None:
    def shows_the_same(rows: dict[int, list[str]], query: str) -> None:
        found = trades(signed_in, f"limit=5&{query}")["trades"]
        assert [rows[place][1] for place in range(5)] == [one["symbol"] for one in found]
        assert [rows[place][3] for place in range(5)] == [one["strategy"] for one in found]

    open_page(signed_in, live_server, "/trades?range=all")
    shows_the_same(wait_for_rows(signed_in), "")
    assert "20,000 trades" in note(signed_in)
    best, worst = (trades(signed_in, f"limit=1&sort={sort}")["trades"][0]["net_pnl"] for sort in ("-net_pnl", "net_pnl"))
    click(signed_in, f"{head(signed_in, 'net_pnl')} .ag-header-cell-label")
    shows_the_same(wait_for_rows(signed_in, f"+{best:.2f}"), "sort=-net_pnl")
    assert "trades.sort=-net_pnl" in signed_in.driver.current_url
    script(signed_in, f"dash_ag_grid.getApi('{grid_of(Id.PANEL_TRADES)}').ensureIndexVisible(19999)")
    wait(signed_in).until(lambda _: 19_999 in shown(signed_in), "the last row never came")
    assert worst is None, "what is open has no result yet, and stands last"
    assert "Open" in shown(signed_in)[19_999]

    click(signed_in, f"{head(signed_in, 'symbol')} .ag-header-cell-filter-button")
    wait(signed_in).until(lambda _: focused(signed_in).get_attribute("type") == "text")
    assert axe_violations(signed_in) == []
    focused(signed_in).send_keys("btc")
    total = trades(signed_in, "symbol=BTC/USDT")["total"]
    wait(signed_in).until(lambda _: f"{total:,} trades" in note(signed_in))
    focused(signed_in).send_keys(Keys.ESCAPE)
    shows_the_same(wait_for_rows(signed_in, "BTC/USDT"), "sort=-net_pnl&symbol=BTC/USDT")
    link = find(signed_in, f"#{Id.PANEL_TRADES} a[href*='format=csv']").get_attribute("href")
    assert said(signed_in, link).count("\n") == total + 1

    shared = signed_in.driver.current_url
    signed_in.driver.back()
    wait(signed_in).until(lambda _: "20,000 trades" in note(signed_in))
    signed_in.driver.get(shared)
    shows_the_same(wait_for_rows(signed_in, "BTC/USDT"), "sort=-net_pnl&symbol=BTC/USDT")
    assert f"{total:,} trades" in note(signed_in)
    click(signed_in, f"#{Id.PANEL_TRADES} .chart-pill")
    wait(signed_in).until(lambda _: "20,000 trades" in note(signed_in))
    open_page(signed_in, live_server, "/trades?range=all&trades.symbol_has=nobody")
    wait(signed_in).until(lambda _: "Clear filters" in text_of(signed_in, Id.PANEL_TRADES))
    assert signed_in.get_logs() == []


def titles(page: "Browser") -> list[str]:
    """Return the names of the columns as they stand, from left to right."""
    cells = "[...document.querySelectorAll(`#${arguments[0]} .ag-header-cell`)]"
    order = ".sort((one, other) => one.getAttribute('aria-colindex') - other.getAttribute('aria-colindex')).map((cell) => cell.textContent.trim())"
    return list(script(page, f"return {cells}{order}", grid_of(Id.PANEL_TRADES)))


def choose_column(page: "Browser", name: str) -> None:
    menu = f"#{Id.PANEL_TRADES} .columns-menu"
    script(page, f"document.querySelector('{menu}').open = true")
    labels = page.driver.find_elements("css selector", f"{menu} label")
    next(label for label in labels if label.text == name).click()


def test_the_choice_of_columns_belongs_to_the_person(a_few: None, signed_in: "Browser", live_server: LiveServer) -> None:
    open_page(signed_in, live_server, "/trades?range=all")
    wait_for_rows(signed_in)
    first = titles(signed_in)
    choose_column(signed_in, "Bot")
    choose_column(signed_in, "Status")
    script(signed_in, f"dash_ag_grid.getApi('{grid_of(Id.PANEL_TRADES)}').setFocusedHeader('symbol')")
    focused(signed_in).send_keys(Keys.SHIFT, Keys.ARROW_RIGHT)
    wanted = [name for name in first if name != "Status"]
    wanted[1:3] = ["Side", "Symbol"]
    wanted.insert(wanted.index("Strategy") + 1, "Bot")
    wait(signed_in).until(lambda _: titles(signed_in) == wanted, str(wanted))
    kept = "return fetch('/api/preferences').then((answer) => answer.json()).then((said) => said.data.preferences.columns?.trades)"
    wait(signed_in).until(lambda _: (script(signed_in, kept) or {"order": []})["order"][1:3] == ["direction", "symbol"])

    signed_in.driver.delete_all_cookies()
    script(signed_in, "localStorage.clear()")
    signed_in.driver.get(f"{live_server.url}/login")
    find(signed_in, "input[name=username]").send_keys("admin")
    find(signed_in, "input[name=password]").send_keys(ADMIN_PASSWORD)
    click(signed_in, "form [type=submit]")
    wait(signed_in).until(lambda _: "/login" not in signed_in.driver.current_url)
    open_page(signed_in, live_server, "/trades?range=all")
    wait_for_rows(signed_in)
    assert titles(signed_in) == wanted
    script(signed_in, f"document.querySelector('#{Id.PANEL_TRADES} .columns-menu').open = true")
    click(signed_in, f"#{Id.PANEL_TRADES} .columns-menu button")
    wait(signed_in).until(lambda _: titles(signed_in) == first)


def test_a_table_is_used_by_keyboard_and_new_trades_leave_focus_and_place_alone(a_few: None, signed_in: "Browser", live_server: LiveServer) -> None:
    open_page(signed_in, live_server, "/trades?range=all&trades.sort=at")
    wait_for_rows(signed_in)
    grid = f"dash_ag_grid.getApi('{grid_of(Id.PANEL_TRADES)}')"
    script(signed_in, f"{grid}.ensureIndexVisible(155)")
    wait(signed_in).until(lambda _: 150 in shown(signed_in))
    script(signed_in, f"{grid}.setFocusedCell(150, 'symbol')")
    wait(signed_in).until(lambda _: "ag-cell-focus" in focused(signed_in).get_attribute("class"))
    focused(signed_in).send_keys(Keys.ARROW_DOWN)
    wait(signed_in).until(lambda _: "ag-cell-focus" in focused(signed_in).get_attribute("class") and 151 in shown(signed_in))
    place, cells = script(signed_in, f"return {grid}.getVerticalPixelRange().top"), shown(signed_in)[151]
    new = {"trade_id": "new", "symbol": "NEW/USD", "direction": "long", "size": 1, "entry_price": 5, "entry_time": "2026-01-01T00:00:00Z"}
    answer = requests.post(f"{live_server.url}/api/trades", json=new, headers=live_server.bearer("ingest"), timeout=10)
    assert answer.ok, answer.text
    wait(signed_in, 30).until(lambda _: "301 trades" in note(signed_in))
    wait(signed_in, 30).until(lambda _: script(signed_in, f"return {grid}.getDisplayedRowCount()") == 301)
    assert script(signed_in, f"return {grid}.getVerticalPixelRange().top") == place
    assert script(signed_in, f"return {grid}.getFocusedCell().rowIndex") == 151
    assert shown(signed_in)[151] == cells

    focused(signed_in).send_keys(Keys.ENTER)
    wait(signed_in).until(lambda _: script(signed_in, f"return document.getElementById('{Id.DETAIL}').open"), "no detail")
    assert "#trade:" in signed_in.driver.current_url
    focused(signed_in).send_keys(Keys.ESCAPE)
    wait(signed_in).until(lambda _: "ag-cell-focus" in focused(signed_in).get_attribute("class"), "the focus comes back")
    focused(signed_in).send_keys(Keys.TAB)
    assert not script(signed_in, f"return document.getElementById('{grid_of(Id.PANEL_TRADES)}').contains(document.activeElement)"), "Tab leaves it"


def test_strategies_are_chosen_to_compare_and_positions_follow_their_prices(a_few: None, signed_in: "Browser", live_server: LiveServer) -> None:
    open_page(signed_in, live_server, "/strategies?range=all")
    wait_for_rows(signed_in, panel=Id.PANEL_STRATEGIES)
    compare = f"#{Id.PANEL_STRATEGIES} [data-compare]"
    assert find(signed_in, compare).get_attribute("disabled")
    for box in signed_in.driver.find_elements("css selector", f"#{Id.PANEL_STRATEGIES} .ag-row input[type=checkbox]")[:2]:
        script(signed_in, "arguments[0].click()", box)
    wait(signed_in).until(lambda _: not find(signed_in, compare).get_attribute("disabled"))
    script(signed_in, f"document.querySelector('{compare}').click()")
    wait(signed_in).until(lambda _: "compare=" in signed_in.driver.current_url)
    assert axe_violations(signed_in) == []

    post = sender(live_server)
    for number in (1, 2):
        post("/positions/update", POSITION | {"position_id": f"p{number}", "size": number})
    open_page(signed_in, live_server, "/portfolio")
    rows = wait_for_rows(signed_in, "ETHUSDT", Id.PANEL_HOLDINGS)
    assert "+80.00" in "".join(rows[0]), "the best first"
    script(signed_in, f"window.kept = document.querySelector('#{Id.PANEL_HOLDINGS} .ag-row')")
    post("/positions/update", POSITION | {"position_id": "p2", "size": 2, "current_price": 2050})
    wait(signed_in, 30).until(lambda _: "+100.00" in "".join(shown(signed_in, Id.PANEL_HOLDINGS)[0]))
    assert script(signed_in, "return window.kept.isConnected"), "the row is the same"
    assert axe_violations(signed_in) == []
    for path, panel, first in (("/trades", Id.PANEL_TRADES, ""), ("/portfolio", Id.PANEL_HOLDINGS, "ETHUSDT"), ("/trades", Id.PANEL_TRADES, "")):
        script(signed_in, f"botv2Address.go('{path}?range=all')")  # as a link does, without a new document
        wait_for_rows(signed_in, first, panel)
    assert signed_in.get_logs() == []
