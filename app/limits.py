"""How often somebody may ask: counted in Redis for all processes, in this process's memory where there is none or it does not serve."""

import threading
import time
from collections import deque
from collections.abc import Callable

from app.incoming import LimitClass
from data.shared import CLOCK, Shared

LIMITS: dict[LimitClass, int] = {"read": 1_200, "ingest": 6_000, "control": 120}
WINDOW_SECONDS = 60.0
SWEEP_ABOVE = 1_000

# The moments of the last requests, the newest first: full and its last still in the window means one too many.
# Returns the milliseconds to wait. A clock that was set back empties it, which opens one window and locks nobody out.
HIT = f"""{CLOCK}
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and tonumber(newest) > ahead then redis.call('DEL', KEYS[1]) end
local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
if oldest and tonumber(oldest) > now - window then return tonumber(oldest) + window - now end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, limit - 1)
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class Limits:
    """Counts the requests of each principal in the last minute, per kind; safe to share between threads."""

    def __init__(self, shared: Shared, clock: Callable[[], float] = time.monotonic) -> None:
        """Count in `shared`; `clock` must not jump, and is not asked where Redis counts, which has its own."""
        self._shared = shared
        self._clock = clock
        self._own: dict[tuple[LimitClass, str], deque[float]] = {}
        self._lock = threading.Lock()

    def hit(self, kind: LimitClass, principal_id: str) -> float | None:
        """Count a request; return the seconds to wait when it is one too many, which then does not count, else None."""
        arguments = (LIMITS[kind], int(WINDOW_SECONDS * 1000))
        waits = self._shared.ask(lambda redis: redis.eval(HIT, 1, self._shared.key("limit", kind, principal_id), *arguments))
        if waits:
            return float(waits) / 1000
        return self._hit_own(kind, principal_id, granted=waits is not None)

    def _hit_own(self, kind: LimitClass, principal_id: str, *, granted: bool) -> float | None:
        """Count in memory; what Redis has `granted` counts too, so that losing Redis opens no new window here."""
        moment = self._clock()
        with self._lock:
            if len(self._own) > SWEEP_ABOVE:
                self._own = {key: hits for key, hits in self._own.items() if hits[-1] > moment - WINDOW_SECONDS}
            hits = self._own.setdefault((kind, principal_id), deque(maxlen=LIMITS[kind]))
            if not granted and len(hits) == LIMITS[kind] and (waits := hits[0] + WINDOW_SECONDS - moment) > 0:
                return waits
            hits.append(moment)
            return None
