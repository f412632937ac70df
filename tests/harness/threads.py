"""Several deeds at the same moment, each on a thread and connections of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

from heliograph.core import valkey

T = TypeVar("T")


def together(*acts: Callable[[], T]) -> list[T]:
    """Do all of them at once; their answers in order. Raises what the first that failed has raised."""
    gate = threading.Barrier(len(acts), timeout=10)

    def one(act: Callable[[], T]) -> T:
        gate.wait()
        try:
            return act()
        finally:
            valkey.forget()
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(30) for future in [pool.submit(one, act) for act in acts]]
