"""The ordinary user as whom everything runs when root starts it. Standard library only, for the bootstrap.

PostgreSQL refuses to run as root, and nothing that faces a network should. The user is `heliograph`, made
with useradd; a machine without useradd gets a free fixed number, which needs no line in /etc/passwd.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heliograph.embedded.refusal import CannotStart

NAME = "heliograph"
FIRST_FREE_NUMBER = 29_471  # any number outside the ranges that distributions give away


@dataclass(frozen=True)
class Account:
    """A user and group to run as."""

    uid: int
    gid: int
    name: str = ""  # empty: a bare number

    @property
    def named(self) -> bool:
        return bool(self.name)

    def __str__(self) -> str:
        return self.name or str(self.uid)


def current() -> Account:
    """Who runs this process."""
    return Account(os.geteuid(), os.getegid(), _name_of(os.geteuid()))


def service() -> Account:
    """The user for everything that runs: ourselves, or `heliograph` when we are root (made when missing)."""
    if os.geteuid() != 0:
        return current()
    known = find(NAME)
    if known is None and shutil.which("useradd"):
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        command = ["useradd", *options, "--home-dir", "/var/lib/heliograph", NAME]
        subprocess.run(command, capture_output=True, check=False)
        known = find(NAME)
    return known or _bare_number()


def find(name: str) -> Account | None:
    """The user of this name, if there is one that is not root."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        raise CannotStart(f"The user {name} is root under another name; nothing may run as root.")
    return Account(entry.pw_uid, entry.pw_gid, name)


def _bare_number() -> Account:
    for number in range(FIRST_FREE_NUMBER, FIRST_FREE_NUMBER + 100):
        if not _name_of(number) and not _group_of(number):
            return Account(number, number)
    raise CannotStart("There is no user to run as: useradd is missing and every spare user number is taken.")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _group_of(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


def unreachable(path: Path, account: Account, *, write: bool = False) -> Path | None:
    """The first folder on the way to `path` that the account may not enter (or `path` itself).

    Looks at the mode bits of the nearest existing folders; None when the way is free. Nothing is changed: a
    folder that only its owner may enter stays so.
    """
    path = path.resolve()
    existing = next(step for step in (path, *path.parents) if step.exists())
    for step in _outermost_first(existing):
        if step.is_dir() and not _allows(step, account, 0o1):
            return step
    if write and not _allows(existing, account, 0o2):
        return existing
    if not write and not existing.is_dir() and not _allows(existing, account, 0o4):
        return existing
    return None


def _outermost_first(path: Path) -> Iterator[Path]:
    yield from reversed(path.parents)
    yield path


def _allows(path: Path, account: Account, bit: int) -> bool:
    status = path.stat()
    if account.uid == 0:
        return True
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == account.uid:
        return bool(mode >> 6 & bit)
    if status.st_gid == account.gid:
        return bool(mode >> 3 & bit)
    return bool(mode & bit)
