"""A page's key figures stand in its document: right, escaped, and for nobody's harm when they cannot be had."""

import threading
from typing import TYPE_CHECKING

import orjson
import pytest
from dash import dcc, html

from app.early import BEGIN, END
from app.pages import PAGES
from components.ids import Id
from components.markup import markup
from components.panels import PANEL_OF
from components.parts import View
from data import times
from data.errors import Code, Refused
from tests.support.book import fill

if TYPE_CHECKING:
    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk
    from tests.support.api import Api

PASSWORD = "correct horse battery"
HOSTILE = "</div><img src=x onerror=alert(1)>{%config%}"
BEGINNING = {path: page.figures for path, page in PAGES.items() if page.figures}


@pytest.fixture
def backend() -> str:
    """Documents are the same on every database."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, what a document holds is what it would hold."""
    monkeypatch.setattr("app.early.PATIENCE_SECONDS", 60)


@pytest.fixture
def viewer(app: "Dash", desk: "Desk") -> "FlaskClient":
    """A browser in which somebody has signed in."""
    desk.accounts.add_user("anna", PASSWORD, "viewer")
    client = app.server.test_client()
    assert client.post("/login", data={"username": "anna", "password": PASSWORD}).status_code == 302
    return client


def figures(viewer: "FlaskClient", path: str) -> str:
    """Return what the document of a page has of figures."""
    document = viewer.get(path)
    assert document.status_code == 200
    _before, found, rest = document.text.partition(BEGIN)
    return rest.partition(END)[0] if found else ""


@pytest.fixture
def two_bots(api: "Api") -> "Api":
    """A store on which nobody has to take first steps."""
    api.post("/activity", {"event_type": "SYSTEM", "message": "up", "bot": "§two"})
    return fill(api)


def test_a_page_that_begins_with_key_figures_has_them_in_its_document_for_what_its_address_selects(viewer: "FlaskClient", two_bots: "Api") -> None:
    for path, panel in BEGINNING.items():
        assert f'data-panel="{panel}"' in figures(viewer, f"{path}?range=all"), path
    assert "140" in figures(viewer, "/trades?range=all")
    assert "140" not in figures(viewer, "/trades?range=all&strategy=§a")
    assert "70" in figures(viewer, "/trades?range=all&strategy=§a")
    assert [path for path in PAGES if path not in BEGINNING and figures(viewer, path)] == []


def test_what_a_bot_has_named_is_text_in_the_document_and_nothing_is_put_in_its_place(viewer: "FlaskClient", two_bots: "Api") -> None:
    trade = {"kind": "trade", "bot": "§two", "trade_id": "h", "symbol": "BTC", "direction": "long", "size": 1, "entry_price": 1, "exit_price": 9999}
    two_bots.batch(trade | {"net_pnl": 9998, "strategy": HOSTILE, "entry_time": "2026-01-01T00:00:00Z", "exit_time": "2026-01-02T00:00:00Z"})
    shown = figures(viewer, "/strategies?range=all")
    assert "<img" not in shown
    assert "&lt;/div&gt;&lt;img src=x onerror=alert(1)&gt;{%config%}" in shown
    assert viewer.get("/strategies?range=all").text.count('id="_dash-config"') == 1


def test_on_an_empty_store_the_first_steps_have_that_place(viewer: "FlaskClient") -> None:
    assert figures(viewer, "/") == ""


def test_the_document_comes_without_figures_when_the_store_cannot_be_asked(
    viewer: "FlaskClient", two_bots: "Api", desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Refused(Code.STORAGE_UNAVAILABLE, "the store is away")

    monkeypatch.setattr(desk.live, "feeds", away)
    assert figures(viewer, "/") == ""


def test_the_document_does_not_wait_for_figures_that_take_long(
    viewer: "FlaskClient", two_bots: "Api", desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = threading.Event()
    compute = desk.trades.statistics
    monkeypatch.setattr(desk.trades, "statistics", lambda chosen: locked.wait(60) and compute(chosen))
    monkeypatch.setattr("app.early.PATIENCE_SECONDS", 0.01)
    try:
        assert figures(viewer, "/trades") == ""
    finally:
        locked.set()


def test_the_panel_shows_what_the_document_has_shown(viewer: "FlaskClient", two_bots: "Api", desk: "Desk") -> None:
    drawn = PANEL_OF[Id.PANEL_TRADE_FIGURES].ask(desk, "?range=all")
    assert markup(orjson.loads(PANEL_OF[Id.PANEL_TRADE_FIGURES].shown(drawn, times.now()).as_json())[1]) in figures(viewer, "/trades?range=all")


def test_markup_escapes_texts_and_attributes_and_takes_elements_of_html_alone() -> None:
    link = html.A("here", href="javascript:alert(1)", title=None)
    told = html.Div(["a < b", html.Time("now", dateTime='"', style={"maskImage": "url(x)"}), None, link], className="x")
    said = markup(orjson.loads(View(None, told).as_json())[1])
    assert said == '<div class="x">a &lt; b<time datetime="&quot;" style="mask-image:url(x)">now</time><a>here</a></div>'
    with pytest.raises(ValueError, match="Store"):
        markup(orjson.loads(View(None, dcc.Store(id="x")).as_json())[1])
