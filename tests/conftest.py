"""What the tests stand on: both databases, a desk, an app, a running server, a browser. All of it is gone afterwards."""

import gc
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components.words import PLAIN, speak
from data.settings import Settings
from data.store import Store
from tests.support import canary
from tests.support.chromium import CHROMIUM, Chromium
from tests.support.nursery import NURSERY
from tests.support.page import open_page, sign_in
from tests.support.postgres import PostgresServer, find_programs, running_postgres
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash import Dash
    from dash.testing.browser import Browser
    from flask.testing import FlaskClient

    from data.desk import Desk
    from tests.support.api import Api

ALL_SCOPES = frozenset({"read", "ingest", "control"})


def pytest_collection_finish() -> None:
    """What stands now stays for the whole run: searching it for garbage again and again was a third of all search."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[canary.Sayings]:
    """S32: at the end of the run no log, error, page or file of this process and its servers holds a secret that the run made."""
    sayings = canary.Sayings()
    with canary.marked(), sayings.listening():
        yield sayings
    assert sayings.heard + canary.found_below(tmp_path_factory.getbasetemp()) == []


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the developer's settings or `.env`."""
    for name in list(os.environ):
        if name.upper().startswith("BOTV2_") or name in {"DATABASE_URL", "SECRET_KEY", "REDIS_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _spoken_to_plainly() -> None:
    """No test speaks the language, or in the time zone, of a request that an earlier one made in this thread."""
    speak(PLAIN)


# --- stores ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for the whole run; without fsync, because no ordinary test cuts the power."""
    programs = find_programs()
    if programs is None:
        pytest.skip("not run: PostgreSQL's programs (initdb, postgres) are not installed")
    with running_postgres(programs, "fsync=off", "full_page_writes=off") as server:
        yield server
        assert canary.found_below(server.folder) == []  # its log, and the write-ahead log of databases that are gone


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated, empty database that tests copy."""
    postgres.create("migrated")
    _migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "botv2.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    store = _store(url)
    store.migrate()
    store.close()


def _store(url: str) -> Store:
    """Open the store as the program does: the settings name PostgreSQL's driver."""
    return Store(Settings.load(database_url=url).store_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test uses."""
    return str(request.param)


@pytest.fixture
def bare_store_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    yield from _fresh_database(backend, request, tmp_path, migrated=False)


@pytest.fixture
def store_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated, empty store."""
    yield from _fresh_database(backend, request, tmp_path, migrated=True)


def _fresh_database(backend: str, request: pytest.FixtureRequest, folder: Path, *, migrated: bool) -> Iterator[str]:
    if backend == "sqlite":
        path = folder / "botv2.sqlite"
        if migrated:
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    server.create(name, request.getfixturevalue("postgres_template") if migrated else "template1")
    try:
        yield server.url(name)
    finally:
        server.drop(name)


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    """Settings for the fresh store, without rate limits."""
    return Settings.load(database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The fresh store, opened."""
    store = Store(settings.store_url)
    yield store
    store.close()


# --- desk and app, in this process ---------------------------------------------------------------------------


@pytest.fixture
def desk(settings: Settings) -> Iterator["Desk"]:
    """A desk on the fresh store with its threads running."""
    from data.desk import Desk

    desk = Desk.open(settings)
    desk.start()
    yield desk
    desk.close()


@pytest.fixture
def app(settings: Settings, desk: "Desk") -> "Dash":
    """The whole app around the desk."""
    from app.server import create_app

    return create_app(settings, desk)


@pytest.fixture
def client(app: "Dash") -> "FlaskClient":
    """Somebody without a sign-in; add `headers=bearer` to be let in."""
    app.server.testing = False  # errors become answers, as in production
    return app.server.test_client()


@pytest.fixture
def bearer_with(desk: "Desk") -> Callable[..., dict[str, str]]:
    """A function that makes a token and returns its header: `bearer_with("read", bot="alpha")`."""

    def make(*scopes: str, bot: str | None = None) -> dict[str, str]:
        created = desk.accounts.create_token("tests", frozenset(scopes), bot=bot)
        return {"Authorization": f"Bearer {created}"}

    return make


@pytest.fixture
def bearer(bearer_with: Callable[..., dict[str, str]]) -> dict[str, str]:
    """The header of a token with every scope."""
    return bearer_with(*ALL_SCOPES)


@pytest.fixture
def api(client: "FlaskClient", bearer: dict[str, str]) -> "Api":
    """The API as a caller with every scope uses it."""
    from tests.support.api import Api

    return Api(client, bearer)


@pytest.fixture
def api_as(client: "FlaskClient", bearer_with: Callable[..., dict[str, str]]) -> Callable[..., "Api"]:
    """A function that makes another caller: `api_as("read", bot="alpha")`."""
    from tests.support.api import Api

    return lambda *scopes, bot=None: Api(client, bearer_with(*scopes, bot=bot))


# --- the program as it is run ----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _nursery() -> Iterator[None]:
    """Where servers are forked; it starts with the first of them."""
    yield
    NURSERY.close()


@pytest.fixture
def live_server(store_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """A running server on the fresh store; `kill`, `restart` and `stop` act on it."""
    yield from _running(LiveServer(tmp_path / "server", store_url))


@pytest.fixture
def typed_server(store_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The same, started as a person does who types the command; for what is told of the start and the end of it."""
    yield from _running(LiveServer(tmp_path / "server", store_url, by_hand=True))


def _running(server: LiveServer) -> Iterator[LiveServer]:
    server.folder.mkdir()
    try:
        server.start()
        yield server
    finally:
        server.kill()


# --- browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser of all tests; skipped by name where Chromium or its driver is missing."""
    if CHROMIUM is None or shutil.which("chromedriver") is None:
        pytest.skip("not run: Chromium and its driver are not installed")
    chromium = Chromium()
    yield chromium
    chromium.quit()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator["Browser"]:
    """A real browser (dash[testing]'s) as if it were new: one empty window, no cookie, nothing stored, no line in its console."""
    yield chromium.window()
    chromium.clear()


@pytest.fixture
def signed_in(live_server: LiveServer, browser: "Browser") -> "Browser":
    """The browser on no page yet, signed in to the running server as admin."""
    sign_in(browser, live_server)
    return browser


@pytest.fixture
def live_page(live_server: LiveServer, signed_in: "Browser") -> "Browser":
    """The browser, signed in as admin, on the running server's Live Monitor."""
    open_page(signed_in, live_server, "/monitoring")
    return signed_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a browser; selenium 4.2, which dash[testing] pins, warns about itself in them alone."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            for words in ("HTTPResponse.getheader", "desired_capabilities"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{words}:DeprecationWarning"))
