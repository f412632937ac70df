"""Folders of the local stack: short ones for sockets, and ones that belong to who needs them."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from heliograph.core import disk
from heliograph.embedded.account import Account, service
from heliograph.embedded.refusal import CannotStart

SOCKET_PATH_BYTES = 107  # sun_path holds 108, one of them the closing NUL
LONGEST_SOCKET_NAME = 24  # `/.s.PGSQL.65535` and our own names fit


def folder(path: Path, account: Account | None = None) -> Path:
    """Make a private folder (0700) of the account's, with its parents; one that exists is left as it is."""
    account = account or service()
    if not path.exists():
        disk.make_folder(path.parent)
        path.mkdir(mode=0o700)
        give(path, account)
        disk.sync_folder(path.parent)
    return path


def give(path: Path, account: Account) -> None:
    """Hand a file or folder that we have just made to the account it is for."""
    if os.geteuid() == 0 and account.uid != 0:
        os.chown(path, account.uid, account.gid)


def socket_folder(wanted: Path, account: Account | None = None) -> Path:
    """`wanted`, or where its sockets' paths would be too long for the kernel, a short stand-in under /tmp.

    The stand-in's name follows from `wanted`, so a later start finds the same one. Somebody else's folder of
    that name is refused, never used.
    """
    account = account or service()
    wanted = wanted.absolute()
    if len(os.fsencode(wanted)) + LONGEST_SOCKET_NAME <= SOCKET_PATH_BYTES:
        return folder(wanted, account)
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    short = Path("/tmp") / f"heliograph-{account.uid}-{digest}"  # noqa: S108  (checked below)
    try:
        short.mkdir(mode=0o700)
        give(short, account)
    except FileExistsError:
        status = short.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
            raise CannotStart(
                f"{short} is in the way: it is not a private folder of user {account.uid}."
            ) from None
    return short


def temporary(prefix: str = "heliograph-") -> Path:
    """A new, short, private folder that the service account can reach; the caller removes it."""
    path = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    give(path, service())
    return path


def write_secret(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file that only the account may read (0600), whole or not at all; then it survives a power cut."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    give(fresh, account or service())
    fresh.replace(path)
    disk.sync_folder(path.parent)
