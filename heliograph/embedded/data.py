"""The data directory of the local stack: whose it is, which version made it, who uses it now.

heliograph.json   which format; its presence says that the folder is ours
lock              held by the one supervisor that runs here
secret_key        signs cookies, cursors and media URLs
demo.done         what of the demo is made (embedded/demo)
environment       the HELIOGRAPH_* variables of the running network, for the `heliograph` command
postgres/ valkey/ media/ incoming/ static/ metrics/ run/
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path

from heliograph import __version__
from heliograph.embedded import account as accounts
from heliograph.embedded import places
from heliograph.embedded.refusal import CannotStart

FORMAT = 1  # raised when an older Heliograph could no longer use the folder
_ROOM_AT_FIRST = 500 * 1024 * 1024  # bytes: PostgreSQL's files and its log, and a few photos
_ROOM_LATER = 100 * 1024 * 1024


class Data:
    """A data directory that is checked, locked and ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.new = False  # made by this very run
        self._told: dict[str, object] = {"format": FORMAT, "version": __version__, "started": False}
        self._existed = True
        self._lock: int | None = None

    def open(self) -> None:
        """Take the folder, making it when needed; CannotStart says why not, and then nothing was made."""
        try:
            self._open()
        except OSError as error:
            self.undo()
            raise CannotStart(_sentence(self.folder, error)) from error
        except CannotStart:
            self.undo()
            raise

    def _open(self) -> None:
        self._existed = self.folder.exists()
        self.new = not (self.folder / "heliograph.json").exists()
        if self.new and self._existed and any(self.folder.iterdir()):
            raise CannotStart(
                f"{self.folder} is not empty and was not made by Heliograph; choose another --data."
            )
        if not self.new:
            self._check_format()
        places.folder(self.folder)
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise CannotStart(f"{self.folder} cannot be written to by this user.")
        self._take_lock()
        room = shutil.disk_usage(self.folder).free
        wanted = _ROOM_AT_FIRST if self.new else _ROOM_LATER
        if room < wanted:
            mib = 1024 * 1024
            raise CannotStart(
                f"The disk of {self.folder} is full: {room // mib} MiB are free and {wanted // mib} are needed."
            )
        self._write()
        if not (self.folder / "secret_key").exists():
            places.write_secret(self.folder / "secret_key", secrets.token_urlsafe(48) + "\n")
        for name in ("media", "incoming", "run"):
            places.folder(self.folder / name)
        self._empty_metrics()

    @property
    def first(self) -> bool:
        """Whether no start on this folder has succeeded yet."""
        return not self._told["started"]

    @property
    def demo(self) -> bool:
        """Whether the people in it are those of the demo."""
        return bool(self._told.get("demo"))

    def becomes_demo(self) -> None:
        """Note that the demo's people move in."""
        self._told["demo"] = True
        self._write()

    def succeeded(self) -> None:
        """Note that a start succeeded."""
        if self.first:
            self._told["started"] = True
            self._write()

    def _write(self) -> None:
        places.write_secret(self.folder / "heliograph.json", json.dumps(self._told) + "\n")

    def _check_format(self) -> None:
        try:
            told = json.loads((self.folder / "heliograph.json").read_text())
            made, version = int(told["format"]), str(told["version"])
            self._told["started"] = bool(told["started"])
            if told.get("demo"):
                self._told["demo"] = True
        except (ValueError, KeyError, TypeError) as error:
            raise CannotStart(
                f"{self.folder}/heliograph.json is damaged; restore it from a backup."
            ) from error
        if made > FORMAT:
            raise CannotStart(
                f"{self.folder} was made by Heliograph {version}, which is newer than this one ({__version__}); "
                "install that version, or choose another --data."
            )

    def _take_lock(self) -> None:
        # Not truncated when opened: the one who holds it wrote its number there.
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = os.read(descriptor, 20).decode().strip()
            os.close(descriptor)
            self.new = False  # somebody else's now: nothing here is ours to undo
            raise CannotStart(
                f"Heliograph is already running on {self.folder}"
                + (f" (process {number})." if number else ".")
            ) from None
        self._lock = descriptor
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        places.give(self.folder / "lock", accounts.service())

    def close(self) -> None:
        """Let the next one in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _empty_metrics(self) -> None:
        """Numbers live as long as a run: the files of processes that are gone would add up for ever."""
        metrics = places.folder(self.folder / "metrics")
        for file in metrics.iterdir():
            file.unlink()

    def undo(self) -> None:
        """Remove what this run has made, if it never got ready: then nobody's data can be in it."""
        self.close()
        if not self.new or not self.first or not self.folder.is_dir():
            return
        ours = {
            "heliograph.json",
            "heliograph.json.new",
            "lock",
            "secret_key",
            "secret_key.new",
            "environment",
            "demo.done",
        }
        ours |= {"media", "incoming", "run", "metrics", "static", "postgres", "valkey", "postgres.making"}
        for entry in self.folder.iterdir():
            if entry.name in ours:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if not self._existed:
            try:
                self.folder.rmdir()
            except OSError:
                pass


def _sentence(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {folder} is full."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{folder} cannot be written to by this user; choose another --data."
    return f"{folder} cannot be used: {error.strerror}."
