"""Debian packages that the tests want (packages.txt): installed where we may, else named loudly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from heliograph.embedded.bootstrap.venv import say


def ensure(list_of_packages: Path) -> list[str]:
    """Install what is missing, if we may; return what is still missing."""
    wanted = [line.partition("#")[0].strip() for line in list_of_packages.read_text().splitlines()]
    missing = _missing([name for name in wanted if name])
    if not missing or not shutil.which("apt-get"):
        return missing
    prefix = _as_root()
    if prefix is None:
        return missing
    say(f"installing {', '.join(missing)}")
    _apt(prefix, "update")
    _apt(prefix, "install", "--yes", "--no-install-recommends", *missing)
    return _missing(missing)


def _apt(prefix: list[str], *arguments: str) -> None:
    subprocess.run(
        [*prefix, "apt-get", "-qq", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )


def _missing(names: list[str]) -> list[str]:
    return [name for name in names if not _installed(name)]


def _installed(name: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", name]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"
    except OSError:
        return False  # not a Debian


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    allowed = shutil.which("sudo") and subprocess.run(
        ["sudo", "-n", "true"], capture_output=True, check=False
    )
    return ["sudo", "-n"] if allowed and allowed.returncode == 0 else None
