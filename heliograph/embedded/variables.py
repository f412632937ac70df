"""The HELIOGRAPH_* variables of the local stack: what the person set, and for the rest what we know."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from heliograph.embedded.options import Options
from heliograph.embedded.pg_making import APP, OWNER
from heliograph.embedded.postgres import Postgres
from heliograph.embedded.valkey import Valkey

DIRECTORY = "heliograph"  # names of databases
NODE = "heliograph_node_1"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  (what a person may have typed)


def url(options: Options) -> str:
    """Where this machine's browser finds the site."""
    host = _ANYWHERE.get(options.host, f"[{options.host}]" if ":" in options.host else options.host)
    return f"http://{host}:{options.port}"


def ours(options: Options, data: Path, postgres: Postgres, valkey: Valkey) -> dict[str, str]:
    """What the stack itself knows."""
    return {
        "HELIOGRAPH_URL": url(options),
        "HELIOGRAPH_SECRET_KEY_FILE": str(data / "secret_key"),
        "HELIOGRAPH_DIRECTORY": postgres.conninfo(DIRECTORY, APP, passfile=False),
        "HELIOGRAPH_DIRECTORY_OWNER": postgres.conninfo(DIRECTORY, OWNER, passfile=False),
        "HELIOGRAPH_PGPASSFILE": str(postgres.passfile),
        "HELIOGRAPH_VALKEY": valkey.url,
        "HELIOGRAPH_VALKEY_PASSWORD_FILE": str(valkey.data_dir / "password"),
        "HELIOGRAPH_CAGE": str(postgres.run_dir / "cage.sock"),
        "HELIOGRAPH_MEDIA": str(data / "media"),
        "HELIOGRAPH_INCOMING": str(data / "incoming"),
        "HELIOGRAPH_STATIC": str(data / "static"),
        "HELIOGRAPH_METRICS_DIR": str(data / "metrics"),
        "HELIOGRAPH_METRICS_PORT": str(options.port + 1),
    }


def merged(known: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """The person's variables and ours. Theirs win, in either spelling (X or X_FILE), but for where our own
    servers are: those are ours to say."""
    fixed = {name for name in known if name not in _THEIRS_TO_SAY}
    result = {name: value for name, value in told.items() if name.removesuffix("_FILE") not in fixed}
    for name, value in known.items():
        plain = name.removesuffix("_FILE")
        if name in fixed or not (plain in result or plain + "_FILE" in result):
            result[name] = value
    return result


_THEIRS_TO_SAY = {"HELIOGRAPH_URL", "HELIOGRAPH_SECRET_KEY_FILE", "HELIOGRAPH_METRICS_PORT"}
#: What every process of ours gets besides; nothing else of the caller's environment.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


def for_processes(known: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process of ours."""
    told = {name: value for name, value in os.environ.items() if name.startswith("HELIOGRAPH_")}
    plain = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    python = {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "heliograph.config.settings"}
    return {**plain, **python, **merged(known, told)}


def as_file(variables: Mapping[str, str]) -> str:
    """The same for people's shells and the `heliograph` command: `set -a; . environment`."""
    mine = {name: value for name, value in sorted(variables.items()) if name.startswith("HELIOGRAPH_")}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in mine.items())
