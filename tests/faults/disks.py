"""A disk that is really full, down to its last byte: a small file system in memory, of this network alone.

It is mounted in namespaces of the network's own (user and mount, as an ordinary user may make them), so the machine's
disk is never in danger, and it goes with the supervisor: these cells stop nothing that has to come back to it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.matrix import Cell, Scene
from tests.faults.stack import Stack, as_user

_MEGABYTES = 600
_FULL_SECONDS = 20
_NAMESPACES = ("unshare", "--user", "--map-current-user", "--mount", "--keep-caps")
#: $0 is the folder. What starts afterwards has no right that an ordinary user has not.
_MOUNT = (
    f'mount -t tmpfs -o size={_MEGABYTES}m,mode=0700 none "$0" && '
    'exec setpriv --ambient-caps=-all --inh-caps=-all "$@"'
)
_FILL = """
import errno, os, sys, time
until = time.monotonic() + float(sys.argv[2])
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.unlink(sys.argv[1])
while time.monotonic() < until:
    for size in (2**20, 4096):
        try:
            while True:
                os.write(file, bytes(size))
        except OSError as error:
            full = error.errno == errno.ENOSPC
    time.sleep(0.2)
print("full" if full else "not full")
"""
#: PostgreSQL has files of its log in reserve; this takes one after the other until it wants a new one.
_USE_UP_LOG = """
import shlex, sys
import psycopg
from pathlib import Path
said = dict(shlex.split(line)[0].split("=", 1) for line in Path(sys.argv[1], "environment").read_text().splitlines())
passfile = Path(said["HELIOGRAPH_PGPASSFILE"]).with_name("superuser.pgpass")
try:
    where = {"user": "postgres", "passfile": str(passfile)}
    with psycopg.connect(said["HELIOGRAPH_DIRECTORY_OWNER"], **where, autocommit=True) as it:
        for _ in range(40):
            it.execute("SELECT pg_logical_emit_message(false, 'full', repeat('x', 1000000))")
            it.execute("SELECT pg_switch_wal()")
except psycopg.OperationalError as error:
    print(error)
"""


def possible() -> bool:
    """Whether an ordinary user may have such a file system here."""
    return (
        all(shutil.which(tool) for tool in ("unshare", "nsenter", "setpriv"))
        and not subprocess.run(
            [*as_nobody(), *_NAMESPACES, "sh", "-c", _MOUNT, "/mnt", "true"], capture_output=True, check=False
        ).returncode
    )


def as_nobody() -> list[str]:
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


class SmallDiskStack(Stack):
    """A network whose disk is small, and can be filled. `user`: how its Python is run as its user."""

    user: list[str]

    def start(self) -> float:
        if not self.launcher:
            self.user = as_user(self)
            self.data.mkdir(mode=0o700, exist_ok=True)
            self.launcher = [*self.user[:-1], *_NAMESPACES, "sh", "-c", _MOUNT, str(self.data)]
            self.launcher += [self.user[-1], "-m", "heliograph.embedded.up"]
        return super().start()

    def heliograph(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.inside("-m", "heliograph.ops.command", "--data", str(self.data), *arguments)

    def inside(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python, where this file system is seen."""
        assert self.process is not None
        enter = ["nsenter", "--user", "--mount", "--preserve-credentials", f"--target={self.process.pid}"]
        command = [*self.user[:-1], *enter, self.user[-1], *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)

    def fill(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """For so long not one byte is left; what is set free meanwhile is taken, too."""
        with ThreadPoolExecutor(1) as aside:
            filling = aside.submit(self.inside, "-c", _FILL, f"{self.data}/filler", str(seconds))
            meanwhile()
            filled = filling.result()
        assert filled.stdout == "full\n", filled.stdout + filled.stderr


def full() -> Cell:
    """Whoever looks sees; what cannot be kept is refused, and nothing that was promised is lost."""

    def hurt(stack: Stack, scene: Scene) -> None:
        assert isinstance(stack, SmallDiskStack)
        with scene.lasting():
            stack.fill(_FULL_SECONDS, lambda: _can_be_seen(stack, scene))

    return Cell("the disk", f"full for {_FULL_SECONDS} s", hurt, make=SmallDiskStack)


def full_log() -> Cell:
    """PostgreSQL cannot go on without room for its log: it ends, again and again, until there is some."""

    def hurt(stack: Stack, scene: Scene) -> None:
        assert isinstance(stack, SmallDiskStack)

        def use_up() -> None:
            scene.seen.append(stack.inside("-c", _USE_UP_LOG, str(stack.data)).stdout.strip().splitlines()[0])

        with scene.lasting():
            stack.fill(_FULL_SECONDS, use_up)

    return Cell("the disk", "full, and no room for the log", hurt, make=SmallDiskStack)


def _can_be_seen(stack: Stack, scene: Scene) -> None:
    time.sleep(5)
    answers = {path: stack.ask(path).status for path in ("/", "/sign-in", "/livez")}
    assert set(answers.values()) == {200}, answers
    scene.seen.append("pages can be seen")


def cells() -> list[Cell]:
    return [full(), full_log()] if possible() else []
