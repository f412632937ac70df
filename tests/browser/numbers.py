"""Two hours of numbers, something wrong and something missing: what the page of administrators has to show."""

from __future__ import annotations

import math
import random
from datetime import timedelta

from heliograph.core import clock, history, missing, watched

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, math.inf)


def fill() -> None:
    """Enter them, as `heliograph metrics` would have."""
    luck = random.Random(7)
    for minute in range(125, -1, -1):
        if 70 < minute < 78:
            continue  # nobody looked
        clock.shift(-timedelta(minutes=minute))
        _enter(luck, 1.2 + math.sin(minute / 9) + (0.8 if minute < 60 else 0))
    clock.shift(timedelta())
    trouble = watched.Trouble("room for media", "1210 MiB", "Make room on the disk of /srv/media.", bad=False)
    lately = clock.now_ms() / 1000 - 600  # the page begins with what failed last
    failed = [
        watched.Failed(f"node1:{n}", "publish_photo.v1", 5, lately - ago) for n, ago in ((9, 0), (4, 1))
    ]
    watched.tell("here", [trouble], failed)
    missing._sketch.clear()  # other tests of this process have asked for things that are not there
    for path, times in {"/favicon.png": 1204, "/wp-login.php": 311, "/@<name:username>": 18}.items():
        missing.note(path, times)
    missing.hand_over()


def _enter(luck: random.Random, much: float) -> None:
    sums = {name: float(luck.randint(0, round(much * most))) for name, most in _MOST.items()}
    sums["card_misses"] = round(sums["card_reads"] * luck.uniform(0.02, 0.12))
    sums["errors"] = float(luck.random() > 0.97)
    for name, middle in (("request", 0.02), ("feed", 0.006)):
        number = round(much * 200)
        taken = [luck.lognormvariate(math.log(middle), 1) for _ in range(number)]
        sums |= {f"{name}:{_text(bound)}": float(sum(t <= bound for t in taken)) for bound in _BOUNDS}
    history.add(sums, {"lag:feed": luck.random() * much, "lag:photo": luck.random() * 0.2, "pool": 0.375})


_MOST = {"sign_ups": 1, "photos": 3, "likes": 40, "follows": 6, "comments": 5, "card_reads": 900}


def _text(bound: float) -> str:
    return "+Inf" if bound == math.inf else str(bound)
