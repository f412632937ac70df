"""Is this process alive, and can it serve? Two questions, two addresses.

/livez   the process answers: nothing else is asked, so that a hiccup of the database ends nobody's process
/readyz  each part that a request needs, asked now; 503 when one of them does not answer

A load balancer asks often: /readyz asks each part at most once in CACHE_SECONDS and waits a short time only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

CACHE_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """Whether one part answers, and how long it took; `trouble` is safe to show to anybody."""

    ok: bool
    milliseconds: float
    trouble: str = ""

    def as_json(self) -> dict[str, object]:
        told: dict[str, object] = {"ok": self.ok, "milliseconds": round(self.milliseconds, 1)}
        return told | ({"trouble": self.trouble} if self.trouble else {})


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return _answer({"ok": True}, 200)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Every part that a request needs, asked now."""
    states = current()
    ok = all(state.ok for state in states.values())
    parts = {name: state.as_json() for name, state in states.items()}
    return _answer({"ok": ok, "parts": parts}, 200 if ok else 503)


def _answer(body: dict[str, object], status: int) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})


_lock = threading.Lock()
_kept: tuple[float, dict[str, State]] | None = None


def current() -> dict[str, State]:
    """The state of each part, at most CACHE_SECONDS old."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > CACHE_SECONDS:
            _kept = (time.monotonic(), {name: look(question) for name, question in questions().items()})
        return _kept[1]


def questions() -> dict[str, Callable[[], object]]:
    """What to ask whom. A question that raises, or answers False, is not answered."""
    from heliograph.core import environment

    asked: dict[str, Callable[[], object]] = {"directory": _directory, "valkey": _valkey}
    if environment.get().cage:
        asked["cage"] = _cage
    try:
        from heliograph.sharding import map

        for node in map.nodes():
            asked[f"node {node.name}"] = _node_question(node.conninfo)
    except Exception as error:  # the directory is away: its own line says so, this one that nodes are unknown
        asked["nodes"] = _raiser(error)
    return asked


def look(question: Callable[[], object]) -> State:
    """Ask, and time it."""
    started = time.monotonic()
    try:
        ok, trouble = question() is not False, ""
    except Exception as error:
        ok, trouble = False, type(error).__name__  # the name only: a message may hold an address
    return State(ok, (time.monotonic() - started) * 1000, "" if ok else trouble or "not well")


def _directory() -> object:
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            return cursor.execute("SELECT 1")
    finally:
        connection.close()  # back to the pool; also when it broke


def _valkey() -> object:
    from heliograph.core import valkey

    return valkey.call("PING")


def _cage() -> object:
    from heliograph.media import cage_client

    return cage_client.hello()


def _node_question(conninfo: str) -> Callable[[], object]:
    def ask() -> object:
        import psycopg

        from heliograph.core import environment
        from heliograph.sharding import nodes

        # A connection of its own: a pool that is used up by long work is busy, not broken.
        seconds = environment.get().node_connect_seconds
        with psycopg.connect(nodes.with_passfile(conninfo), connect_timeout=seconds) as connection:
            return connection.execute("SELECT 1").fetchone()

    return ask


def _raiser(error: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise error

    return ask
