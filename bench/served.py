"""`python -m bench.served KIND --port N`: the app, and two routes more that store nothing, behind one of the servers compared."""

import argparse
import signal
import sys
from typing import Any

from dash import Dash
from flask import Flask, Response, request

import app.server
from app import serve
from app.access import access
from app.answers import json_response, success
from app.bundle import Bundle
from app.rest.endpoint import parse_json
from data.desk import Desk
from data.records import EventIn, validated
from data.settings import Settings

THREADS = 64  # of those that buffer slow clients themselves
create_app = app.server.create_app


def create_app_with_bench_routes(settings: Settings, desk: Desk, build: Bundle | None = None) -> Dash:
    """Return the app with `/bench/bare`, which answers at once, and `/bench/checked`, which does all but store the event."""
    made = create_app(settings, desk, build)

    @access("ingest")
    def bare() -> Response:
        request.get_data(cache=False)
        return json_response({"success": True}, 201)

    @access("ingest")
    def checked() -> Response:
        draft = validated(EventIn, parse_json(request.get_data(cache=False)))
        return json_response(success(event={"id": 1, **draft.sent()}), 201)

    flask: Flask = made.server
    for view in (bare, checked):
        flask.add_url_rule(f"/bench/{view.__name__}", view_func=view, methods=["POST"])
    return made


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", help="shipped, gthread-THREADS, werkzeug, waitress or bridge (uvicorn and a2wsgi)")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    settings = Settings.load(botv2_port=given.port)
    app.server.create_app = create_app_with_bench_routes
    if given.kind.startswith("gthread-"):
        serve.THREADS = int(given.kind.removeprefix("gthread-"))
    if given.kind.startswith(("gthread-", "shipped")):
        serve.serve(settings, lambda *_: None)
        return
    desk = Desk.open(settings)
    desk.start()
    flask: Flask = app.server.create_app(settings, desk).server
    flask.extensions["botv2.push"].start()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        SERVERS[given.kind](flask, given.port)
    finally:
        desk.close()


def _werkzeug(flask: Any, port: int) -> None:
    from werkzeug.serving import make_server

    make_server("127.0.0.1", port, flask, threaded=True).serve_forever()


def _waitress(flask: Any, port: int) -> None:
    import waitress  # type: ignore[import-untyped]  # ships no types

    waitress.serve(flask, host="127.0.0.1", port=port, threads=THREADS, connection_limit=2000)


def _bridge(flask: Any, port: int) -> None:
    import a2wsgi  # type: ignore[import-not-found]  # not among the project's requirements: see `serving.py --bridge`
    import uvicorn  # type: ignore[import-not-found]  # the same

    uvicorn.run(a2wsgi.WSGIMiddleware(flask, workers=THREADS), port=port, log_level="warning", lifespan="off", timeout_graceful_shutdown=10)


SERVERS = {"werkzeug": _werkzeug, "waitress": _waitress, "bridge": _bridge}

if __name__ == "__main__":
    main()
