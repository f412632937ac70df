"""A virtual environment that holds exactly what a lock says, every file checked by its hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heliograph.embedded.bootstrap import sources, uv
from heliograph.embedded.refusal import CannotStart

OLDEST_PYTHON = (3, 11)
#: `heliograph` for people; a script of our own, because nothing is built and folders may be copied.
_COMMAND = '#!/bin/sh\nexec "$(dirname -- "$0")/python" -m heliograph.ops.command "$@"\n'


def say(text: str) -> None:
    """One line of progress."""
    print(f"heliograph: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Plan:
    """What to make: the packages of `lock` for `python`, and the package `heliograph` of the folder `house`.

    `house`: None for packages alone. `copied`: the house is copied in, not pointed at. `shared`: another user will read
    the files, so none may be a link into our cache. `tools` keeps uv between runs.
    """

    lock: Path
    python: Path
    house: Path | None
    tools: Path
    copied: bool = False
    shared: bool = False


def ensure(folder: Path, plan: Plan) -> Path:
    """Make or complete the environment in `folder`; return its Python.

    Nothing is done when the lock and the Python are those of the last time.
    """
    inside = folder / "bin" / "python"
    stamp = folder / f".installed-{plan.lock.stem}"
    wanted = hashlib.sha256(plan.lock.read_bytes() + os.fsencode(plan.python)).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted and _works(inside)):
        stamp.unlink(missing_ok=True)
        _install(folder, plan)
        stamp.write_text(wanted)
    _place_house(folder, plan)
    return inside


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Nobody else installs into this folder meanwhile; a second one waits."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)  # a folder can be locked, and that leaves no file behind
    except OSError as error:
        raise CannotStart(f"{folder} cannot be used ({error.strerror}).") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _install(folder: Path, plan: Plan) -> None:
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        raise CannotStart(
            f"{folder.parent} cannot be written to; clone Heliograph into a folder of your own."
        )
    found = sources.read(os.environ)
    variables = {**os.environ, **found.for_uv(os.environ), "UV_PYTHON_DOWNLOADS": "never"}
    variables.pop("VIRTUAL_ENV", None)
    say("getting the packages; the first time takes a minute")
    installer = uv.find_or_fetch(plan.tools, found)
    if not _works(folder / "bin" / "python", like=plan.python):
        _run(
            [installer, "venv", "--quiet", "--no-project", "--clear", "--python", plan.python, folder],
            variables,
        )
    command: list[str | Path] = [installer, "pip", "install", "--require-hashes", "--compile-bytecode"]
    # One package, pyvips, has no wheel: it is built with pinned tools, and as pure Python (the library itself
    # is in pyvips-binary), whatever libvips the machine has.
    command += ["--build-constraints", plan.lock.with_name("requirements-build.lock")]
    variables["PKG_CONFIG"] = "/bin/false"
    command += ["--link-mode", "copy"] if plan.shared else []
    command += [] if sys.stderr.isatty() else ["--quiet"]
    _run([*command, "--python", folder / "bin" / "python", "--requirement", plan.lock], variables)
    say("the packages are there")


def _run(command: list[str | Path], variables: dict[str, str]) -> None:
    done = subprocess.run([os.fspath(part) for part in command], env=variables, check=False)
    if done.returncode:
        raise CannotStart("The packages could not be installed; the lines above say why.")


def _works(inside: Path, *, like: Path | None = None) -> bool:
    """Whether the environment's Python runs, is new enough, and is the wanted one."""
    ask = "import sys; print(*sys.version_info[:2]); print(sys._base_executable)"
    try:
        said = subprocess.run([inside, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version, _, base = said.strip().partition("\n")
    new_enough = tuple(map(int, version.split())) >= OLDEST_PYTHON
    return new_enough and (like is None or Path(base).resolve() == like.resolve())


def beside(packages: Path, folder: Path, house: Path) -> Path:
    """Make anew an environment of three small files: its `heliograph` is that of `house`, all else is read from the
    environment `packages`; return its Python."""
    theirs = next(packages.glob("lib/python*/site-packages"))
    ours = folder / theirs.relative_to(packages)
    shutil.rmtree(folder, ignore_errors=True)
    ours.mkdir(parents=True)
    (folder / "bin").mkdir()
    inside = folder / "bin" / "python"
    inside.symlink_to((packages / "bin" / "python").resolve())
    shutil.copyfile(packages / "pyvenv.cfg", folder / "pyvenv.cfg")
    (ours / "heliograph.pth").write_text(f"{house}\nimport site; site.addsitedir({os.fspath(theirs)!r})\n")
    return inside


def _place_house(folder: Path, plan: Plan) -> None:
    packages = next(folder.glob("lib/python*/site-packages"))
    pointer = packages / "heliograph.pth"
    if plan.house is None:
        pointer.unlink(missing_ok=True)
        return
    if plan.copied:
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(plan.house / "heliograph", packages / "heliograph", dirs_exist_ok=True, ignore=leave)
    elif not pointer.exists() or pointer.read_text() != f"{plan.house}\n":
        pointer.write_text(f"{plan.house}\n")
    command = folder / "bin" / "heliograph"
    if not command.exists() or command.read_text() != _COMMAND:
        command.write_text(_COMMAND)
        command.chmod(0o755)
