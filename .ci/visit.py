"""visit.py CLONE DATA PORT: start bin/up, visit it, look at its processes, stop it; twice. Standard library only."""

from __future__ import annotations

import atexit
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

PACKAGES_SECONDS = 300  # the first start gets the packages
LATER_START_SECONDS = 60  # 2 on a quick machine, 7 on a slow one: what counts is that it gets nothing again
STOP_SECONDS = 10


def main(clone: str, data: str, port: int) -> None:
    for start in (1, 2):
        began = time.monotonic()
        up = subprocess.Popen(
            [f"{clone}/bin/up", "--port", str(port), "--data", data],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
        )
        atexit.register(up.terminate)  # whatever goes wrong, nothing stays behind
        said = wait_until_ready(up, PACKAGES_SECONDS)
        seconds = time.monotonic() - began
        print(f"start {start}: ready after {seconds:.1f} s")
        if start == 2:
            check("getting the packages" not in said, "a later start got the packages again")
            check(seconds < LATER_START_SECONDS, f"a later start took {seconds:.1f} s")
        elif not re.search(r"become the administrator: http\S+", said):
            check(False, "the first start made no link for an administrator")
        url = f"http://127.0.0.1:{port}"
        visit(url)
        if start == 1:
            sign_up(url)
        pids = everybody(up.pid)
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in pids}
        check(0 not in users, "a process runs as root")
        print(f"{len(pids)} processes, {sum(map(memory_kib, pids)) // 1024} MiB PSS")
        began = time.monotonic()
        up.send_signal(signal.SIGINT if start == 1 else signal.SIGTERM)
        up.wait(STOP_SECONDS + 5)
        seconds = time.monotonic() - began
        print(f"stopped after {seconds:.1f} s, exit code {up.returncode}")
        check(up.returncode == 0 and seconds < STOP_SECONDS, "it did not stop cleanly")
        left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        check(not left, f"processes are left: {left}")


def wait_until_ready(up: subprocess.Popen[str], seconds: float) -> str:
    """What it said until it was ready, and the line with the link after that."""
    said: list[str] = []
    threading.Thread(target=lambda: [said.append(line) for line in up.stdout or ()], daemon=True).start()
    deadline = time.monotonic() + seconds
    while not any("heliograph is ready at" in line for line in said):
        if up.poll() is not None or time.monotonic() > deadline:
            print("".join(said))
            raise SystemExit("bin/up did not get ready")
        time.sleep(0.05)
    time.sleep(0.2)
    return "".join(said)


def visit(url: str) -> None:
    with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
        told = json.load(answer)
        check(told["ok"] is True, f"not ready: {told}")
    for path in ("/livez", "/"):
        with urllib.request.urlopen(url + path, timeout=5) as answer:
            check(answer.status == 200, f"{path} answered {answer.status}")
    port = int(url.rsplit(":", 1)[1])
    with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/metrics", timeout=5) as answer:
        check(answer.status == 200, "no /metrics on its own port")


def sign_up(url: str) -> None:
    """A person signs up through the API and is known afterwards."""
    body = json.dumps(
        {"username": "first.visitor", "email": "visitor@example.org", "password": "a long way from home 7"}
    ).encode()
    asked = urllib.request.Request(
        f"{url}/v1/accounts", data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        token = json.load(answer)["data"]["access_token"]
    asked = urllib.request.Request(f"{url}/v1/users/self", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        check(json.load(answer)["data"]["username"] == "first.visitor", "who signed up is somebody else")


def everybody(top: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [top]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def memory_kib(pid: int) -> int:
    try:
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])  # type: ignore[index]
    except OSError:
        return 0


def check(good: bool, complaint: str) -> None:
    if not good:
        raise SystemExit(complaint)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
