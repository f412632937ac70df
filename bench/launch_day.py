"""The day of 2012: everybody comes at once. A whole network, the real HTTP interface, people by the ten thousand.

    python -m bench.launch_day --minutes 2 --scale 0.5       a short run
    python -m bench.launch_day --find-limit                  the greatest scale that is carried, by halving
    python -m bench.launch_day --apart                       what one deed of each kind costs, and where
    python -m bench.launch_day --official                    the limit; the writes of 2012 with few looks; 30 minutes
                                                             just below the limit; three times as much; afterwards;
                                                             the rush; each kind of deed alone. Writes
                                                             docs/benchmarks/launch-day.{md,json}, graphs, capacity.md
                                                             About an hour; --minutes 10 --rush 5000: half of it

Scale 1 is 23 sign-ups, 25 photos of 612 pixels, 90 likes, 46 follows and 12 comments a second, and ten looks at the
home feed for each of them. The generator runs on the same machine as everything else; what it costs is in the report.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.launch import capacity, deeds, ledger, page, pictures, report, seed, stack
from bench.launch.deeds import KINDS, Deeds
from bench.launch.engine import Engine
from bench.launch.population import Population

_BUDGET = 0.1  # seconds, 99 of 100 feeds
_DOCS = stack.ROOT / "docs" / "benchmarks"


@dataclass
class Phase:
    """One part of the day, and all that was seen of it."""

    name: str
    scale: float
    began: float
    ended: float = 0.0
    tallies: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


class Day:
    """Drives the phases, prints a line every few seconds, and keeps what it saw."""

    def __init__(self, network: stack.Stack, people: Population, photos: list[bytes], asked: Any) -> None:
        self.network = network
        self.people = people
        self.engine = Engine(network.port, asked.connections)
        self.deeds = Deeds(self.engine, people, photos, f"p{asked.seed:x}x")
        self.phases: list[Phase] = []
        self._reads = asked.reads
        self._told = time.monotonic()

    def phase(
        self,
        name: str,
        scale: float,
        seconds: float,
        *,
        settle: float = 0,
        rates: dict[str, float] | None = None,
    ) -> Phase:
        """So much for so long. `settle`: seconds to let what is under way come to its end, with nothing new."""
        before = self._numbers()
        phase = self._begin(name, scale)
        self.deeds.start(deeds.rates(scale, self._reads) if rates is None else rates, phase.began)
        self.engine.at(phase.began + 1, self._second(phase))
        self.engine.run(phase.began + seconds)
        self.deeds.stop()
        self._end(phase, before)
        if settle:
            self.engine.settle(settle)
        return phase

    def until_quiet(self) -> None:
        """Until the network answers nothing any more: it may still be busy for people who gave up long ago."""
        answered, began = -1.0, time.monotonic()
        while time.monotonic() - began < 120:
            now = sum(
                v for k, v in self._numbers().items() if k.startswith("heliograph_request_seconds_count")
            )
            if now == answered:
                return
            answered = now
            time.sleep(4)

    def rush(self, count: int, at_once: int, most_seconds: float) -> Phase:
        """So many sign-ups as fast as they go, and nothing else."""
        before = self._numbers()
        phase = self._begin("rush", 0)
        left = self.deeds.join_at_once(count, at_once, phase.began)
        self.engine.at(phase.began + 1, self._second(phase))
        until = phase.began + most_seconds
        while (
            (left[0] > 0 or self.engine.outstanding) and time.monotonic() < until and not self.engine.stopped
        ):
            self.engine.run(min(until, time.monotonic() + 0.2))
        left[0] = 0
        self._end(phase, before)
        return phase

    def _begin(self, name: str, scale: float) -> Phase:
        gc.collect()
        gc.freeze()  # what is there stays there: the collector must not stop the clock
        self.deeds.forget()
        phase = Phase(name, scale, time.monotonic())
        self.phases.append(phase)
        print(f"-- {name}" + (f" at scale {scale:g}" if scale else ""), flush=True)
        return phase

    def _end(self, phase: Phase, before: dict[str, float]) -> None:
        phase.ended = time.monotonic()
        self.engine.drop_later()
        phase.tallies = [
            report.summed(name, tally) for name, tally in zip(KINDS, self.deeds.tallies, strict=True)
        ]
        after = self._numbers()
        phase.numbers = {
            name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)
        }
        print(report.short(phase), flush=True)

    def _numbers(self) -> dict[str, float]:
        try:
            return self.network.numbers()
        except OSError:  # it may well be that it does not answer now
            return {}

    def _second(self, phase: Phase) -> Callable[[float], None]:
        def act(moment: float) -> None:
            if phase.ended:
                return
            self.engine.at(moment + 1, act)
            now = time.monotonic()
            d = self.deeds
            seen: dict[str, Any] = {"at": moment, "late": now - moment, "out": self.engine.outstanding}
            seen["refused"], d.second_refused = d.second_refused, 0
            for kind, name in enumerate(KINDS):
                times, d.second[kind] = d.second[kind], []
                seen[name] = (len(times), *report.quantiles(times, (0.5, 0.99))) if times else (0, 0, 0)
            phase.seconds.append(seen)
            if now - self._told >= 5:
                self._told = now
                print(report.line(phase, len(self.people)), flush=True)

        return act


def main() -> None:
    asked = _asked()
    for name, shorter, whole in (
        ("minutes", 2.0, 30.0),
        ("overload", 0.0, 5.0),
        ("rush", 0, 25_000),
        ("scale", 0.5, 1.0),
        ("warm_up", 30.0, 120.0),  # first visits make a feed anew, and are not what is measured
    ):
        if getattr(asked, name) is None:
            setattr(asked, name, whole if asked.official else shorter)
    print(f"seed {asked.seed}; a run like this one: --seed {asked.seed}")
    photos = pictures.made(asked.bodies, asked.seed)
    wish = stack.Wish(
        knobs=dict(told.split("=", 1) for told in asked.knob or []),
        arguments=tuple(asked.up or []),
        settings=tuple(asked.postgres or []),
        keep=Path(asked.keep) if asked.keep else None,
    )
    with tempfile.TemporaryDirectory(prefix="hg-launch-watch-") as folder:
        watched = Path(folder) / "watched"
        with stack.up(wish) as network:
            result = _measured(network, photos, asked, watched)
    path = Path(asked.out)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(result))
    print(f"everything that was seen: {path}")
    if asked.official:
        print(page.write(result, _DOCS))
        capacity.write(_DOCS / "launch-day.json", _DOCS.parent / "capacity.md")


def _measured(network: stack.Stack, photos: list[bytes], asked: Any, watched: Path) -> dict[str, Any]:
    chance = random.Random(asked.seed)
    where = seed.Databases(network.data)
    began = time.monotonic()
    there = seed.write(where, asked.people, asked.follows, asked.posted, chance)
    print(f"{asked.people} people of yesterday after {time.monotonic() - began:.0f} s", flush=True)
    rows = ledger.rows(where)
    _tell_statements(where, "reset")
    day = Day(network, Population(there, chance), photos, asked)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(day.engine, "stopped", True))
    command = [
        sys.executable,
        "-m",
        "bench.launch.watch",
        "--root",
        str(network.pid),
        "--generator",
        str(os.getpid()),
    ]
    watch = subprocess.Popen(
        [*command, "--data", str(network.data), "--out", str(watched)], cwd=stack.ROOT, start_new_session=True
    )
    try:
        _phases(day, asked)
        kept = _settled(day, where, rows)
        _tell_statements(where, "tell")
    finally:
        watch.terminate()
        watch.wait()
        day.engine.close()
    seen = [json.loads(line) for line in watched.read_text().splitlines()]
    result = report.whole(day.phases, seen, vars(asked), kept, ledger.sizes(network.data, where))
    print(report.table(result), flush=True)
    return result


_STATEMENTS = """
SELECT round(total_exec_time::numeric) ms, calls, round((total_exec_time / greatest(calls, 1) * 1000)::numeric) us,
    round(total_plan_time::numeric) plan, regexp_replace(left(query, 150), '\\s+', ' ', 'g')
