"""A door before an application that takes its time. For the test of how a web process ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from heliograph.config import wsgi
from heliograph.gate.application import Gate


def _below(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    if environ["PATH_INFO"] != "/sleep":
        return wsgi.application(environ, start_response)
    time.sleep(1.5)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"awake"]


application = Gate(_below)
