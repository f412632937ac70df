"""The files that every page of a release needs: for the worker, to keep them, and for browsers, to fetch at once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("static")
_WORKER = "js/worker.js"
_KEPT = ("css/*.css", "js/**/*.js", "img/*.svg")
_IMPORT = re.compile(r'^import (?:.* from )?"\./([\w/]+\.js)";$', re.MULTILINE)


@cache
def kept() -> list[str]:
    """What is kept on devices to be read without a connection."""
    found = {path.relative_to(_FOLDER).as_posix() for pattern in _KEPT for path in _FOLDER.glob(pattern)}
    return sorted(found - {_WORKER})


@cache
def modules() -> list[str]:
    """What js/main.js imports, and what that imports: otherwise each would be found when the one before has arrived."""
    found: list[str] = []
    waiting = ["main.js"]
    while waiting:
        name = waiting.pop(0)
        imported = _IMPORT.findall((_FOLDER / "js" / name).read_text())
        waiting += [other for other in imported if other not in found and other not in waiting]
        found.append(name)
    return [f"js/{name}" for name in found[1:]]


def worker() -> bytes:
    """The service worker's source."""
    return read(_WORKER)


def read(name: str) -> bytes:
    """One of the files."""
    return (_FOLDER / name).read_bytes()
