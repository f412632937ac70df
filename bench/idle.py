"""What the whole local network needs while nobody does anything: proportional memory (PSS) of all its processes.

python -m bench.idle [--settle 20]        starts bin/up on a free port with new data, measures, stops it
python -m bench.idle --pid 1234           measures the tree of a running one
"""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import rows
from bench.rows import Row, Rows

BUDGET = 450  # MB
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--settle", type=int, default=20, help="seconds of doing nothing")
    asked = parser.parse_args()
    if asked.pid:
        _report(asked.pid).save(asked.json)
        return
    begun = time.monotonic()
    with up() as (pid, _):
        print(f"ready after {time.monotonic() - begun:.1f} s")
        time.sleep(asked.settle)
        _report(pid).save(asked.json)


@contextmanager
def up() -> Iterator[tuple[int, str]]:
    """The network of bin/up with new data on a free port: its supervisor's pid and its address."""
    with tempfile.TemporaryDirectory(prefix="hg-bench-") as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        Path(folder).chmod(0o755)
        command = [ROOT / "bin" / "up", "--port", str(port), "--data", f"{folder}/data"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout is not None
            for line in running.stdout:
                if "is ready at" in line:
                    break
            threading.Thread(target=running.stdout.read, daemon=True).start()  # a full pipe would stop it
            yield running.pid, f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)


def _report(pid: int) -> Rows:
    kinds: Counter[str] = Counter()
    for each in _tree(pid):
        try:
            kinds[_kind(each)] += _pss(each)
        except OSError:
            continue  # gone meanwhile
    for kind, kilobytes in kinds.most_common():
        print(f"{kind:20} {kilobytes / 1024:7.1f} MB")
    total = sum(kinds.values()) / 1024
    parts = ", ".join(f"{kind} {kilobytes / 1024:.0f}" for kind, kilobytes in kinds.most_common())
    told = Rows()
    told.say(
        Row(
            "idle memory of the local stack",
            f"{total:.0f} MB PSS ({parts})",
            total,
            BUDGET,
            f"<= {BUDGET} MB",
        )
    )
    return told


def _tree(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(each for child in children for each in _tree(child))]


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _kind(pid: int) -> str:
    said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    for word in ("postgres", "valkey", "redis", "granian", "cage", "worker", "metrics"):
        if word in said:
            return word
    return "supervisor"


if __name__ == "__main__":
    main()
