"""The web application, and at /told what one of its worker processes knows of itself. For the test beside it alone."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from heliograph.config.wsgi import application as site


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/told":
        return site(environ, start_response)
    body = json.dumps(told()).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def told() -> dict[str, Any]:
    """After every kind of connection has been used, and something was counted."""
    from heliograph.accounts.models import Person
    from heliograph.core import metrics, valkey
    from heliograph.sharding import sessions

    shards = sessions.reader().everywhere("SELECT %(shard)s::int")
    valkey.call("PING")
    Person.objects.exists()
    metrics.count("told_total")
    return {
        "pid": os.getpid(),
        "shards": len(shards),
        "generators": [_state(one) for one in gc.get_objects() if _can_repeat_itself(one)],
        "random": [random.random() for _ in range(3)],
        "secret": secrets.token_hex(16),
    }


def _can_repeat_itself(thing: object) -> bool:
    # By its type: asked what it is, a lazy object of Django's would begin to work.
    return issubclass(type(thing), random.Random) and not issubclass(type(thing), random.SystemRandom)


def _state(generator: random.Random) -> str:
    return hashlib.sha256(repr(generator.getstate()).encode()).hexdigest()
