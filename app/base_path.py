"""The sub-path under which a proxy serves all of it."""

from collections.abc import Callable, Iterable
from typing import Any

from app.incoming import Environ

WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def under(base: str, wsgi_app: WsgiApp) -> WsgiApp:
    """Return `wsgi_app` as it stands under `base`, such as ``/desk``: it sees its own paths, and `base` as ``SCRIPT_NAME``.

    A request without it is answered all the same: from a proxy that takes it off, a bot or a health check beside the server.
    """
    if not base:
        return wsgi_app

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        environ["SCRIPT_NAME"] = base
        if path == base or path.startswith(base + "/"):
            environ["PATH_INFO"] = path[len(base) :] or "/"
        return wsgi_app(environ, start_response)

    return serve
