"""The `heliograph` command beside a local stack: it speaks to the network that bin/up runs here.

bin/up writes the variables of its network into `environment` in its data directory. When nothing was configured
by hand, the command reads them there. Started by root, it becomes the owner of that file first: what it makes
(files, folders) then belongs to whom it should.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

_HOUSE = Path("/var/lib/heliograph")
_CLONE = Path(__file__).parents[2]
#: Somebody's network before a demo.
_USUAL = (
    Path("var"),
    _HOUSE / "data",
    _CLONE / "var",
    Path("var-demo"),
    _HOUSE / "demo",
    _CLONE / "var-demo",
)


def configure(data: Path | None) -> None:
    """Take the variables of the local stack in `data`, or in the usual places, unless some are set."""
    if data is None and "HELIOGRAPH_DIRECTORY" in os.environ:
        return
    file = _find(data)
    if file is None:
        if data is not None:
            raise click.UsageError(f"{data} is not the data directory of a network that bin/up has started.")
        return
    for word in shlex.split(file.read_text(), comments=True):
        name, _, value = word.partition("=")
        if data is not None:
            os.environ[name] = value
        else:
            os.environ.setdefault(name, value)
    _become_its_owner(file)


def _find(data: Path | None) -> Path | None:
    for folder in (data,) if data is not None else _USUAL:
        try:
            if (folder / "environment").is_file():
                return folder / "environment"
        except PermissionError:
            continue
    return None


def _become_its_owner(file: Path) -> None:
    status = file.stat()
    if os.geteuid() == 0 and status.st_uid != 0:
        os.setgroups([])
        os.setgid(status.st_gid)
        os.setuid(status.st_uid)
        os.environ["HOME"] = str(file.parent)
        os.chdir("/")
    os.umask(0o077)
