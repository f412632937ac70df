"""Stops what the tests have started for a moment, again and again, as a busy host does: finds tests that need luck.

    bin/test & python -m tests.harness.pauses $! [--seed 1]

Every few seconds one process that descends from that one is stopped for up to 1.2 s, or all of them for up to two. A
test that fails then has waited for too little, or for a part of what it looks at. Ends with the tests.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

_ALL = 0.35  # how often it is all of them


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pid", type=int, help="of bin/test")
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    chance, number = random.Random(asked.seed), 0
    while Path(f"/proc/{asked.pid}").exists():
        time.sleep(chance.uniform(2, 8))
        found = sorted(descendants(asked.pid))
        if not found:
            continue
        if chance.random() < _ALL:
            pause(found, chance.uniform(0.3, 2.0))
        else:
            pause([chance.choice(found)], chance.uniform(0.2, 1.2))
        number += 1
    print(f"{number} pauses")


def pause(pids: Iterable[int], seconds: float) -> None:
    """Stop these processes for a while. Whoever was stopped by a test stays so."""
    stopped = [pid for pid in pids if _state(pid) not in {"T", "t", "Z", ""} and _told(pid, signal.SIGSTOP)]
    try:
        time.sleep(seconds)
    finally:
        for pid in stopped:
            _told(pid, signal.SIGCONT)


def descendants(pid: int) -> Iterator[int]:
    """All processes that this one has started, and those that they have."""
    children = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))):
            children[int(stat[1])].append(int(name))
    looked = [pid]
    while looked:
        found = children[looked.pop()]
        yield from found
        looked += found


def _state(pid: int) -> str:
    return (_stat(pid) or [""])[0]


def _stat(pid: int) -> list[str]:
    """What stands behind the name of a process: its state, its parent, …; nothing, when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _told(pid: int, what: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(pid, what)
        return True
    return False


if __name__ == "__main__":
    main()
