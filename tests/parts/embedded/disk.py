"""What a power cut would leave: which files and names were put on the disk, in which order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock


class Disk:
    """Notes fsync, and who got another name, while something is done under a folder."""

    def __init__(self, top: Path) -> None:
        self._before = {top, *top.parents, *top.rglob("*")}
        self.events: list[tuple[str, Path]] = []

    def lost(self, path: Path) -> str:
        """Why a power cut now would lose this file or folder; empty if it would not."""
        if path.is_file() and ("synced", path) not in self.events:
            return f"what is in {path} is not on the disk"
        while path not in self._before:
            after = self._named(path)
            if ("synced", path.parent) not in self.events[after:]:
                return f"the name of {path} is not on the disk"
            path = path.parent
        return ""

    def moved(self, old: Path, new: Path) -> None:
        if ("synced", old) in self.events:
            self.events.append(("synced", new))
        self.events.append(("named", new))

    def _named(self, path: Path) -> int:
        """From which event on its folder has its name: since it was given, or else since its content was synced."""
        places = [
            i for i, (what, whom) in enumerate(self.events) if whom == path and what in ("named", "synced")
        ]
        return min((i for i in places if self.events[i][0] == "named"), default=min(places, default=0))


@contextmanager
def watched(top: Path) -> Iterator[Disk]:
    """Everything that this process does under a folder, from now on."""
    disk = Disk(top)
    fsync, mkdir = os.fsync, os.mkdir

    def noted_fsync(fd: int) -> None:
        fsync(fd)
        disk.events.append(("synced", Path(os.readlink(f"/proc/self/fd/{fd}"))))

    def noted_mkdir(path: Path, mode: int = 0o777) -> None:
        mkdir(path, mode)
        disk.events.append(("named", Path(path).absolute()))

    def noted(move: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        def moved(old: Path, new: Path) -> None:
            move(old, new)
            disk.moved(Path(old).absolute(), Path(new).absolute())

        return moved

    with (
        mock.patch.object(os, "fsync", noted_fsync),
        mock.patch.object(os, "mkdir", noted_mkdir),
        mock.patch.object(os, "replace", noted(os.replace)),
        mock.patch.object(os, "rename", noted(os.rename)),
        mock.patch.object(os, "link", noted(os.link)),
    ):
        yield disk
