"""A small app behind the real gate and sign-in, for tests of the doors alone."""

from functools import partial
from types import SimpleNamespace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app import signin
from app.access import PUBLIC, access, enforce
from app.gate import Gate, principal
from app.incoming import SOCKET
from data.accounts import Accounts
from data.settings import Settings
from data.store import Store

PASSWORD = "correct horse battery"


def build_doors(store: Store, settings: Settings, **gate: Any) -> SimpleNamespace:
    """Return `accounts`, `flask` and `client()`, a browser without a sign-in."""
    accounts = Accounts(store, settings)
    accounts.add_user("admin", PASSWORD, "admin")
    flask = Flask(__name__)
    flask.config["PROPAGATE_EXCEPTIONS"] = False
    enforce(flask)
    flask.register_blueprint(signin.blueprint(accounts))
    _add_routes(flask)
    flask.wsgi_app = Gate(_socket_server(flask.wsgi_app), accounts, settings, **gate)  # type: ignore[method-assign]  # Flask's documented place
    return SimpleNamespace(accounts=accounts, flask=flask, client=lambda: FlaskClient(flask))


def sign_in(client: FlaskClient, password: str = PASSWORD, **options: Any) -> Any:
    """Post the form and return the answer."""
    return client.post("/login", data={"username": "admin", "password": password}, **options)


def body(answer: Any) -> Any:
    """Return the JSON of an answer."""
    return answer.get_json()


def _add_routes(flask: Flask) -> None:
    def who(**_path: str) -> dict[str, Any]:
        found = principal()
        return {"success": True, "name": found.name if found else None}

    def broken() -> str:
        raise RuntimeError("secret /etc/passwd SELECT 1")

    for rule, mark, methods in (
        ("/health", PUBLIC, ["GET"]),
        ("/", "read", ["GET"]),
        ("/monitoring", "read", ["GET"]),
        ("/_dash-layout", "read", ["GET"]),
        ("/_dash-update-component", "read", ["POST"]),
        ("/assets/<name>", "read", ["GET"]),
        ("/api/monitoring/stats", "read", ["GET"]),
        ("/api/monitoring/pulse", "read", ["GET"]),
        ("/api/monitoring/activity", "ingest", ["POST"]),
        ("/api/monitoring/activity/clear", "control", ["POST"]),
    ):
        flask.add_url_rule(rule, f"{rule} {mark}", access(mark)(partial(who)), methods=methods)
    flask.add_url_rule("/broken", "broken", access("read")(broken))


def _socket_server(wsgi_app: Any) -> Any:
    """Stand where the socket server stands: in front of Flask; it breaks when it is asked to."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith(SOCKET):
            return wsgi_app(environ, start_response)
        if "break" in environ["QUERY_STRING"]:
            raise RuntimeError("secret /etc/passwd SELECT 1")
        start_response("200 OK", [("Content-Type", "text/plain"), ("Server", "sockets/1.2.3")])
        return [environ.get("HTTP_X_FORWARDED_HOST", "no forwarded host").encode()]

    return serve