FROM pg_stat_statements ORDER BY total_exec_time + total_plan_time DESC LIMIT 30
"""


def _tell_statements(where: seed.Databases, deed: str) -> None:
    """The dearest statements, when `--postgres "shared_preload_libraries = 'pg_stat_statements'"` was asked for."""
    with where.superuser() as connection:
        row = connection.execute("SHOW shared_preload_libraries").fetchone()
        if not row or "pg_stat_statements" not in row[0]:
            return
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        if deed == "reset":
            connection.execute("SELECT pg_stat_statements_reset()")
            return
        for ms, calls, us, plan, query in connection.execute(_STATEMENTS).fetchall():
            print(f"{ms:7} ms {calls:8} times {us:6} us each, {plan} ms planned  {query}")


def _phases(day: Day, asked: Any) -> None:
    day.phase("warm-up", asked.scale * 0.2 if asked.official else asked.scale * 0.5, asked.warm_up)
    if asked.apart:
        return _apart(day, asked)
    scale = asked.scale
    if asked.find_limit or asked.official:
        limit = _limit(day, asked)
        scale = asked.scale if limit >= asked.scale * 0.98 else max(0.02, limit * 0.9)
    if asked.official:
        _writes(day, min(180.0, asked.minutes * 60))
    if not asked.find_limit or asked.official:
        _day(day, asked, scale)
    if asked.official:
        _apart(day, asked)
    return None


#: The budget's own line: what the sources tell was written each second, with fan-out, and somebody who looks meanwhile.
_WRITES = {"sign_up": 23.0, "photo": 25.0, "like": 90.0, "feed": 30.0}


def _writes(day: Day, seconds: float) -> None:
    """The writes of 2012 without the ten looks for each of them: whether one machine carries them."""
    where = seed.Databases(day.network.data)
    _wait(day, where)
    phase = day.phase("the writes of 2012", 0, seconds, rates=_WRITES, settle=20)
    left = ledger.waiting(where)
    phase.extra["carried"] = report.carried(phase, _BUDGET) and left <= 5 * report.writes_per_second(phase)
    phase.extra["left"] = left
    print(
        f"   {'carried' if phase.extra['carried'] else 'not carried'}; {left} jobs and rows wait", flush=True
    )


def _day(day: Day, asked: Any, scale: float) -> None:
    where = seed.Databases(day.network.data)
    _wait(day, where)
    day.phase("the day", scale, asked.minutes * 60, settle=20)
    if asked.overload:
        day.phase("three times as much", scale * 3, asked.overload * 60)
        after = day.phase("afterwards", scale, 120, settle=20)
        after.extra["recovered"] = report.recovered(after, _BUDGET)
        print(f"   recovered after: {after.extra['recovered']} s")
    if asked.rush:
        _wait(day, where)
        day.rush(asked.rush, asked.rush_at_once, asked.rush_seconds)
        _wait(day, where)


#: Deeds a second when each is measured by itself: enough to be seen, not so many that anything waits.
_APART_PART = 0.6
_APART = {"feed": 150.0, "sign_up": 6.0, "photo": 5.0, "like": 30.0, "follow": 15.0, "comment": 15.0}


def _apart(day: Day, asked: Any) -> None:
    """Each kind of deed alone; and nothing at all, to know what nothing costs."""
    where = seed.Databases(day.network.data)
    day.engine.settle(20)
    _wait(day, where)
    day.until_quiet()
    day.phase("nothing", 0, 20, rates={})
    for name, rate in _APART.items():
        if day.engine.stopped:
            return
        time.sleep(6)
        day.phase(f"{name} alone", 0, min(asked.step, 30.0), rates={name: rate * _APART_PART}, settle=5)
        _wait(day, where)


def _limit(day: Day, asked: Any) -> float:
    """The greatest scale that is carried, up to the one asked for: by halving, in steps of a minute or so."""
    where = seed.Databases(day.network.data)
    low, high, scale = 0.0, asked.scale * 1.2, asked.scale * 0.3
    for number in range(1, asked.steps + 1):
        if day.engine.stopped or low >= asked.scale * 0.98:
            break
        _wait(day, where)
        phase = day.phase(f"step {number}", scale, asked.step, settle=20)
        left = ledger.waiting(where)
        carried = report.carried(phase, _BUDGET) and left <= 5 * report.writes_per_second(phase)
        phase.extra["carried"] = carried
        print(
            f"   scale {scale:.3f}: {'carried' if carried else 'not carried'}; {left} jobs and rows wait",
            flush=True,
        )
        low, high = (scale, high) if carried else (low, scale)
        scale = (low + high) / 2
    print(f"the limit lies between {low:.3f} and {high:.3f}")
    day.phases[-1].extra["limit"] = (low, high)
    return low


def _settled(day: Day, where: seed.Databases, before: dict[str, int]) -> dict[str, Any]:
    """Wait until nothing waits any more, then look whether everything that was acknowledged is there."""
    began = time.monotonic()
    _wait(day, where)
    found = ledger.compared(day.deeds, before, ledger.rows(where))
    print(f"nothing waited any more {time.monotonic() - began:.0f} s later; {ledger.said(found)}", flush=True)
    return found


def _wait(day: Day, where: seed.Databases) -> None:
    """Until no job and no row waits any more; five minutes at most."""
    began = time.monotonic()
    while ledger.waiting(where) and time.monotonic() - began < 300 and not day.engine.stopped:
        time.sleep(0.5)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--minutes", type=float, help="of the day (2; 30 when official)")
    add("--scale", type=float, help="1: the network of 2012 (0.5)")
    add("--reads", type=float, default=float(deeds.READS_PER_WRITE), help="looks at the feed for each write")
    add("--warm-up", type=float, help="seconds at half the scale (30), or a fifth (120)")
    add("--overload", type=float, help="minutes of three times as much (0; 5)")
    add("--rush", type=int, help="sign-ups as fast as they go, at the end (0; 25,000)")
    add("--rush-seconds", type=float, default=1200.0, help="then it is over, whoever still waits")
    add("--rush-at-once", type=int, default=32, help="of them, at any time")
    add("--people", type=int, default=20_000, help="who are there already")
    add("--follows", type=int, default=40, help="whom each of them follows")
    add("--posted", type=int, default=4, help="photos that each of them has posted")
    add("--bodies", type=int, default=64, help="different photos")
    add(
        "--connections",
        type=int,
        default=3000,
        help="open at most: whoever waits must not keep others from asking",
    )
    add("--find-limit", action="store_true", help="halve between what is carried and what is not")
    add("--apart", action="store_true", help="each kind of deed alone: what one costs, and where")
    add("--step", type=float, default=60.0, help="seconds of one step of these")
    add("--steps", type=int, default=6, help="at most, to find the limit")
    add("--official", action="store_true", help="the whole day, and its page in docs/benchmarks")
    add("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    add("--knob", action="append", metavar="NAME=VALUE", help="a HELIOGRAPH_ variable of the network")
    add("--up", action="append", metavar="ARGUMENT", help="one more argument of bin/up")
    add("--postgres", action="append", metavar="LINE", help="a line for PostgreSQL's local.conf")
    add("--keep", help="a folder for the data, which then stays")
    add("--out", default="/tmp/launch-day.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
