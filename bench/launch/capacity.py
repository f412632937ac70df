# ruff: noqa: E501 - long lines are the page's own
"""From what one deed costs to how many machines some millions of people need: docs/capacity.md, made from a run.

python -m bench.launch.capacity        from docs/benchmarks/launch-day.json, as the official run does at its end
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.launch import report

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_MILLIONS = (1, 10, 40, 400)
_KINDS = ("feed", "sign_up", "photo", "like", "follow", "comment")
#: Processes, by the machine on which they run.
_PLACES = {
    "web": ("web",),
    "worker": ("worker", "cage"),
    "database": ("postgres",),
    "memory": ("valkey",),
}
# What is assumed. Change a number, run this again.
_PHOTOS_PER_MILLION = 25 / 14  # a second: 25 photos/s were told when there were about 14 million people
_LIKES_PER_MILLION = 90 / 14
_COMMENTS_PER_LIKE = 12 / 90
_SIGN_UPS_PER_MILLION = 0.6  # a second: 23/s, the rush, when there were about 40 million people
_FOLLOWS_PER_SIGN_UP = 2.0
_READS_PER_WRITE = 10
_PEAK = 3.0  # the busiest hour to the mean; sign-ups are given as a rush already
_BUSY = 0.5  # of a core's time that is planned for
_CORES = 8
_ACTIVE = 0.5  # of all people, who came within 30 days and so have a feed in memory
_FEED_BYTES = 5_168  # a list of 500 ids: python -m bench.feed
_MEMORY_GB = 48  # for data, on a machine of 64 GB
_DATABASE_TB = 2.0  # of tables on one database machine
_FOLLOWS_EACH = 100  # whom one person follows, in the mean; two rows each

_PROVISIONAL = (
    "**From a short run while others used the machine, which makes a deed dearer: read it as an upper bound, until the "
    "official run has replaced it.**"
)


@dataclass
class Costs:
    """Milliseconds of processor time, by place and kind; bytes."""

    ms: dict[str, dict[str, float]]
    wal: dict[str, float]
    photo_bytes: float
    rows: dict[str, float]


def write(
    source: Path = _DOCS / "benchmarks" / "launch-day.json", page: Path = _DOCS / "capacity.md"
) -> None:
    """Make the page."""
    result = json.loads(source.read_text())
    page.write_text(_page(result, _costs(result)))
    print(f"written: {page}")


def _costs(result: dict[str, Any]) -> Costs:
    idle = report.resting(result)
    ms: dict[str, dict[str, float]] = {place: {} for place in _PLACES}
    wal: dict[str, float] = {}
    for phase in result["phases"]:
        kind = phase["name"].removesuffix(" alone")
        if kind not in _KINDS or kind == phase["name"] or not phase["cost"]:
            continue
        good = max(1, next(t["good"] for t in phase["tallies"] if t["name"] == kind))
        took = phase["cost"]["looked"]
        for place, processes in _PLACES.items():
            used = sum(
                cpu - idle.get(name, 0.0)
                for name, cpu in phase["cost"]["cpu"].items()
                if name.split(":")[0] in processes
            )
            ms[place][kind] = max(0.0, used * took / good * 1000)
        wal[kind] = phase["cost"]["grown"].get("wal", 0.0) * took / good
    folders = result["sizes"]["folders"]
    photos = max(1, folders["media/masters"][1])
    photo_bytes = (folders["media/masters"][0] + folders["media/renditions"][0]) / photos
    rows = {name: size / count for name, (size, count) in result["sizes"]["tables"].items() if count > 1000}
    return Costs(ms, wal, photo_bytes, rows)


def _rates(millions: float) -> dict[str, float]:
    """Deeds a second in the busiest hour."""
    photo, like = _PHOTOS_PER_MILLION * millions * _PEAK, _LIKES_PER_MILLION * millions * _PEAK
    sign_up = _SIGN_UPS_PER_MILLION * millions
    rates = {
        "sign_up": sign_up,
        "photo": photo,
        "like": like,
        "follow": sign_up * _FOLLOWS_PER_SIGN_UP,
        "comment": like * _COMMENTS_PER_LIKE,
    }
    return {"feed": sum(rates.values()) * _READS_PER_WRITE, **rates}


def _machines(cores: float) -> int:
    return max(1, round(cores / _BUSY / _CORES + 0.499))


def _row_bytes(costs: Costs, millions: float) -> float:
    """Bytes of tables with their indexes after a year: everybody's follows, a year's photos and likes."""
    year = 365 * 24 * 3600
    follows = millions * 1e6 * _FOLLOWS_EACH * (_of(costs, "follower", 210) + _of(costs, "following", 200))
    photos = (
        _PHOTOS_PER_MILLION * millions * year * (_of(costs, "photo", 680) + _of(costs, "photo_counts", 100))
    )
    likes = _LIKES_PER_MILLION * millions * year * (_of(costs, "liked", 220) + _of(costs, "photo_like", 330))
    return follows + photos + likes


def _of(costs: Costs, table: str, otherwise: float) -> float:
    return costs.rows.get(f"node.{table}", otherwise)


def _page(result: dict[str, Any], costs: Costs) -> str:
    machine = result["machine"]
    parts = [
        "# How many people on how many machines",
        "",
        *([] if result["asked"].get("official") else [_PROVISIONAL, ""]),
        "Made by `python -m bench.launch.capacity` from [the day of 2012](benchmarks/launch-day.md): what one deed costs was",
        f"measured ({machine['day']}, {machine['processor']}, {machine['cores']} cores, everything and the load generator on",
        "one machine); what millions of people do is assumed, and more than one machine was never tried.",
        "",
        "## Measured: one deed",
        "",
        "Milliseconds of processor time, and bytes of PostgreSQL's log.",
        "",
        "| deed | web | worker and cage | PostgreSQL | Valkey | log |",
        "|---|---|---|---|---|---|",
    ]
    for kind in _KINDS:
        cells = " | ".join(f"{costs.ms[place].get(kind, 0):.2f}" for place in _PLACES)
        parts.append(f"| {kind.replace('_', '-')} | {cells} | {costs.wal.get(kind, 0):,.0f} |")
    parts += [
        "",
        f"A photo of 612 pixels (100 KB) takes {costs.photo_bytes / 1000:.0f} KB on the disk: its master and the sizes made "
        f"of it. A row of `follower` takes {_of(costs, 'follower', 210):.0f} bytes with its indexes, of `following` "
        f"{_of(costs, 'following', 200):.0f}, of `photo` {_of(costs, 'photo', 680):.0f}. A feed of 500 takes {_FEED_BYTES:,} "
        "bytes in Valkey.",
        "",
        "## Assumed: what people do",
        "",
        f"- {_PHOTOS_PER_MILLION:.2f} photos and {_LIKES_PER_MILLION:.2f} likes a second for each million people, day and",
        '  night: 25 and 90 a second are Instagram\'s own figures ("Sharding & IDs at Instagram"), taken here for the 14',
        '  million people of "What Powers Instagram", 2011. A comment for 7.5 likes is our guess.',
        f"- {_SIGN_UPS_PER_MILLION} sign-ups a second for each million: a rush, as in April 2012, when a million came in 12 hours",
        '  to a network of 30 to 40 million ("The Instagram Architecture Facebook Bought for a Cool Billion", 2012). Each',
        "  newcomer follows two: our guess.",
        f"- {_READS_PER_WRITE} looks at the home feed for each write; the busiest hour is {_PEAK:g} times the mean.",
        f"- {_ACTIVE:.0%} of all people come within 30 days; {_FOLLOWS_EACH} follows each.",
        f"- Machines of {_CORES} cores like the measured ones, {_BUSY:.0%} of their time planned for.",
        "",
        "    cores = sum over deeds of (deeds a second × milliseconds of one) ÷ 1000",
        f"    machines = cores ÷ {_BUSY:g} ÷ {_CORES}, at least 1; databases twice (a standby each)",
        "",
        "## Extrapolated: machines",
        "",
        "| million people | " + " | ".join(f"{m:,}" for m in _MILLIONS) + " |",
        "|---|" + "---|" * len(_MILLIONS),
    ]
    rates = {m: _rates(m) for m in _MILLIONS}
    for kind in _KINDS:
        cells = " | ".join(f"{rates[m][kind]:,.1f}" for m in _MILLIONS)
        parts.append(f"| {kind.replace('_', '-')}s /s, busiest hour | {cells} |")
    cores = {
        place: {m: sum(rates[m][k] * costs.ms[place].get(k, 0) for k in _KINDS) / 1000 for m in _MILLIONS}
        for place in _PLACES
    }
    for place in _PLACES:
        parts.append(f"| cores, {place} | " + " | ".join(f"{cores[place][m]:,.1f}" for m in _MILLIONS) + " |")
    tables = {m: _row_bytes(costs, m) for m in _MILLIONS}
    feeds = {m: m * 1e6 * _ACTIVE * _FEED_BYTES * 1.3 for m in _MILLIONS}
    photos = {m: _PHOTOS_PER_MILLION * m * 365 * 24 * 3600 * costs.photo_bytes for m in _MILLIONS}
    by_place = {
        "web": {m: _machines(cores["web"][m]) for m in _MILLIONS},
        "worker": {m: _machines(cores["worker"][m]) for m in _MILLIONS},
        "database, with standby": {
            m: 2 * max(_machines(cores["database"][m]), round(tables[m] / 1e12 / _DATABASE_TB + 0.499))
            for m in _MILLIONS
        },
        "Valkey, with replica": {
            m: 2 * max(_machines(cores["memory"][m]), round(feeds[m] / 1e9 / _MEMORY_GB + 0.499))
            for m in _MILLIONS
        },
    }
    parts.append("| feeds in Valkey, GB | " + " | ".join(f"{feeds[m] / 1e9:,.1f}" for m in _MILLIONS) + " |")
    parts.append(
        "| tables after a year, TB | " + " | ".join(f"{tables[m] / 1e12:,.2f}" for m in _MILLIONS) + " |"
    )
    parts.append(
        "| photos of a year, TB | " + " | ".join(f"{photos[m] / 1e12:,.1f}" for m in _MILLIONS) + " |"
    )
    for place, found in by_place.items():
        parts.append(f"| **machines, {place}** | " + " | ".join(f"{found[m]:,}" for m in _MILLIONS) + " |")
    parts += [
        "",
        "For comparison: the network of the sources had 14 million people on 25 application servers and 12 databases with",
        'as many standbys ("What Powers Instagram", 2011), and 40 million in April 2012.',
        "",
        "## What this does not say",
        "",
        "- One node and one machine were measured. Deeds between nodes cost another round trip, and a network in between",
        "  costs time, if not processor time. Replication, backups and TLS are not in it, nor is serving the pictures.",
        "- The people of the run are few and come often, so that cards and feeds are found in memory more often than among",
        "  millions. A card from the nodes costs about five times one from memory ([benchmarks](benchmarks.md)).",
        "- At 400 million the directory is one database with every person, token and session: its reads are few (a record",
        "  in Valkey answers for an hour), its rows about 400 GB. It was not tried.",
        "- Photos of today are larger than 612 pixels, and cost the cage and the disk accordingly.",
        "",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    write()
