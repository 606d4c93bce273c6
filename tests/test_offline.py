"""What a browser may keep for when the network is away: only what carries the mark, for one person alone; the manifest; the worker's own file."""

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

from app.offline import DATA_SECONDS, KEEP, NOBODY, SHELL_SECONDS
from app.pages import PAGES
from components.ids import Id, drawing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk

Callback = tuple[list[tuple[str, str]], list[tuple[str, str, Any]]]  # outputs with their properties, and inputs with their values
PASSWORD = "correct horse battery"
DATA = (
    "/api/monitoring/activity",
    "/api/monitoring/alerts?clear=false",
    "/api/trades",
    "/api/strategies",
    "/api/portfolio/equity",
    "/api/risk/metrics",
    "/api/market",
    "/api/alerts",
    "/api/annotations/equity",
)
NEVER = (
    "/login",
    "/logout",
    "/nowhere",
    "/health",
    "/metrics",
    "/api/monitoring/pulse",
    "/api/monitoring/activity/export?format=json",
    "/api/export/trades?format=csv",
    "/api/people",
    "/api/people/me",
    "/api/people/tokens",
    "/api/people/sessions",
    "/api/preferences",
    "/api/trades/7",
    "/service-worker.js",
)


@pytest.fixture
def backend() -> str:
    """Marks are the same on every database."""
    return "sqlite"


@pytest.fixture
def browser_of(app: "Dash", desk: "Desk") -> "Callable[[str], FlaskClient]":
    """A function that signs a new person in: in a browser of her own."""
    app.server.testing = False

    def enter(name: str) -> "FlaskClient":
        desk.accounts.add_user(name, PASSWORD, "admin")
        client = app.server.test_client()
        assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 302
        return client

    return enter


def call(client: "FlaskClient", outputs: "Sequence[tuple[str, str]]", inputs: "Sequence[tuple[str, str, Any]]") -> Any:
    named = [f"{id}.{name}" for id, name in outputs]
    ends = [{"id": id, "property": name} for id, name in outputs]
    body = {
        "output": named[0] if len(named) == 1 else f"..{'...'.join(named)}..",
        "outputs": ends[0] if len(ends) == 1 else ends,
        "inputs": [{"id": id, "property": name, "value": value} for id, name, value in inputs],
        "changedPropIds": [f"{id}.{name}" for id, name, _ in inputs],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def test_data_is_kept_for_an_hour_and_the_frame_for_a_week_for_one_person_alone(browser_of: "Callable[[str], FlaskClient]") -> None:
    anna, ben = browser_of("anna"), browser_of("ben")
    drawing: Callback = [(drawing_of(Id.PANEL_KPIS), "data")], [(Id.VERSION_BOOK, "data", 1), (Id.URL, "search", "")]
    page: Callback = [(Id.PAGE, "children"), (Id.TITLE, "children")], [(Id.URL, "pathname", "/risk")]
    marks: dict[str, set[str]] = {"data": set(), "frame": set()}
    for client in (anna, ben):
        data = [*(client.get(path) for path in DATA), call(client, *drawing)]
        frame = [*(client.get(path) for path in (*PAGES, "/_dash-layout", "/_dash-dependencies")), call(client, *page)]
        assert all(answer.status_code == 200 for answer in [*data, *frame])
        marks["data"] |= {answer.headers[KEEP] for answer in data}
        marks["frame"] |= {answer.headers[KEEP] for answer in frame}
    assert {mark.split()[1] for mark in marks["data"]} == {str(DATA_SECONDS)}
    assert {mark.split()[1] for mark in marks["frame"]} == {str(SHELL_SECONDS)}
    people = {mark.split()[0] for mark in marks["data"] | marks["frame"]}
    assert len(people) == 2  # one for each of them, and it is no name
    assert not people & {"anna", "ben", "user:1", "user:2"}


def test_sign_in_people_settings_tokens_and_exports_are_never_kept(browser_of: "Callable[[str], FlaskClient]", bearer: dict[str, str]) -> None:
    """S31: neither is anything for a token, or for nobody: a page for nobody says that what was kept has to go."""
    anna = browser_of("anna")
    assert [path for path in NEVER if KEEP in anna.get(path).headers] == []
    account = call(anna, [(Id.PEOPLE_ACCOUNT, "children"), (Id.SETTINGS_USERS, "children")], [(Id.PEOPLE_CHANGED, "data", None)])
    tokens = call(anna, [(Id.ACCESS_LIST, "children")], [(Id.ACCESS_CHANGED, "data", None)])
    assert KEEP not in account.headers
    assert KEEP not in tokens.headers
    assert KEEP not in anna.head("/trades").headers
    stranger = anna.application.test_client()
    assert [path for path in DATA if KEEP in stranger.get(path, headers=bearer).headers] == []
    assert [path for path in ("/", *DATA) if KEEP in stranger.get(path).headers] == []
    assert stranger.get("/login").headers[KEEP] == NOBODY


def test_the_worker_and_the_manifest_are_the_same_for_everybody_and_name_only_what_is_there(
    client: "FlaskClient", browser_of: "Callable[[str], FlaskClient]", desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = client.get("/service-worker.js")
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-cache"
    assert client.get("/service-worker.js", headers={"If-None-Match": worker.headers["ETag"]}).status_code == 304
    anna = browser_of("anna")
    uses: list[Any] = []
    monkeypatch.setattr(desk.accounts, "touch", uses.append)
    for language in ("de", "fr"):  # else a person who travels is offered an update
        assert anna.get("/service-worker.js", headers={"Accept-Language": language}).data == worker.data
    assert "anna" not in worker.text
    assert uses == []  # the browser asks for it by itself, which keeps no session alive
    anna.get("/risk")
    assert len(uses) == 1
    manifest = json.loads(client.get("/manifest.webmanifest").data)
    assert (manifest["display"], manifest["start_url"], manifest["scope"]) == ("standalone", "/", "/")
    assert {shortcut["url"] for shortcut in manifest["shortcuts"]} == {"/monitoring", "/trades", "/alerts"} <= set(PAGES)
    for icon in manifest["icons"]:
        picture = client.get(icon["src"]).data
        assert "{}x{}".format(*struct.unpack(">II", picture[16:24])) == icon["sizes"]
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
