"""Doing things at the same moment, each on connections of its own that are closed afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from heliograph.core import valkey


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What the acts returned, or raised, in the order of the acts."""
    gate = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            gate.wait(5)
            outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            valkey.forget()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
