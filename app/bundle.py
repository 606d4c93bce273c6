"""The production build: what `build.py` made of scripts and styles, if it fits what is installed. Without it all is served as shipped."""

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dash.fingerprint import check_fingerprint
from flask import Blueprint, Response, abort, current_app, request

from app.access import access

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parent / "assets"
FOLDER = Path(__file__).parent / "dist"
APART = ("head", "worker")  # folders of the assets whose files the document does not load by itself
MARKUP = ("app/pages", "app/templates", "callbacks", "components")
MANIFEST = "manifest.json"
FORMAT = "1"  # of the manifest and the files' parts; it grows when this program reads them in another way
LIBRARIES = ("dash", "dash-ag-grid", "dash-bootstrap-components", "plotly")
PREFIX = "/assets/dist/"
FOREVER = "public, max-age=31536000, immutable"  # the name holds the content's hash
TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}
PACKED = {"br": ".br", "gzip": ".gz"}  # the smaller one first
EXTENSION = "botv2.bundle"
# In this order they run; the last one starts the renderer.
SCRIPTS = ("libraries.js", "app.js", "dash/dash_renderer.js")
THEME, STYLE, PLOTLY = "theme.js", "app.css", "plotly.js"
SCRIPT = re.compile(r'<script src="([^"]*)"></script>')
# Libraries of components that 07-late.js fetches where one of their components is shown: their file in the build, and as shipped.
LATE = {
    "dash_ag_grid": ("grids/dash_ag_grid.min.js", "/_dash-component-suites/dash_ag_grid/dash_ag_grid.min.js"),
    "dash_bootstrap_components": (
        "dash_bootstrap_components.js",
        "/_dash-component-suites/dash_bootstrap_components/_components/dash_bootstrap_components.min.js",
    ),
}


def own_files() -> list[Path]:
    """Return our scripts and styles in the order in which they apply: a folder's by name, what lies below after it."""
    found = [file for file in ASSETS.rglob("*") if file.suffix in {".js", ".css"}]
    return sorted(found, key=lambda file: (file.parent.relative_to(ASSETS).parts, file.name))


def markup_files() -> list[Path]:
    """Return what names the classes of our pages: of Bootstrap's sheet, the build keeps what these use."""
    return sorted(file for folder in MARKUP for file in (ASSETS.parents[1] / folder).rglob("*") if file.suffix in {".py", ".html"})


def inputs_digest() -> str:
    """Return a digest of what a build is made of: our scripts, styles and markup, and the versions of the libraries."""
    digest = hashlib.sha256(FORMAT.encode())
    for name in LIBRARIES:
        digest.update(f"{name} {version(name)}\0".encode())
    for file in (*own_files(), *markup_files()):
        digest.update(f"{file.relative_to(ASSETS.parents[1])}\0".encode() + file.read_bytes())
    return digest.hexdigest()


class Bundle:
    """A build that fits: it puts its own files into the document and serves them."""

    def __init__(self, folder: Path, manifest: dict[str, Any], base: str = "") -> None:
        """Take what lies in `folder` as `manifest` tells it, for a program that stands under the sub-path `base`."""
        self.manifest = manifest
        self._folder, self._base = folder, base
        self._names: dict[str, str] = {key: file["name"] for key, file in manifest["files"].items()}
        self._served = set(self._names.values()) | {f"{name}.map" for name in self._names.values() if (folder / f"{name}.map").exists()}
        self._replaced = set(manifest["replaces"])

    def address(self, key: str) -> str:
        """Return the address of one of the build's files, such as "app.js"."""
        return self._base + PREFIX + self._names[key]

    def addresses(self) -> list[str]:
        """Return the addresses of those that every page needs, in the order of the need; tables, say, are not on each."""
        return [self.address(key) for key in (THEME, STYLE, *SCRIPTS, "dash/async-graph.js", PLOTLY)]

    def parts(self, shipped: str) -> dict[str, str]:
        """Return the document's styles and scripts in place of the tags in `shipped`; what the build does not hold is loaded as it was."""
        kept = [address for address in SCRIPT.findall(shipped) if path_of(address) not in self._replaced]
        first, last = SCRIPTS[:-1], SCRIPTS[-1]
        tags = [f'<script defer src="{address}"></script>' for address in [*map(self.address, first), *kept]]
        return {
            "css": f'<link rel="stylesheet" href="{self.address(STYLE)}">',
            "scripts": "\n    ".join(tags),
            "renderer": f'<script defer id="_dash-renderer" src="{self.address(last)}"></script>',
        }

    def plotly_line(self) -> str:
        """Return the script that names our plotly.js; Dash's renderer, which would name the shipped one, is not heard."""
        return f'Object.defineProperty(window,"_dashPlotlyJSURL",{{get:()=>"{self.address(PLOTLY)}",set(){{}}}})'

    def answer(self, name: str) -> Response:
        """Return one of the files, as small as the browser takes it. A name that the build does not hold is a 404."""
        if name not in self._served:
            abort(404)
        if request.if_none_match.contains(name):
            response = Response(status=304)
        else:
            encoding = "identity" if name.endswith(".map") else request.accept_encodings.best_match([*PACKED, "identity"], default="identity")
            content = (self._folder / (name + PACKED.get(encoding, ""))).read_bytes()
            response = Response(content, mimetype=TYPES[Path(name).suffix])
            if encoding in PACKED:
                response.headers["Content-Encoding"] = encoding
        response.headers["Cache-Control"] = FOREVER
        response.headers["Vary"] = "Accept-Encoding"
        response.set_etag(name)
        return response


@cache
def path_of(address: str) -> str:
    """Return a tag's address without sub-path, version and query: "/assets/live.js", "/_dash-component-suites/dash/html/…"."""
    path = address.partition("?")[0]
    start = re.search(r"/(?:assets|_dash-component-suites)/", path)
    return check_fingerprint(path[start.start() :] if start else path)[0]  # type: ignore[no-any-return, no-untyped-call]  # Dash has no types for it


def found(base: str = "", folder: Path = FOLDER) -> Bundle | None:
    """Return the build in `folder`, None where there is none or it was made of something else than what is installed; the log says so."""
    file = folder / MANIFEST
    if not file.exists():
        return None
    try:
        manifest = json.loads(file.read_text())
        is_whole = all((folder / (made["name"] + suffix)).exists() for made in manifest["files"].values() for suffix in ("", *PACKED.values()))
        is_present = manifest["inputs"] == inputs_digest()
        made = Bundle(folder, manifest, base)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.warning("the build in %s cannot be read (%s); everything is served as shipped", folder, error)
        return None
    if is_whole and is_present:
        return made
    level = logging.INFO if is_whole else logging.WARNING  # that sources are newer than the build is no fault
    log.log(level, "the build in %s is %s; everything is served as shipped until `make build`", folder, "stale" if is_whole else "incomplete")
    return None


def blueprint(bundle: Bundle) -> Blueprint:
    """Return the route of the build's files, for who may look."""
    routes = Blueprint("bundle", __name__)

    @routes.get(f"{PREFIX}<path:name>")
    @access("read")
    def file(name: str) -> Response:
        return bundle.answer(name)

    return routes


def manifest() -> dict[str, Any] | None:
    """Return the manifest of the build that the current app serves; None where it serves everything as shipped."""
    bundle: Bundle | None = current_app.extensions.get(EXTENSION)
    return None if bundle is None else bundle.manifest


def static_urls() -> Sequence[str]:
    """Return the addresses of the build's files that every page of the current app needs, none without a build."""
    bundle: Bundle | None = current_app.extensions.get(EXTENSION)
    return [] if bundle is None else bundle.addresses()
