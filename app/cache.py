"""Where the desk's answers are kept: Flask-Caching, in this process's memory."""

from typing import Any

from flask import Flask
from flask_caching import Cache

# An answer is asked for by the version of its data, so none is ever stale: the bounds are for memory alone (an answer may be 700 kB).
CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 100, "CACHE_DEFAULT_TIMEOUT": 60}


def answer_cache(flask: Flask) -> Any:
    """Return a cache of the app's own. It is the backend itself: `Cache` would look for whichever app is current."""
    cache = Cache(flask, config=CONFIG)
    return flask.extensions["cache"][cache]
