"""What is wrong at the moment, as whoever watches has found it: for the page of the administrators.

Each machine's `heliograph metrics` looks once a minute and leaves what it found in Valkey, for a few minutes; the page
reads it, and asks nobody itself. So a page that is opened when everything hangs does not hang, too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from heliograph.core import clock, valkey

KEPT_SECONDS = 200
_KEY = "watched"


@dataclass(frozen=True)
class Trouble:
    """One thing that is not as it should be; words for operators, in English like the command line."""

    what: str
    told: str
    advice: str
    bad: bool


@dataclass(frozen=True)
class Failed:
    """A job that was given up. `name` is what `heliograph jobs retry` takes."""

    name: str
    task: str
    attempts: int
    at: float  # seconds of the epoch; 0: unknown


@dataclass(frozen=True)
class Watched:
    """What one machine found, or all of them. `at`: when somebody looked last; 0: nobody has."""

    at: float = 0.0
    troubles: list[Trouble] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def tell(machine: str, troubles: list[Trouble], failed: list[Failed]) -> None:
    """Leave what this machine found; what others left and never renewed goes. Raises Unavailable."""
    said = Watched(_now(), troubles, failed)
    valkey.pipeline([("HSET", _KEY, machine, orjson.dumps(asdict(said))), ("EXPIRE", _KEY, 2 * KEPT_SECONDS)])
    old = [name for name, told in _all().items() if _now() - told["at"] > KEPT_SECONDS]
    if old:
        valkey.call("HDEL", _KEY, *old)


def read() -> Watched:
    """What all machines found, each thing once, the worst first. Raises Unavailable."""
    said = [told for told in _all().values() if _now() - told["at"] <= KEPT_SECONDS]
    troubles = dict.fromkeys(Trouble(**one) for told in said for one in told["troubles"])
    failed = {one["name"]: Failed(**one) for told in said for one in told["failed"]}
    return Watched(
        max((told["at"] for told in said), default=0.0),
        sorted(troubles, key=lambda trouble: not trouble.bad),
        sorted(failed.values(), key=lambda job: -job.at),
    )


def _all() -> dict[bytes, Any]:
    flat = valkey.call("HGETALL", _KEY)
    return {name: orjson.loads(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _now() -> float:
    return clock.now_ms() / 1000
