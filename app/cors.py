"""Pages of foreign origins: those that the settings name may read the API with a token, and nobody's page may do more."""

from collections.abc import Set

from werkzeug.wrappers import Response

from app.headers import Headers
from app.incoming import READS, Environ

API = "/api/"
PREFLIGHT_SECONDS = "600"
ALLOWED_HEADERS = "Authorization, If-None-Match"
READABLE_HEADERS = "Content-Disposition, ETag, Retry-After, X-Request-Id, X-Total-Count"


class Cors:
    """Answers what a browser asks before a foreign page's read, and says to whom an answer may be shown."""

    def __init__(self, origins: Set[str]) -> None:
        """Let pages of `origins` read; without any, nothing is added to any answer."""
        self._origins = origins

    def preflight(self, environ: Environ) -> Response | None:
        """Return the answer to a browser that asks whether a page may read; None for everything else, such as a wish to write."""
        wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if environ["REQUEST_METHOD"] != "OPTIONS" or wanted not in READS or not self._is_allowed(environ):
            return None
        headers = {
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }
        return Response(status=204, headers=headers)

    def headers(self, environ: Environ) -> Headers:
        """Return what is added to the answer. It never allows credentials: a cookie counts for the app's own pages only."""
        if not self._origins or not environ["PATH_INFO"].startswith(API):
            return []
        shown = [("Vary", "Origin")]  # also where the origin is none of them, or a cache would mix the answers up
        if environ["REQUEST_METHOD"] in {*READS, "OPTIONS"} and self._is_allowed(environ):
            shown += [("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]), ("Access-Control-Expose-Headers", READABLE_HEADERS)]
        return shown

    def _is_allowed(self, environ: Environ) -> bool:
        return environ.get("HTTP_ORIGIN") in self._origins and environ["PATH_INFO"].startswith(API)
