"""Where style sheets, scripts and pictures of the pages are found: under one address per release.

/static/<digest>/… with a digest over all files. A release is a new address, so browsers may keep every file for
ever, relative imports between modules work as they are, and nothing has to be built or collected.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path


def folder() -> Path:
    """The folder of the web door's static files."""
    return Path(str(resources.files("heliograph"))) / "web" / "static"


def address() -> str:
    """The address of this release's files."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder().rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder())}\0".encode())
        digest.update(file.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}/"
