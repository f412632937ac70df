"""The network that is measured: `bin/up` with its own data on its own port, started here and stopped here."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What protects a network from one machine that is everybody is lifted by its own knobs: all people here have one
#: address. Nothing else is changed.
LIFTED = {
    f"HELIOGRAPH_{name}": str(10**9)
    for name in (
        "SIGN_UPS_PER_HOUR",
        "SIGN_INS_PER_MINUTE",
        "POSTS_PER_HOUR",
        "WRITES_PER_HOUR",
        "API_PER_HOUR",
    )
}


@dataclass(frozen=True)
class Stack:
    """A running network."""

    pid: int
    port: int
    data: Path
    log: Path

    def numbers(self) -> dict[str, float]:
        """What /metrics says: counters and sums, by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port + 1}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        found = {}
        for line in lines:
            name, _, value = line.rpartition(" ")
            if not line.startswith("#") and "_bucket{" not in line:
                found[name] = float(value)
        return found

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=3) as answer:
                return bool(json.load(answer))
        except OSError:
            return False


@dataclass(frozen=True)
class Wish:
    """How the network is to be: variables, arguments of `bin/up`, lines for PostgreSQL's own `local.conf`."""

    knobs: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    keep: Path | None = None


@contextmanager
def up(wish: Wish) -> Iterator[Stack]:
    """A new network, gone afterwards with all its data (unless `keep` says where it is to stay)."""
    folder = wish.keep or Path(tempfile.mkdtemp(prefix="hg-launch-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    try:
        if wish.settings:
            with _running(folder, wish):
                pass
            with (folder / "data" / "postgres" / "local.conf").open("a") as file:
                file.writelines(line + "\n" for line in wish.settings)
        with _running(folder, wish) as network:
            yield network
    finally:
        if wish.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(folder: Path, wish: Wish) -> Iterator[Stack]:
    port, log = _free_pair(), folder / "log"
    said = [str(ROOT / "bin" / "up"), "--port", str(port), "--data", f"{folder}/data", *wish.arguments]
    with log.open("wb") as out:
        # A session of its own: a Ctrl-C is for us, who then stop it in order.
        running = subprocess.Popen(
            said, stdout=out, stderr=out, env={**os.environ, **LIFTED, **wish.knobs}, start_new_session=True
        )
    try:
        _wait(running, log)
        yield Stack(running.pid, port, folder / "data", log)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait(running: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 300  # the first time it installs packages
    while "is ready at" not in (said := log.read_text(errors="replace")):
        if running.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"the network did not start:\n{said[-3000:]}")
        time.sleep(0.2)


def _free_pair() -> int:
    """A port that is free, and the next one too; below those that the kernel gives away by itself."""
    for port in random.sample(range(20_000, 32_000, 2), 50):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise SystemExit("no two free ports side by side")
