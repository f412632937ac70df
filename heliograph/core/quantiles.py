"""How long most took, from the buckets of a histogram: a good guess, as Prometheus makes it."""

from __future__ import annotations

from collections.abc import Mapping


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """The value below which `share` of all lie. None when there are none.

    `buckets`: how many were at most so much, cumulative, as a histogram of Prometheus has them.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    if total <= 0:
        return None
    wanted, low, below = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                return low
            inside = buckets[bound] - below
            return low + (bound - low) * ((wanted - below) / inside if inside else 1)
        low, below = bound, buckets[bound]
    return low
