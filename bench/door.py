"""What the front door costs: processor time of the web process for one request, with the door and without.

    python -m bench.door [--seconds 3] [--rounds 6]

The same application on the same server: Granian's WSGI interface with 16 threads, and RSGI with the door (gate/). Real
HTTP over loopback, over one connection and over sixteen, rounds interleaved, medians. The client is another process.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import network

CLONE = Path(__file__).resolve().parents[1]
SERVERS = {
    "WSGI": ["--interface", "wsgi", "--blocking-threads", "16", "bench.door_apps:application"],
    "the door": ["--interface", "rsgi", "--http", "1", "bench.door_apps:door"],
}
PATHS = {"empty view": "/bench/empty", "feed, API": "/v1/users/self/feed"}
CONNECTIONS = (1, 16)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    taken: dict[tuple[str, int, str], list[tuple[float, float]]] = {}
    with network.running(), _servers() as (servers, token):
        for round in range(asked.rounds + 1):  # the first is for warming up
            for what, path in PATHS.items():
                for connections in CONNECTIONS:
                    for name, (pid, port) in servers.items():
                        cost = _cost(pid, port, path, token, connections, asked.seconds)
                        if round:
                            taken.setdefault((what, connections, name), []).append(cost)
    for (what, connections, name), costs in taken.items():
        cpu, rate = (statistics.median(each) for each in zip(*costs, strict=True))
        spread = f"{min(c for c, _ in costs):.0f} to {max(c for c, _ in costs):.0f}"
        print(
            f"{what:10}  {connections:2} connections  {name:8}  {cpu:5.0f} us CPU ({spread}), {rate:5.0f} a second"
        )


@contextmanager
def _servers() -> Iterator[tuple[dict[str, tuple[int, int]], str]]:
    """Both of them, with somebody who follows forty people: pid and port by name, and their token."""
    from heliograph.flows import sign_in

    reader = network.reader_of_forty()
    started = {name: _start(options) for name, options in SERVERS.items()}
    try:
        for _, port in started.values():
            _until_it_answers(port)
        yield (
            {name: (process.pid, port) for name, (process, port) in started.items()},
            sign_in.issue_token(reader),
        )
    finally:
        for process, _ in started.values():
            process.terminate()
        for process, _ in started.values():
            process.wait(15)


def _start(options: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--no-ws", "--no-access-log", "--log-level", "error", *options]
    variables = {**os.environ, **network.NETWORK.variables(), "HELIOGRAPH_API_PER_HOUR": "1000000000"}
    return subprocess.Popen(command, cwd=CLONE, env=variables), port


def _until_it_answers(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")


def _cost(
    pid: int, port: int, path: str, token: str, connections: int, seconds: float
) -> tuple[float, float]:
    """Microseconds of processor for a request, and requests a second."""
    counted = multiprocessing.Value("i", 0)
    asking = multiprocessing.get_context("fork").Process(
        target=_ask, args=(port, path, token, connections, seconds, counted)
    )
    before, began = _processor(pid), time.perf_counter()
    asking.start()
    asking.join()
    used, took = _processor(pid) - before, time.perf_counter() - began
    return used / counted.value * 1e6, counted.value / took


def _ask(port: int, path: str, token: str, connections: int, seconds: float, counted: Any) -> None:
    end = time.monotonic() + seconds

    def one() -> None:
        connection, mine = http.client.HTTPConnection("127.0.0.1", port, timeout=30), 0
        while time.monotonic() < end:
            connection.request(
                "GET", path, headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
            )
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            mine += 1
        with counted.get_lock():
            counted.value += mine

    threads = [threading.Thread(target=one) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _processor(pid: int) -> float:
    """Seconds of a process and all below it."""
    total = network.seconds_of(pid)
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += sum(_processor(int(child)) for child in (task / "children").read_text().split())
    return total


if __name__ == "__main__":
    main()
