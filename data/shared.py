"""The Redis that several processes share, for limits and kept answers. Nothing in it is needed: without it each process has its own."""

import hashlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import make_url

from data.errors import Code, Refused
from data.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger("botv2.shared")

ANSWER_SECONDS = 0.2  # for the connection, and again for the answer: a request never waits longer for what it can do without
LOOK_SECONDS = 2.0
PROBE_LIVES_MS = 60_000
# Redis's own clock, in milliseconds. It may be set back: what then lies further ahead than this is no longer believed.
CLOCK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ahead = now + 1000
"""

State = Literal["unset", "ok", "away"]


class Shared:
    """One Redis, while it serves. Once it failed or was slow nobody asks it again until `look` has found it well."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to connect; raises `Refused` (`bad_setting`) for an address that is none."""
        url = settings.redis_url.get_secret_value()
        self._redis = _client(url) if url else None
        self._name = _name_of(settings) if url else ""
        self._reason: str | None = None
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """Return whether it serves; `unset` where the settings name none."""
        if self._redis is None:
            return "unset"
        return "ok" if self._reason is None else "away"

    def key(self, kind: str, *parts: str) -> str:
        """Return a key of this dashboard's own; the parts may be anything, and nobody reads them there."""
        digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"botv2:{self._name}:{kind}:{digest}"

    def ask(self, command: "Callable[[Redis], Any]") -> Any:
        """Return what Redis answers to `command`, None without one or while it does not serve. Never raises."""
        return self._try(command) if self._redis is not None and self._reason is None else None

    def forget(self, kind: str) -> None:
        """Remove every key of a kind that this dashboard has."""
        self.ask(lambda redis: [redis.unlink(key) for key in redis.scan_iter(f"botv2:{self._name}:{kind}:*", count=1_000)])

    def look(self) -> None:
        """Find out whether it answers and can be written to; for a thread that has time."""
        if self._redis is not None and self._try(lambda redis: redis.set(self.key("probe"), 1, px=PROBE_LIVES_MS)):
            with self._lock:
                was_away, self._reason = self._reason is not None, None
            if was_away:
                log.info("Redis serves again")

    def close(self) -> None:
        """Hang up."""
        if self._redis is not None:
            self._redis.close()

    def _try(self, command: "Callable[[Redis], Any]") -> Any:
        from redis import RedisError

        assert self._redis is not None  # noqa: S101  # both callers have looked
        try:
            return command(self._redis)
        except (RedisError, OSError) as fault:
            with self._lock:
                is_news, self._reason = self._reason is None, type(fault).__name__
            if is_news:
                log.warning("Redis does not serve (%s: %s); until it does, limits and kept answers are this process's own", self._reason, fault)
            return None


def _client(url: str) -> "Redis":
    """Return a client that gives up soon and tries nothing twice."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0), protocol=2)
    except ValueError:  # its words hold a part of the address, and that may be one of the password
        fields = {"REDIS_URL": "is no address such as redis://:password@host:6379/0"}
        raise Refused(Code.BAD_SETTING, "a setting is wrong", fields=fields) from None


def _name_of(settings: Settings) -> str:
    """Return what tells this dashboard's keys from another's: one store and one secret key, of which it tells nothing."""
    store = make_url(settings.store_url).set(username=None, password=None, query={})
    key = hashlib.sha256(settings.signing_key()).digest()
    return hashlib.blake2b(store.render_as_string().encode(), key=key, digest_size=8).hexdigest()
