"""Served under a sub-path: every address that the program gives out leads back to it, and without the sub-path it answers, too."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app.bundle import ASSETS
from app.pages import PAGES
from components.ids import Id
from components.links import path_in, safe_url, stand_under
from components.snippets import freqtrade
from data.errors import Refused
from data.settings import Settings
from tests.support.server import ADMIN_PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

BASE = "/desk"
ADDRESSES = re.compile(r'(?:src|href|action)="([^"]*)"')
# An address of ours in a script stands in botv2At(…); what is sent with botv2Send goes through it there.
BARE = re.compile(r"""(?:\bfetch|\bassign|\bgo|\bio)\(\s*["'`{]\s*(?:path: ["'`])?/|href: ["'`]/|\.href = ["'`]/|location\.pathname\.slice""")


@pytest.fixture
def backend() -> str:
    return "sqlite"  # which database it is does not matter here


@pytest.fixture
def settings(store_url: str, tmp_path: "Path") -> Settings:
    return Settings.load(
        database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_base_path=BASE, botv2_admin_password=ADMIN_PASSWORD
    )


@pytest.fixture(autouse=True)
def _stands_nowhere_afterwards() -> Iterator[None]:
    yield
    stand_under("")


def _layout_of(client: "FlaskClient", path: str, bearer: dict[str, str]) -> Any:
    body = {
        "output": f"..{Id.PAGE}.children...{Id.TITLE}.children..",
        "outputs": [{"id": Id.PAGE, "property": "children"}, {"id": Id.TITLE, "property": "children"}],
        "inputs": [{"id": Id.URL, "property": "pathname", "value": path}],
        "changedPropIds": [f"{Id.URL}.pathname"],
    }
    answer = client.post(f"{BASE}/_dash-update-component", json=body, headers=bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["response"]


def _hrefs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(href := value.get("href"), str):
            yield href
        if isinstance(plain := value.get("data-plain"), str):  # what the browser makes elements of
            yield from _hrefs(json.loads(plain))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _hrefs(item)


def test_the_document_and_all_that_it_loads_stand_under_the_sub_path(client: "FlaskClient", bearer: dict[str, str]) -> None:
    page = client.get(f"{BASE}/", headers=bearer)
    assert page.status_code == 200
    assert f'data-base="{BASE}"' in page.text
    found = ADDRESSES.findall(page.text)
    assert len(found) > 20
    for address in found:
        assert address.startswith(f"{BASE}/"), address
        answer = client.get(address, headers=bearer)
        assert answer.status_code == 200, address
        answer.close()
    config = re.search(r'id="_dash-config" type="application/json">(.*?)</script>', page.text)
    assert config is not None
    assert json.loads(config[1])["requests_pathname_prefix"] == f"{BASE}/"


def test_every_link_of_the_frame_and_of_each_page_leads_back(client: "FlaskClient", bearer: dict[str, str]) -> None:
    links = list(_hrefs(client.get(f"{BASE}/_dash-layout", headers=bearer).get_json()))
    titles = set()
    for path in [*PAGES, "/nowhere"]:
        shown = _layout_of(client, BASE + path, bearer)
        titles.add(shown[Id.TITLE]["children"])
        links += _hrefs(shown)
    assert len(titles) == len(PAGES) + 1  # each address showed its own page
    assert len(links) > 40
    assert [link for link in links if not link.startswith((f"{BASE}/", "#", "https://"))] == []


def test_sign_in_and_out_lead_to_addresses_under_the_sub_path(client: "FlaskClient", desk: Any) -> None:
    desk.accounts.ensure_admin()
    away = client.get(f"{BASE}/trades?range=7d", headers={"Accept": "text/html"})
    assert (away.status_code, away.headers["Location"]) == (302, f"{BASE}/login?next=/trades%3Frange%3D7d")
    assert f'action="{BASE}/login"' in client.get(away.headers["Location"]).text
    form = {"username": "admin", "password": ADMIN_PASSWORD, "next": "/trades?range=7d"}
    back = client.post(f"{BASE}/login", data=form)
    assert (back.status_code, back.headers["Location"]) == (302, f"{BASE}/trades?range=7d")
    # __Host- allows no other path, and keeps the cookie from being set by another name of the same site.
    assert "Path=/;" in back.headers["Set-Cookie"] + ";"
    assert f'href="{BASE}/"' in client.get(f"{BASE}/logout").text
    assert client.post(f"{BASE}/logout").headers["Location"] == f"{BASE}/login"


def test_a_request_without_the_sub_path_is_answered_the_same(client: "FlaskClient", bearer: dict[str, str]) -> None:
    for prefix in ("", BASE):
        assert client.get(f"{prefix}/health").status_code == 200
        assert client.get(f"{prefix}/api/monitoring/activity").status_code == 401
        assert client.get(f"{prefix}/api/monitoring/activity", headers=bearer).status_code == 200
        assert client.get(f"{prefix}/nowhere", headers=bearer).status_code == 404
    assert client.get(BASE, headers=bearer).status_code == 200
    assert client.get(f"{BASE}top", headers=bearer).status_code == 404
    assert client.get(f"{BASE}{BASE}/health", headers=bearer).status_code == 404  # it is taken off once
    assert client.get(f"{BASE}/api/openapi.json", headers=bearer).get_json()["servers"] == [{"url": BASE}]


def test_what_bots_name_and_copy_stands_under_the_sub_path() -> None:
    stand_under(BASE)
    assert safe_url("/trades?symbol=BTC") == f"{BASE}/trades?symbol=BTC"
    assert safe_url("//evil.example") is None
    assert [path_in(path) for path in (BASE, f"{BASE}/", f"{BASE}/risk", f"{BASE}top")] == ["/", "/", "/risk", f"{BASE}top"]
    assert '"https://bot:botv2_x@host.example/desk/api/monitoring/activity"' in freqtrade("botv2_x", "bot", "https://host.example/desk")


def test_no_script_holds_a_bare_address_of_the_program() -> None:
    found = {file.name: BARE.findall(file.read_text()) for file in ASSETS.rglob("*.js") if file.parent.name != "vendor"}
    assert {name: bare for name, bare in found.items() if bare} == {}
    assert BARE.search('fetch("/api/alerts")')
    assert BARE.search('io({ path: "/socket.io" })')


@pytest.mark.parametrize("path", ["desk", "/desk/", "/", "//desk", "/de sk", "/désk", "/desk?x", "/..", "/desk/../x", '/"><script>'])
def test_a_sub_path_that_no_address_can_hold_stops_the_start(path: str) -> None:
    with pytest.raises(Refused) as refused:
        Settings.load(botv2_base_path=path)
    assert "BOTV2_BASE_PATH" in refused.value.fields
