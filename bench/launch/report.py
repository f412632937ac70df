"""From what was seen to what is read in a terminal: a line while it runs, what a phase cost, tables."""

from __future__ import annotations

import os
import platform
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.launch.deeds import KINDS, Tally

_PERCENTILES = (0.5, 0.9, 0.99, 0.999)
_WRITES = KINDS[1:]
_TAIL = 5.0  # seconds after a phase in which its last jobs are done


def quantiles(times: Iterable[float], parts: Sequence[float]) -> list[float]:
    """Seconds within which these parts of all were answered."""
    sorted_times = sorted(times)
    last = len(sorted_times) - 1
    return (
        [sorted_times[min(last, int(part * len(sorted_times)))] for part in parts]
        if sorted_times
        else [0.0] * len(parts)
    )


def summed(name: str, tally: Tally) -> dict[str, Any]:
    """What is kept of one kind of deed of a phase."""
    times = list(tally.times)
    return {
        "name": name,
        "asked": tally.asked,
        "good": len(times),
        "refused": {str(status): count for status, count in sorted(tally.refused.items())},
        "quantiles": quantiles(times, _PERCENTILES),
        "worst": max(times, default=0.0),
    }


def line(phase: Any, people: int) -> str:
    """Where we are, every few seconds."""
    last = phase.seconds[-5:]
    rates = {name: sum(second[name][0] for second in last) / len(last) for name in KINDS}
    said = " ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
    worst = max(second["feed"][2] for second in last) * 1000
    middle = max(second["feed"][1] for second in last) * 1000
    late = max(second["late"] for second in last) * 1000
    refused = sum(second["refused"] for second in last)
    return (
        f"{time.monotonic() - phase.began:6.0f} s  {said} /s  feed p50 {middle:.0f} p99 {worst:.0f} ms  "
        f"refused {refused}  waiting {last[-1]['out']}  people {people}  generator late {late:.0f} ms"
    )


def short(phase: Any) -> str:
    """A phase in a few lines."""
    seconds = phase.ended - phase.began
    lines = [f"   {phase.name}: {seconds:.0f} s"]
    for tally in phase.tallies:
        if tally["asked"]:
            p50, p90, p99, p999 = (1000 * q for q in tally["quantiles"])
            refused = f"  refused {tally['refused']}" if tally["refused"] else ""
            lines.append(
                f"   {tally['name']:8} asked {tally['asked'] / seconds:7.1f}/s good {tally['good'] / seconds:7.1f}/s  "
                f"p50 {p50:6.1f}  p90 {p90:6.1f}  p99 {p99:7.1f}  p99.9 {p999:7.1f} ms{refused}"
            )
    return "\n".join(lines)


def carried(phase: Any, budget: float) -> bool:
    """Whether a phase was carried: the feed within its budget, next to nothing refused, nothing piling up."""
    tallies = {tally["name"]: tally for tally in phase.tallies}
    asked = sum(tally["asked"] for tally in phase.tallies)
    good = sum(tally["good"] for tally in phase.tallies)
    return tallies["feed"]["quantiles"][2] <= budget and good >= 0.999 * asked


def recovered(phase: Any, budget: float) -> float | None:
    """After how many seconds all was well again, for five seconds at least: the feed in its budget, nothing refused."""
    well = [second["feed"][2] <= budget and not second["refused"] for second in phase.seconds]
    for place in range(len(well) - 4):
        if all(well[place : place + 5]):
            return float(place)
    return None


def writes_per_second(phase: Any) -> float:
    """Good writes a second of a phase."""
    good = sum(tally["good"] for tally in phase.tallies if tally["name"] in _WRITES)
    return float(good) / float(phase.ended - phase.began)


def first_signs(phase: dict[str, Any], budget: float = 0.1) -> list[str]:
    """What broke first: after how many seconds the feed was slow, and something was refused."""
    found = []
    for what, broken in (
        ("the feed took longer than its budget", lambda second: second["feed"][2] > budget),
        ("something was refused", lambda second: second["refused"] > 0),
    ):
        when = next((place + 1 for place, second in enumerate(phase["seconds"]) if broken(second)), None)
        found.append(f"{what} in second {when}" if when else f"never {what}")
    return found


def whole(
    phases: list[Any], seen: list[dict[str, Any]], asked: dict[str, Any], kept: Any, sizes: dict[str, Any]
) -> dict[str, Any]:
    """Everything, as plain data. Looks at processes are cut up by phase."""
    told = []
    for phase in phases:
        looks = [look for look in seen if phase.began - 1 <= look["at"] <= phase.ended + _TAIL]
        told.append({**phase.__dict__, "cost": _cost(looks, phase.ended - phase.began), "looks": looks})
    machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "day": time.strftime("%d %B %Y").lstrip("0"),
    }
    return {"machine": machine, "asked": _plain(asked), "phases": told, "kept": kept, "sizes": sizes}


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in asked.items() if isinstance(value, int | float | str | bool | list)
    }


def _processor() -> str:
    for told in Path("/proc/cpuinfo").read_text().splitlines():
        if told.startswith("model name"):
            return told.partition(":")[2].strip()
    return platform.machine()


