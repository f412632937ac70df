"""The table of budgets: every bench, one after the other, and whether each budget is kept.

    bin/bench                        everything, about ten minutes; kept as docs/benchmarks/table-DATE.json
    bin/bench --quick                fewer rounds: minutes less, and less to be believed
    bin/bench --only feed            one of them; may be repeated. --list names them
    bin/bench --only feed --keep /tmp/before.json      and keep what was measured there
    bin/bench --compare /tmp/before.json --only feed   and tell what has changed since

Ratios count: both sides are measured in one run, interleaved, medians. Let nothing else run meanwhile: what else the
machine had to do is told with the result. The exit code is 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.rows import Row

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "benchmarks"


@dataclass(frozen=True)
class Step:
    """One bench: its module, options for a quick run, about how many seconds it takes, whether it is in the table."""

    module: str
    quick: tuple[str, ...] = ()
    seconds: int = 60
    asked_for: bool = False  # runs only when it is named


STEPS = {
    "feed": Step("bench.feed", ("--rounds", "15"), 60),
    "pages": Step("bench.pages", ("--rounds", "3"), 60),
    "deeds": Step("bench.deeds", ("--times", "80"), 120),
    "fan_out": Step("bench.fan_out", ("--followers", "20000"), 60),
    "photo": Step("bench.photo", ("--rounds", "3"), 40),
    "journey": Step("bench.journey", ("--photos", "10", "--pause", "0.3"), 60),
    "idle": Step("bench.idle", ("--settle", "8"), 45),
    "activity": Step("bench.activity", ("--likes", "20000"), 60),
    "growth": Step("bench.growth", ("--people", "1000", "10000"), 600, asked_for=True),
    "browser": Step("bench.browser", (), 120, asked_for=True),  # beside a running bin/up --demo
}
_AGO = 15  # per cent that count as a change


def main() -> int:
    asked = _asked()
    if asked.list:
        for name, step in STEPS.items():
            print(f"{name:10} {step.module}, about {step.seconds} s{'; only by name' * step.asked_for}")
        return 0
    names = asked.only or [name for name, step in STEPS.items() if not step.asked_for]
    result = _begun(sys.argv[1:])
    for number, name in enumerate(names, 1):
        print(f"\n[{number}/{len(names)}] {name}, about {STEPS[name].seconds} s", flush=True)
        result["steps"][name] = _run(STEPS[name], asked.quick)
    result["load_after"] = os.getloadavg()[0]
    rows = [Row(**row) for step in result["steps"].values() for row in step["rows"]]
    _show(rows, _before(asked.compare), result)
    _keep(asked, result)
    failed = [name for name, step in result["steps"].items() if step["status"]]
    if failed:
        print(f"\nended with an error: {', '.join(failed)}")
    return int(bool(failed) or any(row.kept is False for row in rows))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "bin/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=STEPS, metavar="NAME", help="this one; see --list")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the result there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="an earlier result")
    return parser.parse_args()


def _begun(arguments: list[str]) -> dict[str, Any]:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["bin/bench", *arguments]),
        "commit": said.stdout.strip(),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
            "python": platform.python_version(),
        },
        "load_before": os.getloadavg()[0],
        "steps": {},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _run(step: Step, quick: bool) -> dict[str, Any]:
    """One bench in a process of its own; what it says is shown as it says it."""
    with tempfile.TemporaryDirectory(prefix="hg-table-") as folder:
        rows = Path(folder) / "rows.json"
        command = [sys.executable, "-m", step.module, *(step.quick if quick else ())]
        told = [*command, "--json", str(rows)] if step.module not in _WITHOUT_ROWS else command
        started, text = time.monotonic(), []
        with subprocess.Popen(told, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                print(f"    {line}", end="", flush=True)
                text.append(line)
        made = json.loads(rows.read_text()) if rows.exists() else {"rows": [], "curves": []}
    return {
        "command": " ".join(["python", *command[1:]]),
        "seconds": round(time.monotonic() - started),
        "status": running.returncode,
        "text": "".join(text),
        **made,
    }


#: They print a table of their own, which is kept as text.
_WITHOUT_ROWS = ("bench.pages", "bench.activity", "bench.browser")


def _show(rows: list[Row], before: dict[str, float], result: dict[str, Any]) -> None:
    print(f"\n{result['date']}, {result['commit']}, {result['machine']['processor']}", end="")
    print(f"; load {result['load_before']:.1f} before, {result['load_after']:.1f} after\n")
    if max(result["load_before"], 0) > 1:
        print("THE MACHINE HAD OTHER THINGS TO DO. Processor times are too high, and so are ratios.\n")
    for row in rows:
        print(f"{row.verdict:6}  {row.work:44} {row.measured}{_since(row, before)}")
        if row.budget:
            print(f"{'':52} budget {row.budget}")


def _before(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    steps = json.loads(path.read_text())["steps"].values()
    return {row["work"]: row["value"] for step in steps for row in step["rows"]}


def _since(row: Row, before: dict[str, float]) -> str:
    old = before.get(row.work)
    if not old:
        return ""
    change = (row.value / old - 1) * 100
    return f"   [{change:+.0f} %]" if abs(change) >= _AGO else "   [as before]"


def _keep(asked: argparse.Namespace, result: dict[str, Any]) -> None:
    path = asked.keep
    if path is None and not (asked.only or asked.quick):
        path = DOCS / f"table-{result['date'][:10]}.json"
    if path is None:
        print("\nnot kept: only a whole run is, or one with --keep")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nkept as {path}")


if __name__ == "__main__":
    sys.exit(main())
