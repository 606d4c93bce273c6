"""Failed sign-ins as all processes together have seen them, in Redis; see `Guesses` for the rules."""

import time
import uuid

from data.shared import CLOCK, Shared

# Keys: the address's failures, the account's failures, whether this address failed on this account, and the address's running tries.
# Failures are held as the moments of the newest ten; what a clock that was set back left in the future is forgotten.
TIDY = f"""{CLOCK}
local window, most = tonumber(ARGV[2]), tonumber(ARGV[3])
for _, key in ipairs({{KEYS[1], KEYS[2], KEYS[4]}}) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    redis.call('ZREMRANGEBYSCORE', key, ahead, '+inf')
end
"""
# Returns the milliseconds to wait, 0 when the try may begin, -1 when only running tries are in its way.
BEGIN = f"""{TIDY}
local function waits(key)
    local tenth = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')
    return tenth[2] and math.max(1, tonumber(tenth[2]) + window - now) or 0
end
local late = waits(KEYS[1])
if late == 0 and redis.call('EXISTS', KEYS[3]) == 1 then late = waits(KEYS[2]) end
if late > 0 then return late end
if redis.call('ZCARD', KEYS[1]) + redis.call('ZCARD', KEYS[4]) >= most then return -1 end
redis.call('ZADD', KEYS[4], now, ARGV[1])
redis.call('PEXPIRE', KEYS[4], window)
return 0
"""
END = f"""{TIDY}
redis.call('ZREM', KEYS[4], ARGV[1])
if ARGV[4] == '0' then return 0 end
for _, key in ipairs({{KEYS[1], KEYS[2]}}) do
    redis.call('ZADD', key, now, ARGV[1])
    redis.call('ZREMRANGEBYRANK', key, 0, -most - 1)
    redis.call('PEXPIRE', key, window)
end
redis.call('SET', KEYS[3], 1, 'PX', window)
return 0
"""
BUSY = -1
PAUSE_SECONDS = 0.05


class Tries:
    """Counts in `shared`; while that does not serve it lets everything pass, and what each process counts for itself decides."""

    def __init__(self, shared: Shared, window_seconds: float, failures: int) -> None:
        self._shared = shared
        self._rule = (int(window_seconds * 1000), failures)

    def begin(self, account: str, origin: str, deadline: float) -> tuple[str, float | None]:
        """Return the try's number and the seconds it has to wait: 0 when it may begin, None when others still ran at the monotonic `deadline`."""
        number = uuid.uuid4().hex
        while (answer := self._run(BEGIN, account, origin, number)) == BUSY:
            if time.monotonic() > deadline:
                return number, None
            time.sleep(PAUSE_SECONDS)
        return number, answer / 1000

    def end(self, account: str, origin: str, number: str, *, failed: bool) -> None:
        """Count what came of a try that had begun."""
        self._run(END, account, origin, number, int(failed))

    def _run(self, script: str, account: str, origin: str, number: str, *more: int) -> int:
        parts = (("address", origin), ("account", account), ("pair", account, origin), ("running", origin))
        keys = [self._shared.key("guess", *part) for part in parts]
        return self._shared.ask(lambda redis: redis.eval(script, len(keys), *keys, number, *self._rule, *more)) or 0
