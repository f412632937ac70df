"""What the numbers were lately: two rings in Valkey, of minutes for two hours and of ten minutes for two days.

    history.add(sums={"likes": 3}, levels={"lag": 0.2})     every half minute, by `heliograph metrics`
    history.read(HOUR)                                       the last hour and the one before it

A slot is a hash: *sums* are added up in it, of *levels* it keeps the worst. So several machines may write, and a sample
that comes twice as often changes no level. All slots together are about a megabyte, and each expires by itself.

Why Valkey and not the directory: 2,900 rows a day that nobody needs next week, written twice a minute by every machine,
for a page that is looked at when something is odd. The price: who empties Valkey empties the graphs. For more there is
/metrics, and Prometheus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from heliograph.core import clock, valkey


@dataclass(frozen=True)
class Span:
    """A stretch of time: so many slots of so many seconds; the ring keeps two of them."""

    name: str
    slot_seconds: int
    slots: int


HOUR = Span("hour", 60, 60)
DAY = Span("day", 600, 144)
SPANS = {span.name: span for span in (HOUR, DAY)}

_ADD = valkey.Script(
    """
local sums = tonumber(ARGV[1])
for k, key in ipairs(KEYS) do
  for i = 3 + #KEYS, #ARGV, 2 do
    local name, value = ARGV[i], tonumber(ARGV[i + 1])
    if (i - 3 - #KEYS) / 2 < sums then
      redis.call('HINCRBYFLOAT', key, name, ARGV[i + 1])
    else
      local was = tonumber(redis.call('HGET', key, name) or '-1')
      if value > was then redis.call('HSET', key, name, ARGV[i + 1]) end
    end
  end
  redis.call('HSET', key, 'at', ARGV[2])
  redis.call('EXPIRE', key, ARGV[2 + k])
end
"""
)


@dataclass(frozen=True)
class Slots:
    """Oldest first, all complete; None where nobody looked. `before` ends where `now` begins."""

    now: list[Mapping[str, float] | None] = field(default_factory=list)
    before: list[Mapping[str, float] | None] = field(default_factory=list)
    latest: float = 0.0  # when somebody looked last, in seconds of the epoch


def add(sums: Mapping[str, float], levels: Mapping[str, float]) -> None:
    """Enter one sample. Raises Unavailable."""
    now = clock.now_ms() / 1000
    keys = [_key(span, int(now // span.slot_seconds)) for span in SPANS.values()]
    kept = [span.slot_seconds * (2 * span.slots + 2) for span in SPANS.values()]
    values: list[valkey.Value] = []
    for name, value in (*sums.items(), *levels.items()):
        values += [name, f"{value:.6g}"]
    _ADD(keys, [len(sums), f"{now:.0f}", *kept, *values])


def read(span: Span) -> Slots:
    """The last `span` and the one before. Raises Unavailable."""
    current = int(clock.now_ms() / 1000 // span.slot_seconds)
    first = current - 2 * span.slots
    replies = valkey.pipeline([("HGETALL", _key(span, n)) for n in range(first, current + 1)])
    slots = [_slot(reply) for reply in replies]
    latest = max((slot["at"] for slot in slots if slot and "at" in slot), default=0.0)
    return Slots(now=slots[span.slots : -1], before=slots[: span.slots], latest=latest)


def _slot(reply: valkey.Reply) -> Mapping[str, float] | None:
    if isinstance(reply, valkey.ValkeyError) or not reply:
        return None
    return {name.decode(): float(value) for name, value in zip(reply[::2], reply[1::2], strict=True)}


def _key(span: Span, number: int) -> str:
    return f"numbers:{span.name}:{number}"
