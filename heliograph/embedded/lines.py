"""What the processes say, on one terminal: each line with the name of who said it, in a colour of its own."""

from __future__ import annotations

import os
import sys
import threading
from typing import TextIO

_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)  # of the terminal; red is for nobody in particular
_WIDTH = 9
_BAR = 30  # characters of a bar


class Printer:
    """Prints lines with a prefix; colours only for a person (a terminal, and no NO_COLOR)."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colours = self._out.isatty() and not os.environ.get("NO_COLOR")
        self._terminal = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._bar = ""
        self._tenths: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """One line of one process."""
        number = self._known.setdefault(name, _COLOURS[len(self._known) % len(_COLOURS)])
        prefix = f"{name:>{_WIDTH}} | "
        if self._colours:
            prefix = f"\033[{number}m{prefix}\033[0m"
        self._print(prefix + text)

    def ours(self, text: str) -> None:
        """One line of the supervisor itself."""
        self.line("up", text)

    def plain(self, text: str) -> None:
        """One line for the person who started it all."""
        self._print(f"\033[1m{text}\033[0m" if self._colours else text)

    def bar(self, name: str, done: int, of: int, about: str) -> None:
        """How far something is: a bar that grows on a terminal, else a line for each tenth."""
        tenth = 10 * done // of if of else 10
        if self._terminal:
            full = _BAR * done // of if of else _BAR
            self._bar = "" if done == of else f"{name:>{_WIDTH}} | {'█' * full}{'░' * (_BAR - full)} {about}"
            self._print("")
        elif self._tenths.get(name) != tenth:
            self._tenths[name] = tenth
            self.line(name, f"{done} of {of}: {about}")

    def no_bar(self) -> None:
        """Whatever it was about has ended."""
        if self._bar:
            self._bar = ""
            self._print("")

    def _print(self, text: str) -> None:
        """A line, above the bar when there is one; an empty text draws the bar alone."""
        line = f"{text}\n" if text else ""
        if self._terminal:
            line = f"\r\033[K{line}{self._bar}"
        with self._lock:
            try:
                print(line, end="", file=self._out, flush=True)
            except (BrokenPipeError, ValueError):
                # Whoever read us is gone. The network goes on; a signal ends it.
                self._out = open(os.devnull, "w")  # noqa: SIM115, PTH123
