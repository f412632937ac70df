"""A Python that the service account can run. The one that root has first on its PATH may live in root's home.

In order: this very Python, if it can be reached; the system's /usr/bin/python3, if it is new enough; a copy of
this one. No folder is ever opened to others for it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from heliograph.embedded.account import Account, unreachable
from heliograph.embedded.bootstrap.venv import OLDEST_PYTHON, say
from heliograph.embedded.refusal import CannotStart

_SYSTEM = Path("/usr/bin/python3")
_NOT_NEEDED = (
    "site-packages",
    "test",
    "tests",
    "__pycache__",
    "idlelib",
    "tkinter",
    "turtledemo",
    "*.a",
    "config-*",
)


def for_account(account: Account, home: Path) -> Path:
    """A Python of at least OLDEST_PYTHON that the account can run; a copy is made under `home` when needed."""
    ours = own()
    for candidate in (ours, _SYSTEM):
        if _runs_as(candidate, account):
            return candidate
    copy = home / f"python-{sysconfig.get_python_version()}-{_fingerprint(ours)}"
    inside = copy / "bin" / ours.name
    if not _runs_as(inside, account):
        say("copying Python to where the service account can run it")
        shutil.rmtree(copy, ignore_errors=True)
        _copy(ours, copy)
    if not _runs_as(inside, account):
        raise CannotStart(
            f"The Python at {ours} is out of reach for user {account}; install a system python3 of at least 3.11."
        )
    return inside


def own() -> Path:
    """The real program that runs this, not an environment's link to it."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _runs_as(python: Path, account: Account) -> bool:
    """Whether the account can run it with what the network needs of the standard library."""
    if not python.exists() or (os.geteuid() == 0 and unreachable(python, account) is not None):
        return False
    check = f"import sys, ssl, ctypes, sqlite3, venv; sys.exit(sys.version_info[:2] < {OLDEST_PYTHON})"
    switch: dict[str, Any] = {}
    if os.geteuid() == 0:
        switch = {"user": account.uid, "group": account.gid, "extra_groups": []}
    try:
        command = [str(python), "-I", "-c", check]
        done = subprocess.run(
            command, cwd="/", env={"PATH": os.defpath}, capture_output=True, check=False, **switch
        )
    except OSError:
        return False
    return int(done.returncode) == 0


def _fingerprint(python: Path) -> str:
    status = python.stat()
    return f"{status.st_size:x}{int(status.st_mtime):x}"


def _copy(python: Path, target: Path) -> None:
    """Program and standard library, found again by their places relative to each other."""
    prefix = python.parent.parent
    (target / "bin").mkdir(parents=True)
    (target / "lib").mkdir()
    shutil.copy2(python, target / "bin" / python.name)
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.copytree(prefix / "lib" / name, target / "lib" / name, ignore=shutil.ignore_patterns(*_NOT_NEEDED))
    for library in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy2(library, target / "lib" / library.name)
    _point_to_own_libraries(target / "bin" / python.name, prefix / "lib")
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o755 | (0o555 if path.is_dir() else 0o444))


def _point_to_own_libraries(program: Path, old: Path) -> None:
    """Make the copy look for its shared library beside itself, not in the folder it was built for.

    The folder stands in the program as a string; the shorter one fits in its place. (An environment variable
    would do too, and would have to reach every child of every child.)
    """
    content = program.read_bytes()
    was, becomes = os.fsencode(old), b"$ORIGIN/../lib"
    if len(becomes) <= len(was):
        pattern = re.escape(was) + b"\0"
        program.write_bytes(re.sub(pattern, lambda _: becomes.ljust(len(was), b"\0") + b"\0", content))
