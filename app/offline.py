"""What a browser may keep for when the network is away: the service worker, the web manifest with its icons, and the mark of what may be kept.

The worker keeps what carries the mark `X-Botv2-Keep` and nothing else, so that this module decides: answers for a signed-in person
alone, never of sign-in, people, tokens, settings or exports, and never one that sets a cookie.
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, render_template, request

from app import bundle
from app.access import PUBLIC, access
from app.gate import principal
from app.incoming import PULSE
from app.pages import APP_TITLE, PAGES
from components.ids import Id, drawing_of, grid_of, rows_of
from components.links import at
from components.navigation import LIVE_PATH
from components.panels import PANELS
from components.words import LANGUAGES, Speech, _, speaking

KEEP = "X-Botv2-Keep"
NOBODY = "nobody"  # a page for somebody who is signed in no more: what was kept goes
DATA_SECONDS = 3_600
SHELL_SECONDS = 7 * 86_400  # the frame around the data, which says nothing by itself

HERE = Path(__file__).parent
ASSETS, WORKER = HERE / "assets", HERE / "service_worker"
PARTS = ("kept.js", "waiting.js", "fetching.js", "main.js")
ICONS = {"192": "any", "512": "any", "maskable-512": "maskable"}
SHORTCUTS = ((LIVE_PATH, "Live Monitor"), ("/trades", "Trades"), ("/alerts", "Alerts"))

SHELL = frozenset({"/_dash-layout", "/_dash-dependencies"})
CALLBACK = "/_dash-update-component"
NOUNS = ("monitoring", "trades", "strategies", "portfolio", "risk", "market", "alerts", "charts", "annotations", "details")
PAGE_OUTPUT = f"{Id.PAGE}.children"
DATA_OUTPUTS = frozenset(
    [f"{drawing_of(panel.id)}.data" for panel in PANELS]
    + [f"{grid_of(panel.id)}.rowData" for panel in PANELS]
    + [f"{rows_of(panel.id)}.data" for panel in PANELS]
    + [f"{id}.data" for id in (Id.DETAIL_DRAWING, Id.FEED_OLDER_DRAWING)]
)


def install(flask: Flask, key: bytes) -> None:
    """Serve the worker and the manifest from `flask`, and mark its answers; `key` makes of a person what nobody can guess."""
    flask.register_blueprint(_blueprint())

    @flask.after_request
    def mark(response: Response) -> Response:
        who = principal()
        if who is None:
            if response.mimetype == "text/html":
                response.headers[KEEP] = NOBODY
        elif who.is_session and (seconds := _seconds(response)):
            viewer = hmac.new(key, f"keeps {who.id}".encode(), hashlib.sha256).hexdigest()[:24]
            response.headers[KEEP] = f"{viewer} {seconds}"
        return response


def _seconds(response: Response) -> int:
    """Return for how long a person's browser may keep this answer to the current request, 0 for not at all."""
    if response.status_code != 200 or {"Set-Cookie", "Content-Disposition"} & set(response.headers.keys()):
        return 0
    path = request.path
    if request.method == "POST":
        return _of_callback(request.get_json(silent=True)) if path == CALLBACK else 0  # Flask keeps it, so nothing is parsed twice
    if request.method != "GET":
        return 0
    if path in SHELL or (path in PAGES and response.mimetype == "text/html"):
        return SHELL_SECONDS
    _root, api, noun, *_rest = [*path.split("/"), "", ""]
    return DATA_SECONDS if api == "api" and noun in NOUNS and path != PULSE and response.is_json else 0


def _of_callback(body: Any) -> int:
    output = body.get("output") if isinstance(body, dict) else None
    if not isinstance(output, str):
        return 0
    return SHELL_SECONDS if output.startswith(f"..{PAGE_OUTPUT}.") else DATA_SECONDS * (output in DATA_OUTPUTS)


def _blueprint() -> Blueprint:
    made = Blueprint("offline", __name__, template_folder="templates")
    served: dict[str, tuple[str, Callable[[], bytes], str]] = {
        "/service-worker.js": ("text/javascript", worker, "no-cache"),
        "/register-worker.js": ("text/javascript", (WORKER / "register.js").read_bytes, "no-cache"),
        "/manifest.webmanifest": ("application/manifest+json", lambda: orjson.dumps(manifest()), "no-cache"),
    }
    for name in ICONS:
        served[f"/icons/{name}.png"] = ("image/png", (ASSETS / "icons" / f"{name}.png").read_bytes, "public, max-age=86400")
    for path, (kind, content, lifetime) in served.items():
        made.add_url_rule(path, endpoint=path.replace("/", " ").replace(".", " ").strip(), view_func=_file(kind, content, lifetime))
    return made


def _file(kind: str, content: Callable[[], bytes], lifetime: str) -> Callable[[], Response]:
    @access(PUBLIC)
    def serve() -> Response:
        response = Response(content(), mimetype=kind, headers={"Cache-Control": lifetime})
        response.add_etag()
        response.make_conditional(request)
        return response

    return serve


def manifest() -> dict[str, Any]:
    """Return the web app manifest, in the language of who asks, with addresses under the sub-path."""
    icons = [
        {"src": at(f"/icons/{name}.png"), "sizes": "{0}x{0}".format(name.rpartition("-")[2]), "type": "image/png", "purpose": purpose}
        for name, purpose in ICONS.items()
    ]
    return {
        "id": at("/"),
        "name": APP_TITLE,
        "short_name": "BotV2",
        "description": _("What trading bots do, live"),
        "start_url": at("/"),
        "scope": at("/"),
        "display": "standalone",
        "theme_color": "#0a0c0f",
        "background_color": "#0a0c0f",
        "icons": icons,
        "shortcuts": [{"name": _(name), "url": at(path), "icons": icons[:1]} for path, name in SHORTCUTS],
    }


def worker() -> bytes:
    """Return the service worker of the current app. The same program gives the same bytes: others count as an update."""
    return _worker(at(""), str((bundle.manifest() or {}).get("version", "")), tuple(bundle.static_urls()))


@cache
def _worker(base: str, build: str, files: tuple[str, ...]) -> bytes:
    known = {
        "base": base,
        "version": _version(build),
        "files": files,
        "pages": list(PAGES),
        "nouns": NOUNS,
        "pulse": PULSE,
        "dataSeconds": DATA_SECONDS,
        "away": {language: _away(language) for language in LANGUAGES},
    }
    parts = [f"const CONFIG = {orjson.dumps(known).decode()};", *((WORKER / name).read_text() for name in PARTS)]
    return ('(function () {\n"use strict";\n' + "\n".join(parts) + "})();\n").encode()


def _away(language: str) -> str:
    """Return the page for an address of which nothing is kept; it tells nothing of anybody."""
    with speaking(Speech(language)):
        return render_template("away.html")


def _version(build: str) -> str:
    """Return what changes with anything that a page is made of, built or as shipped."""
    digest = hashlib.sha256(f"{build} {bundle.inputs_digest()}".encode())
    for file in sorted(WORKER.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
