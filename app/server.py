"""`create_app` wires the parts to one app and starts nothing; two apps in one process share nothing."""

import logging

import dash
from flask import Flask, Response, current_app, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

import callbacks
from app import bundle, offline, packed, pages, signin, speech
from app.access import PUBLIC, access, enforce
from app.answers import refusal_response
from app.base_path import under
from app.bundle import APART, ASSETS, Bundle
from app.cache import answer_cache
from app.callback_guard import guard_callbacks
from app.early import Early
from app.gate import Gate, principal, request_id
from app.pages.index import INDEX_STRING, Document
from app.rest import alerts, annotations, charts, details, exports, market, monitoring, people, portfolio, preferences, risk, strategies, trades
from app.rest.endpoint import blueprint
from app.rest.service import service
from app.sockets import Push
from components.links import stand_under
from components.plain import plain
from data.accounts import Principal
from data.desk import Desk
from data.errors import Code, Refused
from data.settings import Settings

log = logging.getLogger(__name__)

APIS = {
    "monitoring": monitoring,
    "trades": trades,
    "strategies": strategies,
    "market": market,
    "alerts": alerts,
    "charts": charts,
    "annotations": annotations,
    "export": exports,
    "people": people,
    "portfolio": portfolio,
    "preferences": preferences,
    "risk": risk,
    "details": details,
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HTTP_CODES = {400: Code.BAD_REQUEST, 404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED, 413: Code.TOO_LARGE, 415: Code.UNSUPPORTED_MEDIA_TYPE}


def create_app(settings: Settings, desk: Desk, build: Bundle | None = None) -> dash.Dash:
    """Return the whole app around `desk`: pages, REST, sockets and sign-in behind the gate; with `build` its scripts and styles.

    Its Flask app is `.server`; `.server.extensions["botv2.push"]` is the push, which whoever serves the app starts.
    """
    flask = Flask("app", static_folder=None, template_folder=str(ASSETS.parent / "templates"))
    flask.config.update(MAX_CONTENT_LENGTH=256 * 1024, MAX_FORM_MEMORY_SIZE=64 * 1024, PROPAGATE_EXCEPTIONS=False)
    flask.secret_key = settings.signing_key()  # made at the first start; for whatever Flask or an extension signs
    desk.answers.cache = answer_cache(flask, desk.shared, settings)
    packed.install(flask)
    flask.before_request(lambda: stand_under(settings.botv2_base_path))
    speech.install(flask, desk.preferences, settings.botv2_timezone)
    enforce(flask)
    _handle_errors(flask)
    for name, nouns in APIS.items():
        flask.register_blueprint(blueprint(name, f"/api/{name}", desk, nouns.ENDPOINTS))
    flask.register_blueprint(service(desk))
    flask.register_blueprint(signin.blueprint(desk.accounts))
    offline.install(flask, settings.signing_key())
    _answer_unknown_paths(flask)
    _let_browsers_keep_libraries(flask)
    if build is not None:
        flask.extensions[bundle.EXTENSION] = build
        flask.register_blueprint(bundle.blueprint(build))
    app = _pages(flask, settings, desk)
    push = flask.extensions["botv2.push"] = Push(flask, desk)
    desk.viewers = lambda: len(push.viewers)
    gate = Gate(flask.wsgi_app, desk.accounts, settings, csp_hashes=app.csp_hashes, admitted=push.owner, answered=desk.counted.answer)
    flask.wsgi_app = under(settings.botv2_base_path, gate)  # type: ignore[assignment, method-assign]  # Flask's documented place
    return app


def _pages(flask: Flask, settings: Settings, desk: Desk) -> dash.Dash:
    app = Document(
        __name__,
        server=flask,  # type: ignore[arg-type]  # Dash takes one, its annotation does not say so
        title=pages.APP_TITLE,
        update_title="",
        assets_folder=str(ASSETS),
        assets_path_ignore=list(APART),
        index_string=INDEX_STRING,
        use_pages=False,
        enable_mcp=False,
        requests_pathname_prefix=settings.botv2_base_path + "/",
        routes_pathname_prefix="/",
        external_stylesheets=[],
        serve_locally=True,
        suppress_callback_exceptions=False,
    )
    app.bundle = flask.extensions.get(bundle.EXTENSION)
    app.early = Early(desk).figures
    app.layout = lambda: plain(pages.build_layout(settings, _viewer()), pages.named_ids(app))
    app.validation_layout = pages.validation_layout(settings)  # type: ignore[assignment]  # as above
    pages.register_pages(app, _viewer)
    callbacks.register(app, desk, _viewer)
    guard_callbacks(app)
    return app


def _viewer() -> Principal | None:
    """Return who looks; Dash also builds the layout once at the start, for nobody."""
    return principal() if has_request_context() else None


def _handle_errors(flask: Flask) -> None:
    @flask.errorhandler(Refused)
    def refused(refusal: Refused) -> Response:
        return refusal_response(refusal)

    @flask.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = HTTP_CODES.get(error.code or 500, Code.INTERNAL if (error.code or 500) >= 500 else Code.BAD_REQUEST)
        response = refusal_response(Refused(code, f"{error.name or 'error'}".lower()))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @flask.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("request failed", exc_info=error, extra={"request_id": request_id()})
        return refusal_response(Refused(Code.INTERNAL, f"something went wrong here; the log tells more under {request_id()}"))


def _let_browsers_keep_libraries(flask: Flask) -> None:
    """Have Dash's own scripts without a fingerprint asked about, not sent anew: plotly's five megabytes would be read at each page load."""

    @flask.after_request
    def keep(response: Response) -> Response:
        if request.path.startswith("/_dash-component-suites/"):
            response.headers.setdefault("Cache-Control", "no-cache")
        return response


def _answer_unknown_paths(flask: Flask) -> None:
    """Dash answers 200 to any path: below `/api` an unknown one is a JSON 404, elsewhere the page says 404 and so does the status."""

    @flask.route("/api", methods=METHODS)
    @flask.route("/api/", methods=METHODS)
    @flask.route("/api/<path:rest>", methods=METHODS)
    @access(PUBLIC)
    def unknown(rest: str = "") -> Response:
        adapter = current_app.create_url_adapter(request)
        assert adapter is not None  # noqa: S101  # there is a request, so there is an adapter
        allowed = [method for method in METHODS if adapter.match(method=method, return_rule=True)[0].endpoint != "unknown"]
        if allowed:
            raise MethodNotAllowed(allowed)
        raise Refused(Code.NOT_FOUND, "there is nothing at this path")

    @flask.after_request
    def mark_unknown_pages(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule is not None else None
        if rule == "/<path:path>" and response.status_code == 200 and request.path not in pages.PAGES:
            response.status_code = 404
        return response
