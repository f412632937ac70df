"""A node that does not answer is left alone for a while: who needs it is told so at once, and no thread waits for it.

    closed --FAILURES in a row, or a connection that fell silent--> resting --node_rest_seconds--> due
    due: one caller knocks, everybody else is still refused; it opens: closed; it does not: resting again

One for each node and process, in memory. Without it, each request for somebody on a dead node holds a thread of the
web server for as long as a connection may take, and a few of them hold up everybody on the nodes that are well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum

from heliograph.core import environment, metrics

FAILURES = 3  # in a row: one may be bad luck, and costs a few seconds


class Pass(Enum):
    """What a caller is to do."""

    GO = "go on"
    KNOCK = "see whether somebody is there, then say so"
    AWAY = "give up at once"


class Breaker:
    """What this process knows of one node. `opened` is called each time the node is given up."""

    def __init__(self, name: str, opened: Callable[[], None]) -> None:
        self._name = name
        self._opened = opened
        self._lock = threading.Lock()
        self._failures = 0
        self._given_up_at = 0.0  # time.monotonic(); 0: closed
        self._knocking = False

    def ask(self) -> Pass:
        """Before each use. Who is told to knock calls `answered`, `failed` or `gave_up` afterwards."""
        if self._closed():
            return Pass.GO
        with self._lock:
            if self._closed():  # meanwhile
                return Pass.GO
            if self._knocking or self._is_resting():
                metrics.count("node_refused_total", node=self._name)
                return Pass.AWAY
            self._knocking = True
            return Pass.KNOCK

    def answered(self) -> None:
        """The node has answered: whatever it was before, it is well now."""
        if not self._failures:
            return
        with self._lock:
            self._failures = 0
            self._knocking = False
            if not self._closed():
                self._given_up_at = 0.0
                metrics.gauge("node_resting", 0, node=self._name)

    def failed(self, *, certainly: bool = False) -> None:
        """The node was asked in vain; `certainly`: that alone is enough."""
        with self._lock:
            was_closed = self._closed()
            self._failures += FAILURES if certainly else 1
            if was_closed and self._failures < FAILURES:
                return
            if was_closed or self._knocking:  # who set out before it was given up does not prolong the rest
                self._given_up_at = time.monotonic()
            self._knocking = False
        if was_closed:
            metrics.count("node_given_up_total", node=self._name)
            metrics.gauge("node_resting", 1, node=self._name)
            self._opened()

    def gave_up(self) -> None:
        """Who was to knock did not: the next caller does."""
        with self._lock:
            self._knocking = False

    def _closed(self) -> bool:
        return not self._given_up_at

    def _is_resting(self) -> bool:
        return time.monotonic() < self._given_up_at + environment.get().node_rest_seconds
