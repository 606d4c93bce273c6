"""Where the desk's answers are kept: Flask-Caching in this process's memory, and, where several share one, Redis beside it."""

from typing import Any

import orjson
from flask import Flask
from flask_caching import Cache

from app.version import RELEASE
from data import answers
from data.settings import Settings
from data.shared import Shared

ANSWER = "answer"
KEPT_SECONDS = 60
# An answer is asked for by the version of its data, so none is ever stale: the bounds are for memory alone (an answer may be 700 kB).
CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 200, "CACHE_DEFAULT_TIMEOUT": KEPT_SECONDS}


class SharedCache:
    """What this process keeps, and behind it what others computed; in Redis lies JSON and nothing is ever unpickled from there.

    Flask-Caching's own Redis backend would unpickle what it finds, and knows of no Redis that is slow or gone.
    """

    def __init__(self, own: answers.Cache, shared: Shared, settings: Settings) -> None:
        """Keep in `own` and `shared`; answers of another release, or of other settings that figures depend on, are not for us."""
        self._own = own
        self._shared = shared
        counts = (settings.botv2_currency, settings.botv2_trading_days, settings.botv2_starting_balance, settings.botv2_timezone)
        self._kind = orjson.dumps([RELEASE, counts]).decode()

    def get(self, key: str) -> Any:
        """Return what this process or another kept under the key, or None."""
        if (kept := self._own.get(key)) is None:
            kept = self._shared.ask(lambda redis: redis.get(self._key(key)))
            if kept is not None:
                self._own.set(key, kept)
        return kept

    def set(self, key: str, value: Any) -> None:
        """Keep a value for a minute, here and for the others."""
        self._own.set(key, value)
        self._shared.ask(lambda redis: redis.set(self._key(key), value, ex=KEPT_SECONDS))

    def _key(self, key: str) -> str:
        return self._shared.key(ANSWER, self._kind, key)


def answer_cache(flask: Flask, shared: Shared, settings: Settings) -> answers.Cache:
    """Return a cache of the app's own. It is the backend itself: `Cache` would look for whichever app is current."""
    cache = Cache(flask, config=CONFIG)
    own: answers.Cache = flask.extensions["cache"][cache]
    if shared.state == "unset":
        return own
    shared.forget(ANSWER)  # a backup may have been restored since: its next records get ids that there have been before
    return SharedCache(own, shared, settings)
