"""How often somebody may do something: a sliding window in Valkey.

Two counters, this window's and the last one's, weighted by how much of the last one still counts: one
round trip, two small keys a person, and never more than a few per cent wrong. When Valkey is away the
counting goes on inside this process: the limit is then per process, but it does not vanish.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from heliograph.core import clock, logs, metrics, valkey
from heliograph.core.errors import Limited, Unavailable

_SPEND = valkey.Script(
    """
local now, last, share, allowed, cost, seconds = KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]),
    tonumber(ARGV[3]), tonumber(ARGV[4])
local used = tonumber(redis.call('GET', now) or '0') + share * tonumber(redis.call('GET', last) or '0')
if used + cost > allowed then return -1 end
redis.call('INCRBY', now, cost)
redis.call('EXPIRE', now, seconds * 2)
return math.floor(allowed - used - cost)
"""
)


@dataclass(frozen=True)
class Remaining:
    allowed: int
    left: int


def spend(name: str, who: str | int, *, allowed: int, seconds: int, cost: int = 1) -> Remaining:
    """Count one deed of `who`; raise Limited when `allowed` in `seconds` are used up (nothing is counted then)."""
    now = clock.now_ms() / 1000
    window = int(now // seconds)
    share = 1 - (now % seconds) / seconds
    keys = [f"limit:{name}:{who}:{window}", f"limit:{name}:{who}:{window - 1}"]
    try:
        left = int(_SPEND(keys, [f"{share:.6f}", allowed, cost, seconds]))
    except (Unavailable, valkey.ValkeyError):
        left = _spend_here(keys[0], allowed, cost, seconds)
    if left < 0:
        metrics.count("limited_total", limit=name)
        _tell(name, who, keys[0])
        raise Limited(retry_after_seconds=max(1, int(seconds * (1 - share))))
    return Remaining(allowed, left)


#: Limits that somebody meets who guesses, or lets guess.
_GUESSED = {"sign_in_address", "sign_in_name", "forgot_address", "forgot_name", "password_tries"}
_told: set[str] = set()
_TOLD_MOST = 10_000


def _tell(name: str, who: str | int, key: str) -> None:
    """Once in a window and process: whoever guesses must not fill the disk as well."""
    if name not in _GUESSED or key in _told:
        return
    if len(_told) >= _TOLD_MOST:
        _told.clear()
    _told.add(key)
    logs.event("limited", limit=name, who=logs.disguised(str(who)) if name.endswith("_name") else who)


_here: dict[str, tuple[float, int]] = {}
_here_lock = threading.Lock()
_HERE_MOST = 100_000  # names remembered in this process; beyond it the oldest windows are dropped


def _spend_here(key: str, allowed: int, cost: int, seconds: int) -> int:
    with _here_lock:
        ends, used = _here.get(key, (time.monotonic() + seconds, 0))
        if used + cost > allowed:
            return -1
        if len(_here) >= _HERE_MOST:
            moment = time.monotonic()
            for old in [k for k, (end, _) in _here.items() if end < moment] or list(_here):
                del _here[old]
        _here[key] = (ends, used + cost)
        return allowed - used - cost
