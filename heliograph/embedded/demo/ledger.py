"""What of the demo is made already: one line a deed, written when it is done, so that a second run goes on.

What somebody deletes later is not made again: the ledger knows that it was there.
"""

from __future__ import annotations

import os
from pathlib import Path


class Ledger:
    """Deeds and the ids that came of them, in a file that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: dict[str, int] = {}
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in text.splitlines(keepends=True):
            deed, _, id = line.rpartition(" ")
            if line.endswith("\n") and id.strip().isdigit():  # a line that was cut short was not done
                self._ids[deed] = int(id)
        if text and not text.endswith("\n"):
            self._append("\n")

    def __contains__(self, deed: str) -> bool:
        return deed in self._ids

    def id(self, deed: str) -> int:
        """The id that came of a deed; KeyError when it is not done."""
        return self._ids[deed]

    def done(self, deed: str, id: int = 0) -> int:
        """Note a deed; `id` is returned."""
        self._append(f"{deed} {id}\n")
        self._ids[deed] = id
        return id

    def _append(self, text: str) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
