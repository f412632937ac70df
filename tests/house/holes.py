"""Whether a package that we install has a known hole; asked of OSV in CI, and by whoever wants to know.

python -m tests.house.holes                       every package of the locks
python -m tests.house.holes --database ADDRESS    of another database that speaks OSV's protocol (or HOLES_DATABASE)

The last line is the verdict. Ends with 1 when there is a hole that is not accepted in holes.toml, or the time of one
that was accepted is over; with 2 when asking is broken; with 0 otherwise, also when the database is away: the verdict
says so then, and .ci/run repeats it where it ends.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from heliograph.embedded.bootstrap import uv
from tests.house import osv
from tests.house.osv import Answer, Broken, Hole, Package

ROOT = Path(__file__).resolve().parents[2]
#: In this order: what is in the first is not asked again for the others.
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-test.lock")
ACCEPTED = Path(__file__).with_name("holes.toml")
SECONDS = 60  # for all of it

_LOCKED = re.compile(r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s\\;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Accepted:
    """A hole that we live with for a while."""

    package: str
    hole: str  # any of its names
    reason: str
    until: date  # the last day

    def covers(self, hole: Hole) -> bool:
        return self.package == hole.package.name and self.hole in hole.names


@dataclass(frozen=True)
class Verdict:
    code: int
    lines: tuple[str, ...]  # what was found; the last one is the verdict in one line


def packages(root: Path = ROOT) -> list[Package]:
    """Every package of the locks, each once, and the installer that comes before them."""
    found: dict[tuple[str, str], Package] = {}
    for lock in LOCKS:
        for name, version in _locked(root / lock):
            found.setdefault((name, version), Package(name, version, lock))
    return [*found.values(), Package("uv", uv.VERSION, "heliograph/embedded/bootstrap/uv.py")]


def _locked(lock: Path) -> Iterator[tuple[str, str]]:
    for line in lock.read_text().splitlines():
        if line.strip() and not line.startswith((" ", "#")):
            # A line that is left out would be a package that nobody asks about.
            if not (match := _LOCKED.match(line)):
                raise Broken(f"{lock.name} has a line that names no version of a package: {line}")
            yield osv.normal(match[1]), match[2]


def accepted(path: Path = ACCEPTED) -> list[Accepted]:
    """What holes.toml accepts. Raises Broken for an entry without a reason or an end."""
    try:
        read = tomllib.loads(path.read_text())
        if set(read) - {"accepted"}:
            raise ValueError("it may hold nothing but [[accepted]]")
        return [_entry(fields) for fields in read.get("accepted", [])]
    except (TypeError, ValueError) as error:
        raise Broken(f"{path.name}: {error}") from error


def _entry(fields: dict[str, object]) -> Accepted:
    entry = Accepted(**fields)  # type: ignore[arg-type]  # looked at in the next line
    texts = (entry.package, entry.hole, entry.reason)
    if not all(isinstance(text, str) and text.strip() for text in texts) or type(entry.until) is not date:
        raise ValueError(f"package, hole and reason are texts, until is a date, and this is not so: {fields}")
    return entry


def look(
    asked: Sequence[Package],
    excused: Sequence[Accepted],
    database: str,
    *,
    today: date,
    seconds: float = SECONDS,
) -> Verdict:
    """Ask, and weigh the answer against what is accepted."""
    answer = osv.ask(database, asked, seconds)
    over = [it for it in excused if it.until < today]
    valid = [it for it in excused if it.until >= today]
    unmended = [hole for hole in answer.holes if not any(it.covers(hole) for it in valid)]
    trouble = _trouble(answer, database)
    lines = [
        *(_said_of(hole) for hole in unmended),
        *(f"{it.package}: {it.hole} was accepted until {it.until}, and no longer" for it in over),
        *(_said_of_accepted(it, answer) for it in valid),
    ]
    if unmended or over:
        also = f"; {trouble}" if trouble else ""
        lines.append(f"KNOWN HOLES: {len(unmended)} unmended, {len(over)} accepted for too long{also}.")
    elif trouble:
        lines.append(f"KNOWN HOLES WERE NOT LOOKED FOR in {len(asked)} packages: {trouble}.")
    else:
        lines.append(f"known holes: none in {len(asked)} packages, {len(valid)} accepted")
    code = 1 if unmended or over else 2 if answer.broken else 0
    # What a database says may hold whatever moves a terminal.
    return Verdict(code, tuple("".join(c if c.isprintable() else " " for c in line) for line in lines))


def _trouble(answer: Answer, database: str) -> str:
    if answer.away:
        return f"the database of them at {database} is away ({answer.away})"
    return f"asking {database} for them is broken ({answer.broken})" if answer.broken else ""


def _said_of(hole: Hole) -> str:
    mended = f"mended in {', '.join(hole.mended_in)}" if hole.mended_in else "no version mends it"
    names = ", ".join(hole.names)
    return f"{hole.package.name} {hole.package.version} ({hole.package.lock}): {names}: {hole.summary} [{mended}]"


def _said_of_accepted(entry: Accepted, answer: Answer) -> str:
    heard_all = not (answer.away or answer.broken)
    if heard_all and not any(entry.covers(hole) for hole in answer.holes):
        return f"{entry.package}: {entry.hole} is gone: take it out of {ACCEPTED.name}"
    return f"{entry.package}: {entry.hole} is accepted until {entry.until}: {entry.reason}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.house.holes", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--database", default=os.environ.get("HOLES_DATABASE") or osv.PUBLIC, metavar="ADDRESS"
    )
    chosen = parser.parse_args(arguments)
    try:
        verdict = look(packages(), accepted(), chosen.database, today=datetime.now(UTC).date())
    except Broken as error:
        verdict = Verdict(2, (f"KNOWN HOLES WERE NOT LOOKED FOR: {error}.",))
    sys.stdout.write("\n".join(verdict.lines) + "\n")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
