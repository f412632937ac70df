"""How many calls are left: X-Ratelimit-Limit and -Remaining.

A process takes a hundredth of an hour's allowance at a time from the window in Valkey and spends it here: one
round trip in fifty calls, and a home feed stays within its three. The price: calls taken by a process that then
got no more of them are lost, one per cent at most a process; and what is left is told from the last time asked.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from heliograph.core import limits
from heliograph.core.errors import Limited
from heliograph.core.limits import Remaining

SECONDS = 3600
LEASE_SECONDS = 60  # calls taken and not used by then are given up
_SHARE = 100
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
        taken, left = self._take(who, allowed)
        with self._lock:
            if len(self._leases) >= _MOST:
                self._leases.clear()
            self._leases[who] = _Lease(moment + LEASE_SECONDS, taken - 1, left)
        return Remaining(allowed, left + taken - 1)

    def _take(self, who: str, allowed: int) -> tuple[int, int]:
        share = max(1, allowed // _SHARE)
        if share > 1:
            try:
                return share, limits.spend(self._name, who, allowed=allowed, seconds=SECONDS, cost=share).left
            except Limited:
                pass  # less than a share is left: one by one
        return 1, limits.spend(self._name, who, allowed=allowed, seconds=SECONDS).left

    def forget(self) -> None:
        """Give up what was taken; for tests."""
        with self._lock:
            self._leases.clear()
