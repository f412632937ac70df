"""How many calls are left: X-Ratelimit-Limit and -Remaining.

A process takes up to fifty calls of an hour's allowance at a time from the window in Valkey and spends them here: one
round trip in fifty calls, and a home feed stays within its three. What was taken and not used within a minute is kept:
the next call only takes what is missing to a full hand, so whoever calls once a minute, at many processes, loses
nothing. The price: a process that ends loses what it has in hand, and what is left is told from the last time asked.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

from heliograph.core import limits
from heliograph.core.errors import Limited
from heliograph.core.limits import Remaining

SECONDS = 3600
LEASE_SECONDS = 60  # after that the window is asked again what is left
_SHARE = 100  # of the allowance, one part at a time, and
_HAND = 50  # calls at most: many processes, often started anew, are not to use up what nobody has used
_MOST = 50_000  # callers remembered


@dataclass
class _Lease:
    ends: float
    unspent: int
    left_there: int


class Allowance:
    """The calls that this process may still answer, by caller."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def spend(self, who: str, allowed: int) -> Remaining:
        """Count one call; raises Limited when the hour's are used up."""
        moment = time.monotonic()
        with self._lock:
            lease = self._leases.get(who)
            if lease is not None and lease.unspent > 0 and moment < lease.ends:
                lease.unspent -= 1
                return Remaining(allowed, lease.left_there + lease.unspent)
            kept = self._pick_up(who, moment).unspent
        taken, left = self._take(who, allowed, kept)
        with self._lock:
            if len(self._leases) >= _MOST:
                self._leases.clear()
            # What another thread has taken meanwhile stays in hand as well; who asked last knows what is left there.
            other = self._pick_up(who, moment)
            lease = _Lease(
                moment + LEASE_SECONDS, kept + taken - 1 + other.unspent, min(left, other.left_there)
            )
            self._leases[who] = lease
        return Remaining(allowed, lease.left_there + lease.unspent)

    def _pick_up(self, who: str, moment: float) -> _Lease:
        """What is in hand, which nobody else has then; nothing of an hour that is over."""
        lease = self._leases.pop(who, None)
        return (
            lease if lease is not None and moment < lease.ends + SECONDS else _Lease(moment, 0, sys.maxsize)
        )

    def _take(self, who: str, allowed: int, kept: int) -> tuple[int, int]:
        """How many calls were taken, at least one together with those kept; how many are left there."""
        share = max(0, max(1, min(_HAND, allowed // _SHARE)) - kept)
        try:
            return share, limits.spend(self._name, who, allowed=allowed, seconds=SECONDS, cost=share).left
        except Limited:  # less than that is left: first what is in hand, then one by one
            if kept:
                return 0, 0
            if share == 1:
                raise
        return 1, limits.spend(self._name, who, allowed=allowed, seconds=SECONDS).left

    def forget(self) -> None:
        """Give up what was taken; for tests."""
        with self._lock:
            self._leases.clear()
