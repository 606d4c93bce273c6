"""The production build: how it is made, served and put into the document, and that the program needs none."""

import base64
import gzip
import hashlib
import html
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plotly import graph_objects  # type: ignore[import-untyped]  # ships none
from werkzeug.test import Client

import build
from app import bundle
from app.server import create_app
from data.settings import Settings
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk

BASE = "/desk"
LATE = {name: key for name, (key, _) in bundle.LATE.items()}
KEYS = [bundle.THEME, bundle.STYLE, bundle.PLOTLY, *bundle.SCRIPTS, "dash/async-graph.js", *LATE.values(), "grids/async-community.js"]
SOURCE = re.compile(r'<script[^>]* src="([^"]*)"')
PACKAGES = ROOT / "frontend/node_modules"
needs_packages = pytest.mark.skipif(not PACKAGES.exists(), reason="not run: frontend/node_modules is not there (`make build` makes it)")


@pytest.fixture
def backend() -> str:
    return "sqlite"  # which database it is does not matter here


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return Settings.load(database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_base_path=BASE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build such as build.py makes, of small files: each holds its name, and what is packed says how."""
    made = tmp_path / "dist"
    files = {key: {"name": key.replace(".", ".0123456789ab.", 1), "original": 9, "minified": 9, "gzip": 9, "brotli": 9} for key in KEYS}
    for file in files.values():
        target = made / str(file["name"])
        target.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", ".br", ".gz"):
            (made / f"{file['name']}{suffix}").write_text(f"{file['name']}{suffix}")
    manifest = {"version": "0", "mode": "production", "inputs": bundle.inputs_digest(), "files": files, "totals": {}, "replaces": build.replaced()}
    (made / bundle.MANIFEST).write_text(json.dumps(manifest))
    return made


@pytest.fixture
def built(settings: Settings, desk: "Desk", folder: Path) -> "FlaskClient":
    made = bundle.found(BASE, folder)
    assert made is not None
    return create_app(settings, desk, made).server.test_client()


def address(key: str) -> str:
    return f"{BASE}/assets/dist/{key.replace('.', '.0123456789ab.', 1)}"


def late(page: str) -> dict[str, str]:
    """Return what the document says of where the libraries are that come late."""
    [known] = re.findall(r'data-late="([^"]*)"', page)
    return dict(json.loads(html.unescape(known)))


def test_the_document_of_a_build_loads_its_files_deferred_and_allows_each_line_that_stands_in_it(
    built: "FlaskClient", bearer: dict[str, str]
) -> None:
    built.get("/login")  # the first answer of all settles the policy, and this one stands under no sub-path
    page = built.get("/", headers=bearer)
    scripts = [bundle.THEME, *bundle.SCRIPTS]
    assert SOURCE.findall(page.text) == [address(key) for key in scripts]
    assert page.text.count("<script defer") == len(bundle.SCRIPTS)
    assert re.findall(r'rel="stylesheet" href="([^"]*)"', page.text) == [address(bundle.STYLE)]
    assert page.text.index(address(bundle.THEME)) < page.text.index(address(bundle.STYLE))  # no flash of the wrong theme
    assert late(page.text) == {name: address(key) for name, key in LATE.items()}
    assert "{%" not in page.text
    [line] = re.findall(r"<script>(.*?)</script>", page.text)
    assert address(bundle.PLOTLY) in line
    policy = page.headers["Content-Security-Policy"]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()}'" in policy
    assert policy.partition("script-src")[2].partition(";")[0].count("sha256-") == 1
    with built.application.app_context():
        known = bundle.manifest()
        assert known is not None
        assert set(known["files"]) == set(KEYS)
        assert bundle.static_urls()[0] == address(bundle.THEME)
        assert not {address(key) for key in LATE.values()} & set(bundle.static_urls())  # a page without a table does without


def test_a_file_of_a_build_is_kept_for_ever_and_as_small_as_the_browser_takes_it(built: "FlaskClient", bearer: dict[str, str]) -> None:
    for accepts, encoding, suffix in (("gzip, deflate, br, zstd", "br", ".br"), ("gzip, br;q=0", "gzip", ".gz"), ("", None, ""), ("zstd", None, "")):
        for key, kind in ((bundle.STYLE, "text/css"), (bundle.SCRIPTS[-1], "text/javascript")):
            answer = built.get(address(key), headers={**bearer, "Accept-Encoding": accepts})
            assert answer.status_code == 200
            assert answer.get_data(as_text=True).endswith(f"{key.rpartition('.')[2]}{suffix}")
            assert answer.headers.get("Content-Encoding") == encoding
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.mimetype == kind
            again = built.get(address(key), headers={**bearer, "If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.get_data()) == (304, b"")
    for name in ("manifest.json", "app.js", "../server.py", "..%2fserver.py", "nothing.js"):
        assert built.get(f"{BASE}/assets/dist/{name}", headers=bearer).status_code == 404, name
    assert built.get(address(bundle.STYLE)).status_code == 401


@pytest.mark.parametrize("fault", ["stale", "incomplete", "unreadable", "foreign"])
def test_a_build_that_does_not_fit_is_left_alone_with_one_line_in_the_log(fault: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = folder / bundle.MANIFEST
    if fault == "stale":
        file.write_text(json.dumps(json.loads(file.read_text()) | {"inputs": "of another day"}))
    elif fault == "incomplete":
        (folder / (address(bundle.STYLE).rpartition("/")[2] + ".br")).unlink()
    else:
        file.write_text("{" if fault == "unreadable" else '{"inputs": "", "files": [1]}')
    caplog.set_level(logging.INFO, bundle.log.name)
    assert bundle.found("", folder) is None
    [line] = caplog.messages
    assert "as shipped" in line
    assert fault in line or "cannot be read" in line
    assert bundle.found("", folder / "none") is None
    assert len(caplog.messages) == 1  # that there is no build is no news


def test_without_a_build_all_is_as_shipped_but_for_the_libraries_that_come_late(client: "FlaskClient", bearer: dict[str, str]) -> None:
    page = client.get("/", headers=bearer).text
    scripts = [bundle.path_of(script) for script in SOURCE.findall(page)]
    assert "/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js" in scripts
    assert f"{BASE}/assets/dist/" not in page
    for name, fetched in late(page).items():
        _, shipped = bundle.LATE[name]
        assert bundle.path_of(fetched) == shipped
        assert shipped not in scripts
        assert client.get(fetched, headers=bearer).status_code == 200
    own = [path for path in scripts if path.startswith("/assets/")]
    planned = {file["key"]: [source["name"] for source in file["sources"]] for file in build.plan()}
    assert own == planned[bundle.THEME] + planned["app.js"]  # the build's order is Dash's
    assert set(scripts) - set(build.replaced()) == {*planned[bundle.THEME]}  # it replaces everything that the document loads
    styles = [bundle.path_of(sheet) for sheet in re.findall(r'rel="stylesheet" href="([^"]*)"', page)]
    assert styles == planned[bundle.STYLE]
    assert '"validation_layout"' not in page


def test_documents_and_what_dash_asks_for_are_packed_for_who_takes_them_so(client: "FlaskClient", bearer: dict[str, str]) -> None:
    browser = Client(client.application)  # not Flask's, which the canaries read as text
    for path in ("/", "/_dash-layout", "/_dash-dependencies"):
        plain, packed = (browser.get(path, headers={**bearer, "Accept-Encoding": accepts}) for accepts in ("gzip;q=0, br", "br, gzip"))
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
        if path == "/_dash-dependencies":
            assert gzip.decompress(packed.data) == plain.data


def test_plotly_holds_the_kinds_of_traces_that_charts_draw_and_no_others() -> None:
    kinds = {name.lower() for name in dir(graph_objects)}
    texts = "\n".join(file.read_text() for file in (ROOT / "components/charts").glob("*.py"))
    named = set(re.findall(r'"type": "([a-z0-9]+)"', texts)) | set(re.findall(r'\btype="([a-z0-9]+)"', texts))
    drawn = {kind for kind in named if kind in kinds and kind not in {"line", "table", "image"}}
    assert drawn == set(build.TRACES)
    shown = texts.replace('"rangeslider": {"visible": False}', "")  # which says that there is none
    assert [part for part in build.UNUSED if re.search(rf"\b{part}\b", shown)] == []


def test_each_kind_of_component_of_a_late_library_has_a_place_that_waits_for_it() -> None:
    texts = "\n".join(file.read_text() for folder in ("app", "components") for file in (ROOT / folder).rglob("*.py"))
    script = (bundle.ASSETS / "07-late.js").read_text()
    waiting = {name: set(kinds.split()) for name, kinds in re.findall(r'late\("(\w+)", "([\w ]+)"', script)}
    spelled = {"dash_ag_grid": r"from dash_ag_grid import (\w+)", "dash_bootstrap_components": r"\bdbc\.([A-Z]\w+)"}
    used = {name: set(re.findall(pattern, texts)) for name, pattern in spelled.items()}
    assert waiting == used
    assert waiting.keys() == bundle.LATE.keys()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Callable[[], Any]]:
    """What can be wrong with a machine or a source, by what is then said."""
    wrong = tmp_path / "wrong.js"
    wrong.write_text("const a = ;")
    foreign = [{"group": "", "kind": "own", "tail": "", "key": "app.js", "sources": [{"name": "/assets/wrong.js", "file": str(wrong)}]}]
    return {
        "Node.js": lambda: monkeypatch.setenv("PATH", str(tmp_path)),
        "npm": lambda: monkeypatch.setattr(build, "FRONTEND", tmp_path),
        "SOURCE_DATE_EPOCH": lambda: [monkeypatch.setenv("SOURCE_DATE_EPOCH", "today"), monkeypatch.setattr(build, "plan", list)],  # type: ignore[func-returns-value]  # both are called
        "Unexpected": lambda: monkeypatch.setattr(build, "plan", lambda: foreign),
    }


@pytest.mark.parametrize("said", ["Node.js", "npm", "SOURCE_DATE_EPOCH", "Unexpected"])
def test_a_build_that_fails_says_why_ends_with_an_error_and_leaves_the_last_one(
    said: str, broken: dict[str, Callable[[], Any]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if said != "npm" and not PACKAGES.exists():
        pytest.skip("not run: frontend/node_modules is not there (`make build` makes it)")
    broken[said]()
    before = sorted(folder.rglob("*"))
    assert build.main(["--folder", str(folder)]) == 1
    assert said in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before
    assert [file.name for file in folder.parent.iterdir() if file.name.startswith("build-")] == []


@needs_packages
@pytest.mark.timeout(600)
def test_the_same_sources_give_the_same_bytes_with_maps_for_developers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = [tmp_path / "one", tmp_path / "two"]
    for folder in made:
        manifest, _ = build.build("development", folder)
    contents = [{file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()} for folder in made]
    assert contents[0] == contents[1]
    assert manifest["build_time"] == "2023-11-14T22:13:20Z"
    assert (manifest["mode"], manifest["totals"]["gzip"]) == ("development", sum(file["gzip"] for file in manifest["files"].values()))
    script = (made[0] / manifest["files"]["app.js"]["name"]).read_text()
    source = re.findall(r"sourceMappingURL=(\S+)", script)[-1]
    maps = json.loads((made[0] / source).read_text())["sections"]
    words = next(part for part in maps if part["map"]["sources"] == ["/assets/05-words.js"])
    assert script.splitlines()[words["offset"]["line"]] == (bundle.ASSETS / "05-words.js").read_text().splitlines()[0]
    assert "Plotly, Inc." in (made[0] / manifest["files"]["plotly.js"]["name"]).read_text()[:200]
    assert "MIT" in (made[0] / "LICENCES.txt").read_text()
    assert bundle.found("", made[0]) is not None
    assert "development build" in build.summary(manifest)[-1]
