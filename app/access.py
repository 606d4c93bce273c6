"""Who may call what: every route carries a mark, and a route without one is closed.

The gate has let in nobody unknown by then; here the scope is held against the route's mark.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, request

from app.answers import refusal_response
from app.gate import principal
from data.errors import Code, Refused

View = TypeVar("View", bound=Callable[..., Any])
MARK = "botv2_access"
PUBLIC = "public"
SCOPES = ("read", "ingest", "control")

# Dash makes these routes itself; a person who may look needs all of them.
DASH_PREFIXES = ("/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_dash-component-suites/", "/_reload-hash", "/_favicon.ico")
DASH_ROUTES = {"/", "/<path:path>", "/assets/<path:filename>"}


def access(mark: str) -> Callable[[View], View]:
    """Mark a view with the scope that it needs, or as public."""

    def marked(view: View) -> View:
        setattr(view, MARK, mark)
        return view

    return marked


def mark_of(flask: Flask, endpoint: str, rule: str) -> str | None:
    """Return the mark of a route: its view's own, `read` for Dash's, None for one that says nothing."""
    mark: str | None = getattr(flask.view_functions[endpoint], MARK, None)
    if mark is None and (rule in DASH_ROUTES or rule.startswith(DASH_PREFIXES)):
        return "read"
    return mark


def enforce(flask: Flask) -> None:
    """Check every request to `flask` against its route's mark."""

    @flask.before_request
    def _check() -> Response | None:
        if request.url_rule is None:
            return None  # nothing is served: 404 and 405 have their handlers
        mark = mark_of(flask, request.endpoint or "", request.url_rule.rule)
        if mark == PUBLIC:
            return None
        caller = principal()
        if caller is None:
            return refusal_response(Refused(Code.UNAUTHENTICATED, "sign in or send a token"))
        if mark not in caller.scopes:
            return refusal_response(Refused(Code.FORBIDDEN, f"this needs the scope {mark!r}" if mark else "this route is closed"))
        return None
