"""The page of a launch day, docs/benchmarks/launch-day.md, with its graphs and its data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.drawing import Chart
from bench.launch import report
from bench.launch.deeds import KINDS, READS_PER_WRITE

_GAP = 8  # pixels, about a minute: whoever was not asked for meanwhile has no line
#: Phases that have a section of their own.
_TOLD = ("the writes of 2012", "the day", "three times as much", "afterwards", "rush")


def write(result: dict[str, Any], folder: Path) -> str:
    """The page, its graphs, and what they are made of but for the looks of each second; where the page is."""
    folder.mkdir(exist_ok=True)
    page = folder / "launch-day.md"
    for name, chart in _charts(result).items():
        (folder / f"launch-day-{name}.svg").write_text(chart.svg())
    page.write_text(_page(result))
    left_out = ("seconds", "looks", "numbers")
    phases = [{k: v for k, v in phase.items() if k not in left_out} for phase in result["phases"]]
    (folder / "launch-day.json").write_text(json.dumps({**result, "phases": phases}, indent=1) + "\n")
    return f"written: {page}"


def _charts(result: dict[str, Any]) -> dict[str, Chart]:
    begun = result["phases"][0]["began"]
    feed = Chart("Home feed: how long it took, each second", x="minutes", y="ms", log_y=True, gap=_GAP)
    rates = Chart("Answered each second", x="minutes", y="a second", log_y=True, gap=_GAP)
    costs = Chart("Cores in use", x="minutes", y="cores", gap=_GAP)
    waits = Chart("Jobs and rows that wait", x="minutes", y="waiting", gap=_GAP)
    seconds = [second for phase in result["phases"] for second in phase["seconds"]]
    looks = [look for phase in result["phases"] for look in phase["looks"]]
    minutes = [(second["at"] - begun) / 60 for second in seconds]
    for place, name in ((1, "half within"), (2, "99 of 100 within")):
        feed.line(
            name, [(x, second["feed"][place] * 1000) for x, second in zip(minutes, seconds, strict=True)]
        )
    feed.mark(100, "budget of the 99")
    for kind in KINDS:
        rates.line(kind, [(x, second[kind][0]) for x, second in zip(minutes, seconds, strict=True)])
    rates.line("refused", [(x, second["refused"]) for x, second in zip(minutes, seconds, strict=True)])
    groups = ("web", "postgres", "cage", "worker", "valkey", "generator")
    for group in groups:
        costs.line(group, _used(looks, group, begun))
    for lane in ("photo", "feed", "outbox", "outside"):
        waits.line(lane, [((l["at"] - begun) / 60, l["waiting"][lane]) for l in looks if "waiting" in l])  # noqa: E741
    for chart in (feed, rates, costs, waits):
        for phase in result["phases"][1:]:
            chart.moment((phase["began"] - begun) / 60, phase["name"])
    return {"feed": feed, "rates": rates, "cores": costs, "waiting": waits}


def _used(looks: list[dict[str, Any]], group: str, begun: float) -> list[tuple[float, float]]:
    points = []
    for earlier, later in zip(looks, looks[5:], strict=False):
        took = later["at"] - earlier["at"]
        used = sum(
            value - earlier["cpu"].get(kind, 0.0)
            for kind, value in later["cpu"].items()
            if kind.split(":")[0] == group
        )
        if took > 0:
            points.append(((later["at"] - begun) / 60, max(0.0, used / took)))
    return points


def _page(result: dict[str, Any]) -> str:
    machine, asked = result["machine"], result["asked"]
    parts = [
        "# The day of 2012",
        "",
        *(
            []
            if asked.get("official")
            else ["**A short run, while others used the machine: not the official one.**", ""]
        ),
        "Made by `python -m bench.launch_day --official`; the same as data: `launch-day.json` beside it.",
        "Read what it means, and for how many people, in [capacity](../capacity.md).",
        "",
        f"{machine['day']}, {machine['processor']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB, "
        f"Python {machine['python']}; the whole network of `bin/up` and the generator on this one machine. Seed "
        f"{asked['seed']}; {asked['people']:,} people were there before, each following {asked['follows']} others "
        f"(by Zipf) with {asked['posted']} photos.",
        "",
        "Times count from the moment at which a request was due (open loop, Poisson), so a queue in front of the",
        f"server is in them. Each write brought {asked['reads']:g} feed reads with it (asked: {READS_PER_WRITE}).",
        "",
        "![Home feed](launch-day-feed.svg)",
        "![Answered](launch-day-rates.svg)",
        "![Cores](launch-day-cores.svg)",
        "![Waiting](launch-day-waiting.svg)",
        "",
    ]
    parts += _limits(result)
    for phase in result["phases"]:
        if phase["name"] in _TOLD:
            parts += _section(phase)
    if each := report.each_alone(result):
        parts += ["## One deed of each kind, alone", "", "Milliseconds of processor time, by process.", ""]
        parts += ["```", *each, "```", ""]
    parts += ["## What was acknowledged, and what was there", "", *_kept(result), ""]
    parts += ["## Room on the disk", "", "```", *report.room(result)[1:], "```", ""]
    return "\n".join(parts)


def _limits(result: dict[str, Any]) -> list[str]:
    steps = [phase for phase in result["phases"] if phase["name"].startswith("step")]
    if not steps:
        return []
    rows = [
        "## How much is carried",
        "",
        "1 is the network of 2012: 23 sign-ups, 25 photos, 90 likes, 46 follows, 12 comments a second.",
        "Carried: 99 of 100 feeds within 100 ms, 999 of 1,000 requests answered, and no more jobs are left",
        "than five seconds of deeds.",
        "",
        "| scale | feeds /s | feed p50 ms | p99 ms | cores busy | carried |",
        "|---|---|---|---|---|---|",
    ]
    for phase in steps:
        feed = next(tally for tally in phase["tallies"] if tally["name"] == "feed")
        seconds = phase["ended"] - phase["began"]
        cores = sum(phase["cost"]["cpu"].values()) if phase["cost"] else 0.0
        verdict = "yes" if phase["extra"].get("carried") else "no"
        p50, _, p99, _ = (1000 * q for q in feed["quantiles"])
        rows.append(
            f"| {phase['scale']:.3f} | {feed['good'] / seconds:.0f} | {p50:.1f} | {p99:.1f} | {cores:.2f} | {verdict} |"
        )
    return [*rows, ""]


def _section(phase: dict[str, Any]) -> list[str]:
    seconds = phase["ended"] - phase["began"]
    scale = f", {phase['scale']:g} times the network of 2012" if phase["scale"] else ""
    rows = [
        f"## {phase['name'].capitalize()}: {seconds:.0f} s{scale}",
        "",
        "| deed | asked /s | good /s | p50 ms | p90 | p99 | p99.9 | refused |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tally in phase["tallies"]:
        if tally["asked"]:
            times = " | ".join(f"{1000 * q:.1f}" for q in tally["quantiles"])
            refused = (
                ", ".join(f"{count} × {_status(status)}" for status, count in tally["refused"].items()) or "0"
            )
            rates = f"{tally['asked'] / seconds:.1f} | {tally['good'] / seconds:.1f}"
            rows.append(f"| {tally['name'].replace('_', '-')} | {rates} | {times} | {refused} |")
    if phase["name"] == "the writes of 2012":
        verdict = "Carried" if phase["extra"]["carried"] else "Not carried"
        rows += [
            "",
            f"{verdict}: as above, with few looks; {phase['extra']['left']:,} jobs and rows waited at its end.",
        ]
    if phase["name"] == "three times as much":
        rows += ["", f"What broke first: {'; '.join(report.first_signs(phase))}."]
    if "recovered" in phase["extra"]:
        after = phase["extra"]["recovered"]
        rows += [
            "",
            f"All well again after {after:.0f} s." if after is not None else "Not well again in this time.",
        ]
    cost = phase["cost"]
    if not cost:
        return [*rows, ""]
    rows += ["", "| process | cores | memory at most, MB |", "|---|---|---|"]
    for kind, used in cost["cpu"].items():
        memory = cost["memory"].get(kind)
        rows.append(
            f"| {kind} | {used:.3f} | {memory / 2**20:.0f} |" if memory else f"| {kind} | {used:.3f} | |"
        )
    rows.append(f"| all | {sum(cost['cpu'].values()):.3f} | {sum(cost['memory'].values()) / 2**20:.0f} |")
    grown = cost["grown"]
    late = ", ".join(f"{lane} {seconds:.1f} s" for lane, seconds in cost["lag"].items())
    rows += ["", f"Most late in each lane: {late}.", ""]
    if grown:
        rows += [
            f"PostgreSQL's log grew by {grown['wal'] / 1024:.0f} KB/s, {grown['commits']:.0f} commits/s; its tables by "
            f"{grown['size'] / 1024:.0f} KB/s.",
            "",
        ]
    return rows


def _status(status: str) -> str:
    return "no answer" if status == "0" else status


def _kept(result: dict[str, Any]) -> list[str]:
    rows = ["| | acknowledged | found |", "|---|---|---|"]
    for name, pair in result["kept"].items():
        if isinstance(pair, tuple | list):
            told, there = pair
            rows.append(f"| {name} | {'' if told is None else f'{told:,}'} | {there:,} |")
    return rows
