"""A libpq conninfo as Django wants it."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from heliograph.core import environment
from heliograph.sharding.directory.base import Connection

_BY_NAME = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def database(conninfo: str, *, pooled: bool) -> dict[str, Any]:
    """Django's settings of one database; what it has no name for (passfile, sslmode, …) goes to libpq.

    The pool opens its first connection at the first query, in the process that asks: after every fork. Nobody
    waits for ever for a server that hangs (sharding/bounded.py).
    """
    env = environment.get()
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    if env.pgpassfile:
        parts.setdefault("passfile", env.pgpassfile)
    engine = "heliograph.sharding.directory" if pooled else "django.db.backends.postgresql"
    settings: dict[str, Any] = {"ENGINE": engine, "CONN_MAX_AGE": 0}
    settings |= {known: parts.pop(name, "") for name, known in _BY_NAME.items()}
    options: dict[str, Any] = {"connect_timeout": env.node_connect_seconds, **parts}
    if pooled:
        options["pool"] = {
            "min_size": 0,
            "max_size": env.node_pool_max,
            "timeout": 3,
            "num_workers": 1,
            "connection_class": Connection,
        }
    settings["OPTIONS"] = options
    return settings
