"""What the packages that we install say about their licences, as a page: docs/licences.md.

python -m tests.house.licences        prints what the page should be
python -m tests.house.licences write  puts it into docs/licences.md
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
#: Lock files, and for whom their packages are. What is in the first needs no line in the second.
LOCKS = {"requirements.lock": "running Heliograph", "requirements-test.lock": "testing it"}

#: Licences that a program under BSD-3-Clause may be given out with. LGPL and MPL: as packages of their own, unchanged.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip

#: What is written in other words, as SPDX has it.
_SPDX = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
#: What the metadata leaves open, read in the package's own licence file.
_READ = {
    "axe-playwright-python": "MIT AND MPL-2.0",  # carries axe-core
    "jinja2": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
}
_LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE | re.IGNORECASE)
_NOT_A_NAME = re.compile(r"\b(?:AND|OR|WITH)\b|[()]")


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str  # an SPDX expression, or what it says; empty: nothing

    @property
    def unknown(self) -> set[str]:
        """The licences in it that are not allowed; `nothing` when it says nothing."""
        names = {name.strip() for name in _NOT_A_NAME.split(self.licence) if name.strip()}
        return (names or {"nothing"}) - ALLOWED


def packages(lock: str) -> list[Package]:
    """Those of a lock file that are installed here; others are for another Python or system."""
    found = []
    for name, version in _LOCKED.findall((ROOT / lock).read_text()):
        try:
            found.append(Package(name, version, _licence(name)))
        except metadata.PackageNotFoundError:
            continue
    return sorted(found, key=lambda package: package.name)


def _licence(name: str) -> str:
    said = metadata.metadata(name)
    if name in _READ:
        return _READ[name]
    classified = [
        it.split(" :: ")[-1] for it in said.get_all("Classifier") or [] if it.startswith("License ::")
    ]
    short = (said.get("License") or "").strip()
    # Some put the whole text there.
    words = said.get("License-Expression") or (
        short if short and len(short) < 60 else " ".join(classified[:1])
    )
    return _SPDX.get(words, words)


def text() -> str:
    """The whole page."""
    lines = [
        "# Licences of what we install",
        "",
        "Heliograph is under the BSD 3-Clause licence ([LICENSE](../LICENSE)). What it needs is installed beside it,",
        "unchanged, each under its own. Made from the packages' metadata (`python -m tests.house.licences write`);",
        "the tests refuse a licence that is not in the list of `tests/house/licences.py`.",
    ]
    known: set[str] = set()
    for lock, whom in LOCKS.items():
        lines += ["", f"## For {whom}", "", "| package | licence |", "|---|---|"]
        lines += [f"| {it.name} | {it.licence} |" for it in packages(lock) if it.name not in known]
        known |= {it.name for it in packages(lock)}
    return "\n".join([*lines, *_AUDIT]) + "\n"


_AUDIT = (
    "",
    "## Known holes",
    "",
    "Whether a known hole is in one of them, or in what builds and installs them, is asked of [OSV](https://osv.dev):",
    "",
    "```sh",
    '"$(bin/develop)" -m tests.house.holes',
    "```",
    "",
    "`.ci/run` asks as well, and fails where one is found. Where OSV is not reached, CI goes on and says at its end",
    "that nobody looked. Then somebody whose machine reaches OSV asks once a week and before each release; so it is",
    "where nothing is committed for a while. `HOLES_DATABASE` (or `--database`) names a copy of OSV of your own.",
    "",
    "A hole that can be reached from a request is mended within a week, others with the next release;",
    "`uv pip compile --upgrade-package NAME` makes the new lock (CONTRIBUTING.md). One that cannot be mended, or",
    "cannot be reached, may be accepted in `tests/house/holes.toml`, with the reason and the last day; after it CI",
    "fails.",
    "",
    "OSV knows packages by their names. Of a hole in what one carries inside (PostgreSQL, Valkey, libvips, libheif,",
    "libsodium) it hears when somebody reports it for the package: of those, read what their makers announce.",
)


def main() -> None:
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(text())
    else:
        sys.stdout.write(text())


if __name__ == "__main__":
    main()
