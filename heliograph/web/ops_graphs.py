"""The numbers as small graphs: the last hour (or day) as a line, the one before it as a shadow behind. Pure: slots of
core/history.py in, words and the points of an SVG out; no script draws anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext

from heliograph.core.history import Slots, Span
from heliograph.core.quantiles import quantile
from heliograph.web.look import short

WIDTH, HEIGHT = 240, 56  # of a graph, in its own units
_PAD = 2  # so that a line at the edge is whole

Slot = Mapping[str, float]
#: What a line shows of one slot; None where there is nothing to show.
Reading = Callable[[Slot], "float | None"]


@dataclass(frozen=True)
class Graph:
    """One number: in words, and as lines. `lines` and `shadow` are pieces, since nobody looked in between."""

    name: str
    title: str
    value: str
    before: str  # empty: there is nothing to compare with
    more: str
    lines: list[str]
    shadow: list[str]
    bad: bool = False


def every(slots: Slots, span: Span) -> list[Graph]:
    """All of them, in the order of the page."""
    return [
        _count("sign-ups", gettext("Sign-ups"), "sign_ups", slots),
        _count("photos", gettext("Photos"), "photos", slots),
        _count("likes", gettext("Likes"), "likes", slots),
        _count("follows", gettext("Follows"), "follows", slots),
        _count("comments", gettext("Comments"), "comments", slots),
        _requests(slots, span),
        _errors(slots),
        _feed(slots),
        _queue(slots),
        _memory(slots),
        _door(slots),
    ]


def _count(name: str, title: str, field: str, slots: Slots) -> Graph:
    def reading(slot: Slot) -> float:
        return slot.get(field, 0.0)

    now, before = _sum(slots.now, field), _sum(slots.before, field)
    lines = _drawn(slots, reading)
    return Graph(name, title, short(round(now)), _than(slots, short(round(before))), "", *lines)


def _requests(slots: Slots, span: Span) -> Graph:
    def reading(slot: Slot) -> float:
        return slot.get("request:+Inf", 0.0) / span.slot_seconds

    return Graph(
        "requests",
        gettext("Requests a second"),
        _rate(slots.now, span),
        _than(slots, _rate(slots.before, span)),
        _quantiles(slots.now, "request"),
        *_drawn(slots, reading),
    )


def _errors(slots: Slots) -> Graph:
    now, before = _sum(slots.now, "errors"), _sum(slots.before, "errors")
    refused = _sum(slots.now, "refused")
    more = gettext("%(number)s turned away") % {"number": short(round(refused))} if refused else ""
    drawn = _drawn(slots, lambda slot: slot.get("errors", 0.0))
    than = _than(slots, short(round(before)))
    return Graph("errors", gettext("Errors (5xx)"), short(round(now)), than, more, *drawn, bad=now > 0)


def _feed(slots: Slots) -> Graph:
    def reading(slot: Slot) -> float | None:
        return quantile(0.5, _buckets([slot], "feed"))

    now, before = (quantile(0.5, _buckets(side, "feed")) for side in (slots.now, slots.before))
    than = _than(slots, _seconds(before)) if before is not None else ""
    more = _quantiles(slots.now, "feed")
    return Graph("feed", gettext("A home feed takes"), _seconds(now), than, more, *_drawn(slots, reading))


def _queue(slots: Slots) -> Graph:
    now, before = (max(map(_lag, _seen(side)), default=None) for side in (slots.now, slots.before))
    lanes: dict[str, float] = {}
    for slot in _seen(slots.now[-5:]):
        for name, seconds in slot.items():
            if name.startswith("lag:"):
                lanes[name[4:]] = max(lanes.get(name[4:], 0.0), seconds)
    worst = max(lanes, key=lambda lane: lanes[lane], default="")
    late = worst and lanes[worst] >= 1
    more = (
        gettext("now in %(lane)s: %(time)s") % {"lane": worst, "time": _seconds(lanes[worst])} if late else ""
    )
    than = _than(slots, _seconds(before))
    bad = bool(worst) and lanes[worst] >= _LATE_SECONDS
    title = gettext("Longest wait of a job")
    return Graph("queue", title, _seconds(now), than, more, *_drawn(slots, _lag), bad=bad)


def _memory(slots: Slots) -> Graph:
    def share(side: Sequence[Slot]) -> float | None:
        reads = _sum(side, "card_reads")
        return max(0.0, 1 - _sum(side, "card_misses") / reads) if reads else None

    now, before = share(_seen(slots.now)), share(_seen(slots.before))
    pools = [slot["pool"] for slot in _seen(slots.now) if "pool" in slot]
    more = gettext("pools up to %(share)s full") % {"share": _percent(max(pools))} if pools else ""
    than = _than(slots, _percent(before)) if before is not None else ""
    drawn = _drawn(slots, lambda slot: share([slot]), top=1.0)
    return Graph("memory", gettext("Cards from memory"), _percent(now), than, more, *drawn)


def _door(slots: Slots) -> Graph:
    def reading(slot: Slot) -> float:
        return slot.get("door", 0.0)

    now, before = (max(map(reading, _seen(side)), default=None) for side in (slots.now, slots.before))
    level = max((slot.get("load", 0.0) for slot in _seen(slots.now[-2:])), default=0.0)
    left_out = _sum(slots.now, "left_out")
    more = (
        gettext("%(number)s times less than usual") % {"number": short(round(left_out))} if left_out else ""
    )
    than = _than(slots, _seconds(before))
    title = gettext("Longest wait at the door")
    return Graph("door", title, _seconds(now), than, more, *_drawn(slots, reading), bad=level > 0)


_LATE_SECONDS = 60


def _lag(slot: Slot) -> float:
    return max((seconds for name, seconds in slot.items() if name.startswith("lag:")), default=0.0)


def _seen(side: Sequence[Slot | None]) -> list[Slot]:
    return [slot for slot in side if slot is not None]


def _sum(side: Sequence[Slot | None], field: str) -> float:
    return sum(slot.get(field, 0.0) for slot in _seen(side))


def _buckets(side: Sequence[Slot | None], name: str) -> dict[float, float]:
    found: dict[float, float] = {}
    for slot in _seen(side):
        for field, number in slot.items():
            if field.startswith(f"{name}:"):
                bound = float(field.partition(":")[2])
                found[bound] = found.get(bound, 0.0) + number
    return found


def _than(slots: Slots, words: str) -> str:
    return words if _seen(slots.before) else ""


def _rate(side: Sequence[Slot | None], span: Span) -> str:
    seconds = len(_seen(side)) * span.slot_seconds
    rate = _sum(side, "request:+Inf") / seconds if seconds else 0.0
    return number_format(rate, decimal_pos=2 if rate < 1 else 1 if rate < 100 else 0)


def _quantiles(side: Sequence[Slot | None], name: str) -> str:
    buckets = _buckets(side, name)
    half, nearly = quantile(0.5, buckets), quantile(0.99, buckets)
    if half is None:
        return ""
    # Translators: half of all took at most the first time, 99 of 100 at most the second
    return gettext("p50 %(half)s · p99 %(nearly)s") % {"half": _seconds(half), "nearly": _seconds(nearly)}


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 1:
        milliseconds = seconds * 1000
        digits = 1 if 0 < milliseconds < 10 else 0
        return gettext("%(number)s ms") % {"number": number_format(milliseconds, decimal_pos=digits)}
    if seconds < 120:
        return gettext("%(number)s s") % {
            "number": number_format(seconds, decimal_pos=1 if seconds < 10 else 0)
        }
    return gettext("%(number)s min") % {"number": number_format(seconds / 60, decimal_pos=0)}


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return gettext("%(number)s%%") % {"number": number_format(share * 100, decimal_pos=0)}


def _drawn(slots: Slots, reading: Reading, top: float = 0.0) -> tuple[list[str], list[str]]:
    """The pieces of both lines, to the same scale."""
    now, before = (
        [None if slot is None else reading(slot) for slot in side] for side in (slots.now, slots.before)
    )
    highest = top or max((value for value in (*now, *before) if value is not None), default=0.0) or 1.0
    return list(_pieces(now, highest)), [_area(points) for points in _pieces(before, highest)]


def _pieces(values: Sequence[float | None], highest: float) -> Iterator[str]:
    """Points for `<polyline>`, a run of readings each. A reading alone is a short dash."""
    step = WIDTH / max(1, len(values) - 1)
    run: list[str] = []
    for place, value in enumerate((*values, None)):
        if value is not None:
            y = HEIGHT - _PAD - (HEIGHT - 2 * _PAD) * min(1.0, value / highest)
            run.append(f"{place * step:.1f},{y:.1f}")
        elif run:
            if len(run) == 1:
                x, y_alone = run[0].split(",")
                run.append(f"{float(x) + step / 2:.1f},{y_alone}")
            yield " ".join(run)
            run = []


def _area(points: str) -> str:
    """A line, and the way back along the bottom."""
    first, last = points.split()[0], points.split()[-1]
    return f"{first.split(',')[0]},{HEIGHT} {points} {last.split(',')[0]},{HEIGHT}"
