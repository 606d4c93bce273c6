"""The gate in front of everything: Flask, Dash's own endpoints and the sockets. What is not allowed stops here."""

import logging
import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from app import incoming
from app.answers import refusal_response
from app.arrival import Arrival
from app.body import Body, end_connection
from app.cors import Cors
from app.headers import Headers, SecurityHeaders
from app.incoming import Environ, LimitClass
from app.limits import LIMITS, Limits
from data.accounts import Accounts, Principal
from data.errors import Code, Refused
from data.settings import Settings

log = logging.getLogger("botv2.gate")
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

PRINCIPAL = "botv2.principal"
REQUEST_ID = "botv2.request_id"
REFUSALS = ("401", "403", "429")


def principal() -> Principal | None:
    """Return who sends the current Flask request; None only on a public endpoint."""
    found: Principal | None = request.environ.get(PRINCIPAL)
    return found


def request_id() -> str:
    """Return the current Flask request's id, under which the log tells what happened."""
    found: str = request.environ.get(REQUEST_ID, "")
    return found


class Gate:
    """WSGI middleware: who is it, may they come in, from this site, this often; and the headers of every answer."""

    def __init__(
        self,
        wsgi_app: WsgiApp,
        accounts: Accounts,
        settings: Settings,
        is_public: Callable[[str, str], bool] = incoming.public_endpoint,
        *,
        limit_class: Callable[[Environ], LimitClass | None] = incoming.limit_class,
        csp_hashes: Callable[[], Sequence[str]] = tuple,
        admitted: Callable[[str], Principal | None] = lambda _sid: None,
        answered: Callable[[str], None] = lambda _status: None,
    ) -> None:
        """Stand in front of `wsgi_app`.

        `is_public(method, path)` names what needs no sign-in; `limit_class(environ)` which limit counts, None for none;
        `admitted(sid)` tells whose Socket.IO connection this is, for clients that send their token with the handshake alone;
        `csp_hashes()` gives the inline scripts' hashes and is called once, at the first request; `answered(status)` is told each
        answer's, such as "507".
        """
        self._app = wsgi_app
        self._accounts = accounts
        self._is_public = is_public
        self._limit_class = limit_class
        self._admitted = admitted
        self._answered = answered
        self._arrival = Arrival(settings)
        self._cors = Cors(settings.cors_origins)
        self._headers = SecurityHeaders(csp_hashes)
        self._limits = Limits(accounts.shared) if settings.botv2_rate_limits == "on" else None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request, or let the app behind answer it."""
        number = environ[REQUEST_ID] = secrets.token_hex(8)
        environ.pop(PRINCIPAL, None)
        self._arrival.settle(environ)
        tls, body = incoming.is_tls(environ), Body(environ)
        started = False

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            nonlocal started
            started = True
            self._answered(status[:3])
            if status.startswith(REFUSALS):
                self._audit_refusal(environ, status)
            if body.broken:
                end_connection(start_response)
            headers = self._headers.added_to([*headers, *self._cors.headers(environ), ("X-Request-Id", number)], tls=tls)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            return (self._answer(environ, tls=tls) or self._app)(environ, start)
        except (StopIteration, ConnectionError):
            raise  # how the socket server says that it has already dealt with the connection
        except BadRequest:  # which Flask does not answer: of the socket server's requests
            return refusal_response(Refused(Code.BAD_REQUEST, "the body is malformed"))(environ, start)
        except Exception:
            log.exception("request %s failed", number)
            if started:
                raise
            refusal = Refused(Code.INTERNAL, f"something went wrong on the server; it is in the log as request {number}")
            return refusal_response(refusal)(environ, start)

    def _answer(self, environ: Environ, *, tls: bool) -> Response | None:
        """Return the gate's own answer, or None to let the request pass."""
        try:
            self._refuse_what_nobody_may(environ)
            if (preflight := self._cors.preflight(environ)) is not None:
                return preflight
            environ[PRINCIPAL] = who = self._identify(environ, tls=tls)
            if who is not None:
                self._refuse_what_they_may_not(environ, who)
        except Refused as refusal:
            response = refusal_response(refusal)
            if refusal.code == Code.UNAUTHENTICATED:
                response.headers["WWW-Authenticate"] = 'Bearer realm="BotV2"'
            return response
        if who is not None or self._is_public(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            if environ["PATH_INFO"].startswith(incoming.SOCKET):
                environ.pop("HTTP_ORIGIN", None)  # judged above; the socket server knows of no TLS that a proxy has ended
            return None
        if incoming.wants_page(environ):
            return Response(status=302, headers={"Location": incoming.login_address(environ)})
        response = refusal_response(Refused(Code.UNAUTHENTICATED, "sign in, or send a token in the Authorization header"))
        response.headers["WWW-Authenticate"] = 'Bearer realm="BotV2"'
        return response

    def _refuse_what_nobody_may(self, environ: Environ) -> None:
        self._arrival.check_host(environ)
        guarded = environ["REQUEST_METHOD"] not in incoming.SAFE_METHODS or environ["PATH_INFO"].startswith(incoming.SOCKET)
        if guarded and incoming.is_cross_site(environ):
            raise Refused(Code.CROSS_SITE, "this request comes from another site")
        if incoming.carries_token(environ.get("QUERY_STRING", "")):
            raise Refused(Code.BAD_REQUEST, "a token belongs into the Authorization header, never into an address", fields={"query": "holds a token"})

    def _identify(self, environ: Environ, *, tls: bool) -> Principal | None:
        """Return who sends this, None for nobody; a token counts before a cookie, and a wrong one is refused whatever the cookie."""
        token = incoming.token_of(environ.get("HTTP_AUTHORIZATION", ""))
        if token is not None:
            found = self._accounts.resolve_token(token)
            if found is None:
                raise Refused(Code.UNAUTHENTICATED, "the token is unknown, expired or revoked")
            return found
        cookie = incoming.cookie_of(environ.get("HTTP_COOKIE", ""), incoming.session_cookie_name(tls=tls))
        if cookie and "HTTP_ORIGIN" in environ and incoming.is_cross_site(environ):
            return None  # a foreign page's script reads with a token of its own or not at all
        if cookie:
            return self._accounts.resolve_session(cookie)
        sid = incoming.socket_of(environ)
        owner = self._admitted(sid) if sid else None
        return owner if owner is not None and self._accounts.is_live(owner) else None

    def _refuse_what_they_may_not(self, environ: Environ, who: Principal) -> None:
        if environ["PATH_INFO"].startswith(incoming.SOCKET) and "read" not in who.scopes:
            raise Refused(Code.FORBIDDEN, "this needs the scope 'read'")
        if self._limits is None or (kind := self._limit_class(environ)) is None:
            return
        if (waits := self._limits.hit(kind, who.id)) is not None:
            raise Refused(Code.RATE_LIMITED, f"more than {LIMITS[kind]} {kind} requests in a minute", retry_after=max(1, math.ceil(waits)))

    def _audit_refusal(self, environ: Environ, status: str) -> None:
        path = environ["PATH_INFO"]
        if path.startswith("/login"):
            if not status.startswith("403"):
                return  # a failed sign-in is recorded with the name that was tried, a link's without its secret
            path = "/login"
        who: Principal | None = environ.get(PRINCIPAL)
        actor = f"{who.id} {who.name}" if who else "anonymous"
        self._accounts.audit_refusal(actor, f"refused.{status[:3]}", path, environ.get("REMOTE_ADDR", ""), int(status[:3]))
