"""Documents, the service worker and what Dash asks for, as gzip: a sixth, in less than a millisecond. A build's files are packed already.

Nothing in them is a secret beside something that a stranger can choose, so that their size tells nobody anything.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

KINDS = frozenset({"text/html", "text/javascript"})
LEAST_BYTES = 1_500  # what fits into one packet is sent as it is
LEVEL = 4  # 9 takes three times as long for a twentieth less


def install(flask: Flask) -> None:
    """Pack the answers of `flask` to whoever takes them so; to be called before whatever else changes answers, which then comes first."""

    @flask.after_request
    def pack(response: Response) -> Response:
        if not (request.path.startswith("/_dash-") or response.mimetype in KINDS) or response.direct_passthrough:
            return response
        response.headers.add("Vary", "Accept-Encoding")
        if "Content-Encoding" in response.headers or response.is_streamed or not request.accept_encodings.quality("gzip"):
            return response
        body = response.get_data()
        if len(body) >= LEAST_BYTES:
            response.set_data(_packed(body))
            response.headers["Content-Encoding"] = "gzip"
        return response


@lru_cache(maxsize=32)  # what many look at is the same for each of them
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)