def _cost(looks: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """By kind of process: processor seconds a second of the phase; memory at most; the machine; lag at most."""
    if len(looks) < 2:
        return {}
    first, last = looks[0], looks[-1]
    took = last["at"] - first["at"]
    cpu = {kind: (used - first["cpu"].get(kind, 0.0)) / took for kind, used in last["cpu"].items()}
    machine = {name: (value - first["machine"][name]) / took for name, value in last["machine"].items()}
    memory: dict[str, int] = defaultdict(int)
    lag: dict[str, float] = defaultdict(float)
    waiting: dict[str, int] = defaultdict(int)
    for look in looks:
        for kind, size in look.get("pss", {}).items():
            memory[kind] = max(memory[kind], size)
        for lane, late in look.get("lag", {}).items():
            lag[lane] = max(lag[lane], late)
            waiting[lane] = max(waiting[lane], look["waiting"][lane])
    grown = {
        name: last[name] - first[name]
        for name in ("wal", "commits", "size")
        if name in last and name in first
    }
    return {
        "seconds": seconds,
        "looked": took,
        "cpu": {kind: used for kind, used in sorted(cpu.items(), key=lambda each: -each[1]) if used > 0.0005},
        "machine": machine,
        "memory": dict(memory),
        "lag": dict(lag),
        "waiting": dict(waiting),
        "grown": {name: value / took for name, value in grown.items()},
    }


def table(result: dict[str, Any]) -> str:
    """The costs of each phase, to be read in a terminal."""
    lines = []
    for phase in result["phases"]:
        cost = phase["cost"]
        if not cost:
            continue
        lines.append(f"\n== {phase['name']}" + (f", scale {phase['scale']:g}" if phase["scale"] else ""))
        busy = sum(
            value for name, value in cost["machine"].items() if name not in ("idle", "iowait", "written")
        )
        lines.append(
            f"   machine: {busy:.2f} of {os.cpu_count()} cores busy, {cost['machine']['steal']:.2f} stolen, "
            f"{cost['machine']['iowait']:.2f} waiting for disks; known {sum(cost['cpu'].values()):.2f}"
        )
        for kind, used in cost["cpu"].items():
            memory = cost["memory"].get(kind)
            lines.append(
                f"   {kind:24} {used:6.3f} cores" + (f"  {memory / 2**20:7.1f} MB" if memory else "")
            )
        grown = cost["grown"]
        if grown:
            lines.append(
                f"   log of PostgreSQL {grown['wal'] / 1024:.0f} KB/s, {grown['commits']:.0f} commits/s, "
                f"disks {cost['machine']['written'] / 2**20:.1f} MB/s"
            )
        late = ", ".join(
            f"{lane} {seconds:.1f} s ({cost['waiting'][lane]})" for lane, seconds in cost["lag"].items()
        )
        lines.append(f"   most late (and most waiting): {late}")
        lines += _jobs(phase)
    lines += ["", *each_alone(result), "", *room(result)]
    return "\n".join(lines)


def resting(result: dict[str, Any]) -> dict[str, float]:
    """Cores that each process takes while nobody asks for anything: the least that was seen of it while nothing was
    done, or one kind of deed. After a rush a network is busy with itself for a while."""
    seen = [
        phase["cost"]["cpu"]
        for phase in result["phases"]
        if phase["cost"] and (phase["name"] == "nothing" or phase["name"].endswith(" alone"))
    ]
    return {name: min(cpu.get(name, 0.0) for cpu in seen) for cpu in seen for name in cpu}


def each_alone(result: dict[str, Any]) -> list[str]:
    """Milliseconds of processor time of one deed, by process, where kinds were measured alone."""
    alone = [phase for phase in result["phases"] if phase["name"].endswith(" alone")]
    idle = resting(result)
    lines = []
    for phase in alone:
        name = phase["name"].removesuffix(" alone")
        good = next(tally["good"] for tally in phase["tallies"] if tally["name"] == name)
        if not good or not phase["cost"]:
            continue
        took = phase["cost"]["looked"]  # a little longer than the phase: its jobs are in it
        each = {k: (used - idle.get(k, 0.0)) * took / good * 1000 for k, used in phase["cost"]["cpu"].items()}
        parts = ", ".join(
            f"{k} {ms:.2f}" for k, ms in sorted(each.items(), key=lambda it: -it[1]) if ms > 0.02
        )
        wal = phase["cost"]["grown"].get("wal", 0.0) * took / good
        lines.append(f"   one {name:8} {sum(each.values()):6.2f} ms: {parts}; log {wal / 1024:.1f} KB")
    return lines


def _jobs(phase: dict[str, Any]) -> list[str]:
    """What took how long inside the processes, by their own clocks (not processor time)."""
    found = []
    for name, seconds in phase["numbers"].items():
        base, _, labels = name.partition("{")
        count = phase["numbers"].get(base.replace("_sum", "_count") + ("{" + labels if labels else ""), 0)
        if base.endswith("_seconds_sum") and count:
            what = base.removeprefix("heliograph_").removesuffix("_seconds_sum")
            found.append(
                (seconds, f"   . {what} {{{labels or '}'} {count:.0f} times, {seconds / count * 1000:.1f} ms")
            )
    return [text for seconds, text in sorted(found, reverse=True)[:24] if seconds > 0.05]


def room(result: dict[str, Any]) -> list[str]:
    lines = ["room on the disk at the end:"]
    for name, (size, count) in result["sizes"]["folders"].items():
        each = f", {size / count / 1024:.1f} KB each" if count else ""
        lines.append(f"   {name:24} {size / 2**20:8.1f} MB in {count} files{each}")
    for name, (size, count) in list(result["sizes"]["tables"].items()):
        if count > 100:
            lines.append(f"   {name:24} {size / 2**20:8.1f} MB, {count} rows, {size / count:.0f} bytes each")
    return lines
