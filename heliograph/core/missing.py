"""The addresses that people ask for in vain most often: a favicon that everybody's browser wants, a link gone wrong.

Each process keeps a *Space-Saving* sketch of PLACES addresses: a new one takes the place of the rarest and inherits its
number: what is frequent stays, however many different addresses a scanner tries, and memory is bounded. Now and then
the numbers move to Valkey, where those of an hour are a sorted set that is cut to the same size.

Nobody's data is in there: where an address belongs to a page of ours, the page's template stands for it
(`/@<name:username>`); of any other only its first two steps are kept, cut, without names, numbers and what looks like a
secret.

Source: Metwally, Agrawal and El Abbadi, 2005: "Efficient Computation of Frequent and Top-k Elements in Data Streams".
"""

from __future__ import annotations

import re
import threading

from heliograph.core import clock, redaction, valkey
from heliograph.core.errors import Unavailable

PLACES = 64  # addresses in a sketch
HOURS = 24  # that are kept
_STEPS = 2
_LONGEST = 24  # letters of one step
_HOUR_SECONDS = 3600
_NAME = re.compile(r"[@~].*|.*[@%].*")
_SECRET = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.-]{16,}|\d{4,}")

_lock = threading.Lock()
_sketch: dict[str, int] = {}


def note(path: str, times: int = 1) -> None:
    """Somebody asked for this in vain. `path` is the template of a page, or what `plain` made of an address."""
    with _lock:
        if path in _sketch or len(_sketch) < PLACES:
            _sketch[path] = _sketch.get(path, 0) + times
        else:
            rarest = min(_sketch, key=_sketch.__getitem__)
            _sketch[path] = _sketch.pop(rarest) + times


def plain(path: str) -> str:
    """What may be kept of an address that is none of ours: `/wp-admin/setup.php`, `/@…`."""
    steps = redaction.clean(path.partition("?")[0]).strip("/").split("/")
    kept = [_step(step) for step in steps[:_STEPS]]
    return "/" + "/".join([*kept, *(["…"] if len(steps) > _STEPS else [])])


def _step(step: str) -> str:
    if _NAME.fullmatch(step):
        return "@…" if step.startswith("@") else "…"
    stem, dot, end = step.rpartition(".")
    if _SECRET.fullmatch(stem if dot else step):
        return f"…{dot}{end[:6]}" if dot else "…"
    printable = "".join(letter if letter.isprintable() else "?" for letter in step)
    return printable if len(printable) <= _LONGEST else printable[: _LONGEST - 1] + "…"


def hand_over() -> None:
    """Move this process's numbers to Valkey; kept here while it does not answer."""
    with _lock:
        taken = dict(_sketch)
        _sketch.clear()
    if not taken:
        return
    key = _key(0)
    commands: list[valkey.Command] = [("ZINCRBY", key, number, path) for path, number in taken.items()]
    commands += [("ZREMRANGEBYRANK", key, 0, -PLACES - 1), ("EXPIRE", key, (HOURS + 1) * _HOUR_SECONDS)]
    try:
        valkey.pipeline(commands)
    except Unavailable:
        for path, number in taken.items():
            note(path, number)


def top(most: int = 10) -> list[tuple[str, int]]:
    """The most wanted of the last HOURS hours, by how often about. Raises Unavailable."""
    asked: list[valkey.Command] = [("ZRANGE", _key(back), 0, -1, "WITHSCORES") for back in range(HOURS)]
    found: dict[str, int] = {}
    for reply in valkey.pipeline(asked):
        if isinstance(reply, valkey.ValkeyError):
            continue
        for path, number in zip(reply[::2], reply[1::2], strict=True):
            name = path.decode(errors="replace")
            found[name] = found.get(name, 0) + int(float(number))
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:most]


def _key(hours_ago: int) -> str:
    return f"missing:{int(clock.now_ms() / 1000 // _HOUR_SECONDS) - hours_ago}"
