"""How many requests there are, how long they take and how they end, by door; and one that is stuck is found.

Outermost of the middleware: what it times is what a person waits for. The numbers have few names (a door, a class of
answers); which page it was stands in the sketch of missing addresses alone, and in the stack of a slow request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic, perf_counter

from django.http import HttpRequest, HttpResponseBase

from heliograph.core import metrics, missing, watchdog

_DOORS = {"v1": "api", "m": "picture", "static": "static", "livez": "health", "readyz": "health"}
_HAND_OVER_SECONDS = 10.0


class Numbers:
    """Middleware: counts, times, and tells the watchdog."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        watchdog.every_beat(_hand_over)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = watchdog.begin("request", partial(_described, request))
        started = perf_counter()
        try:
            response = self._get_response(request)
        finally:
            watchdog.end(before)
        door, status = _DOORS.get(request.path_info[1:].partition("/")[0], "page"), response.status_code
        metrics.observe("request_seconds", perf_counter() - started, door=door)
        metrics.count("answers_total", door=door, status=f"{status // 100}xx")
        if status == 404:
            missing.note(_template(request))
        return response


def _template(request: HttpRequest) -> str:
    """The address as it stands in our list; of one that is not there, as little as tells what was wanted."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else missing.plain(request.path_info)


def _described(request: HttpRequest) -> str:
    return f"{request.method} {_template(request)}"


_handed_over = 0.0


def _hand_over() -> None:
    global _handed_over
    if monotonic() - _handed_over >= _HAND_OVER_SECONDS:
        _handed_over = monotonic()
        missing.hand_over()
