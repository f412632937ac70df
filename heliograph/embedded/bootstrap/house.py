"""As root: a copy of what runs, under /var/lib/heliograph, which root owns and the service account reads.

    /var/lib/heliograph/<commit>-<lock>/   an environment with the package in it, not a link to the clone
    /var/lib/heliograph/data/              the account's own, 0700; demo/, the same of a demo
    /var/lib/heliograph/tests/             copies of the tree, for bin/test, and the packages for them

A clone may lie where only root may enter, and nothing that runs may depend on it or be able to change it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from heliograph.embedded.account import Account
from heliograph.embedded.bootstrap import interpreter, venv
from heliograph.embedded.bootstrap.venv import Plan
from heliograph.embedded.refusal import CannotStart

HOME = Path("/var/lib/heliograph")
_KEEP = 3  # releases
_DAY = 24 * 3600.0
#: For how long after their last use things of tests are kept: copies of trees, their environments, packages.
_KEPT_SECONDS = {"tree-*": _DAY, "python-*": _DAY, "packages*": 30 * _DAY}
_NOT_IN_A_COPY = (".venv", "var", "var-demo", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis")
_DONE = ".complete"
_RELEASE = re.compile(r"x?[0-9a-f]{11,12}-[0-9a-f]{12}")


def install(clone: Path, lock: Path, account: Account) -> Path:
    """The Python of an environment that holds this clone's code and the lock's packages, made when missing."""
    _prepare_home()
    release = HOME / _name(clone, lock)
    with venv.one_at_a_time(HOME):
        return _install(clone, lock, account, release)


def _install(clone: Path, lock: Path, account: Account, release: Path) -> Path:
    inside = release / "bin" / "python"
    if not (release / _DONE).exists():
        _forget_unfinished()
        shutil.rmtree(release, ignore_errors=True)
        python = interpreter.for_account(account, HOME)
        venv.ensure(release, Plan(lock, python, clone, HOME / "tools", copied=True, shared=True))
        _compile(inside, release)
        _let_read(release)
        (release / _DONE).touch()
        _forget_old(release)
    os.utime(release / _DONE)
    return inside


def install_tests(clone: Path, lock: Path, account: Account) -> tuple[Path, Path]:
    """(the Python of an environment for the tests, a copy of the tree that the account owns).

    Packages are shared by all clones with this lock, the environment is this tree's own: two clones may be tested at
    the same time.
    """
    _prepare_home()
    with venv.one_at_a_time(HOME):
        return _install_tests(clone, lock, account)


def _install_tests(clone: Path, lock: Path, account: Account) -> tuple[Path, Path]:
    _forget_old_trees()
    tree = HOME / "tests" / f"tree-{hashlib.sha256(os.fsencode(clone)).hexdigest()[:8]}"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(clone, tree, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_IN_A_COPY))
    for folder, folders, files in os.walk(tree):
        for name in (".", *folders, *files):
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
    os.utime(tree)  # it has the times of the clone
    python = interpreter.for_account(account, HOME)
    packages = HOME / "tests" / f"packages-{hashlib.sha256(lock.read_bytes()).hexdigest()[:8]}"
    venv.ensure(packages, Plan(lock, python, None, HOME / "tools", shared=True))
    os.utime(packages)
    _let_read(packages)
    own = tree.with_name(tree.name.replace("tree-", "python-"))
    inside = venv.beside(packages, own, tree)
    _let_read(own)
    return inside, tree


def _prepare_home() -> None:
    try:
        HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{HOME} cannot be made ({error.strerror}).") from error
    if HOME.stat().st_uid != 0:
        raise CannotStart(f"{HOME} belongs to somebody else; as root, Heliograph keeps its programs there.")


def _name(clone: Path, lock: Path) -> str:
    """The commit, or where something was changed since, a digest of what would run; and the lock."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    return f"{_commit(clone) or _digest(clone / 'heliograph')}-{digest}"


def _commit(clone: Path) -> str:
    git = ["git", "-c", f"safe.directory={clone}", "-C", str(clone)]
    changes = [*git, "status", "--porcelain", "--", "heliograph"]
    try:
        if subprocess.run(changes, capture_output=True, text=True, check=True).stdout.strip():
            return ""
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""  # no git, or not a clone
    return head.strip()[:12]


def _digest(house: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(_code(house)):
        digest.update(f"{file.relative_to(house)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return "x" + digest.hexdigest()[:11]


def _code(house: Path) -> Iterator[Path]:
    return (path for path in house.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _compile(python: Path, release: Path) -> None:
    """The account cannot write there, so Python's own cache is filled now."""
    places = [str(path) for path in release.glob("lib/python*/site-packages/heliograph")]
    subprocess.run([python, "-I", "-m", "compileall", "-q", *places], check=False, stdout=subprocess.DEVNULL)


def _let_read(release: Path) -> None:
    """Readable for the account, whatever umask root has; only files that we have just made."""
    for folder, _, files in os.walk(release):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o755 | 0o444)


def _forget_old_trees() -> None:
    for names, seconds in _KEPT_SECONDS.items():
        for folder in (HOME / "tests").glob(names):
            if time.time() - folder.stat().st_mtime > seconds:
                shutil.rmtree(folder, ignore_errors=True)


def _forget_unfinished() -> None:
    for folder in HOME.iterdir():
        if _RELEASE.fullmatch(folder.name) and not (folder / _DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _forget_old(newest: Path) -> None:
    made = [mark.parent for mark in HOME.glob(f"*/{_DONE}") if mark.parent != newest]
    made.sort(key=lambda release: (release / _DONE).stat().st_mtime, reverse=True)
    for release in made[_KEEP - 1 :]:
        if not _in_use(release):
            shutil.rmtree(release, ignore_errors=True)


def _in_use(release: Path) -> bool:
    """Whether a process runs something out of this release."""
    needle = os.fsencode(release) + b"/"
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (entry / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False
