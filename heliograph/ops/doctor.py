"""`heliograph doctor`: one look at everything that a network stands on, and what to do about what is wrong.

Every check is a function that returns findings; it may raise, and what it raised is then the finding. Nothing is
changed, but for one small picture that is stored, read and deleted again.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, LiteralString
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg

from heliograph.core import environment, errors, valkey
from heliograph.core.environment import Environment
from heliograph.media import cage_client, storage
from heliograph.ops import clocks
from heliograph.sharding import map, nodes, queue_care
from heliograph.sharding.queue_care import Listed

_MIB = 1024 * 1024
_ROOM_BAD, _ROOM_SCANT = 200 * _MIB, 2048 * _MIB  # bytes free
_LAG_SECONDS = 60  # a job that waits longer is late
_CLOCK_SECONDS = 1.0  # ids tolerate less; feeds and pages too


class Level(Enum):
    """How serious a finding is."""

    GOOD = "ok"
    ODD = "look"
    BAD = "BAD"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do about it."""

    what: str
    told: str
    level: Level = Level.GOOD
    advice: str = ""


Check = Callable[[Environment], Iterator[Finding]]


def look(checks: Sequence[Check] | None = None) -> Iterator[Finding]:
    """Every finding of these checks (None: of all), in the order in which one would mend."""
    env = environment.get()
    for check in CHECKS if checks is None else checks:
        try:
            yield from check(env)
        except Exception as error:
            what = check.__name__.strip("_").replace("_", " ")
            yield Finding(what, _sentence(error), Level.BAD, "See the log of the part that is named.")


def _versions(env: Environment) -> Iterator[Finding]:
    python = ".".join(str(number) for number in sys.version_info[:3])
    yield Finding("Python", python)
    for name, conninfo in _databases(env):
        number = int(_ask(conninfo, "SELECT current_setting('server_version_num')::int / 10000"))
        advice = "" if number >= 17 else "Heliograph needs PostgreSQL 17 or newer."
        yield Finding(f"PostgreSQL of {name}", str(number), Level.GOOD if not advice else Level.BAD, advice)
    told = dict(
        line.split(":", 1) for line in valkey.call("INFO", "server").decode().splitlines() if ":" in line
    )
    version = told.get("valkey_version") or told.get("redis_version", "0")
    good = int(version.split(".")[0]) >= 7
    yield Finding(
        "Valkey", version, Level.GOOD if good else Level.BAD, "" if good else "7 or newer is needed."
    )


def _tables(env: Environment) -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    connection.close()
    advice = "Run `heliograph migrate`." if missing else ""
    yield Finding(
        "tables", f"{missing} migrations missing" if missing else "up to date", _bad_if(missing), advice
    )


def _clock(env: Environment) -> Iterator[Finding]:
    for name, conninfo in _databases(env):
        before = time.time()
        theirs = float(_ask(conninfo, "SELECT extract(epoch FROM clock_timestamp())"))
        after = time.time()
        off = max(before - theirs, theirs - after, 0.0)
        advice = "" if off < _CLOCK_SECONDS else "Ids are made of time: run an NTP service on both machines."
        yield Finding(f"clock of {name}", f"{off * 1000:.0f} ms from ours", _bad_if(advice), advice)


def _order(env: Environment) -> Iterator[Finding]:
    """What is made now comes after what there is."""
    clock = clocks.look()
    if clock.refused:
        told = f"the clock has gone back: {clock.seconds:.0f} s behind the newest id"
        advice = "New photos stand below old ones until it has caught up. Put the clock right."
        yield Finding("order of ids", told, Level.BAD, advice)
    else:
        yield Finding("order of ids", "new ones come after old ones")


def _disk(env: Environment) -> Iterator[Finding]:
    for what, folder in (("media", env.media), ("incoming", env.incoming)):
        free = shutil.disk_usage(folder).free
        level = Level.BAD if free < _ROOM_BAD else Level.ODD if free < _ROOM_SCANT else Level.GOOD
        advice = (
            "" if level is Level.GOOD else f"Make room on the disk of {folder}, or move it to a larger one."
        )
        yield Finding(f"room for {what}", f"{free // _MIB} MiB", level, advice)


def _permissions(env: Environment) -> Iterator[Finding]:
    for what, folder in (("media", env.media), ("incoming", env.incoming)):
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(
                what,
                f"{folder} cannot be written to",
                Level.BAD,
                "Give it to the user that runs web and worker.",
            )
        elif folder.stat().st_mode & stat.S_IRWXO:
            yield Finding(what, f"{folder} is open to everybody", Level.ODD, f"chmod o-rwx {folder}")
        else:
            yield Finding(what, f"{folder} is private and writable")
    if env.pgpassfile:
        exposed = Path(env.pgpassfile).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        advice = f"chmod 600 {env.pgpassfile}" if exposed else ""
        yield Finding(
            "password file", "others may read it" if exposed else "private", _bad_if(exposed), advice
        )
    if os.geteuid() == 0:
        yield Finding("user", "this runs as root", Level.BAD, "Run Heliograph as a user of its own.")


def _services(env: Environment) -> Iterator[Finding]:
    from heliograph.ops import health

    for name, state in health.current().items():
        told = f"answers in {state.milliseconds:.0f} ms" if state.ok else f"does not answer ({state.trouble})"
        advice = "" if state.ok else f"Start {name} again and see its log; until then people get errors."
        yield Finding(name, told, _bad_if(not state.ok), advice)


def _cage(env: Environment) -> Iterator[Finding]:
    lacks = cage_client.protection()
    for lack in lacks:
        yield Finding("cage", lack, Level.ODD, "SECURITY.md says what is protected without it.")
    if not lacks:
        yield Finding("cage", "every wall is up")
    alarms = _alarms() if env.cage else 0
    if alarms:
        told = f"{alarms} alarms since the cage began: a photo made its decoder do what no decoder does"
        yield Finding(
            "cage", told, Level.BAD, "Search the cage's log for ALARM; docs/security/cage.md says more."
        )


def _alarms() -> int:
    try:
        return int(cage_client.hello()["alarms"])
    except errors.Unavailable:  # that it does not answer is another check's finding
        return 0


def _workers(env: Environment) -> Iterator[Finding]:
    from heliograph.sharding.worker import HEARTBEAT

    alive = list(valkey.keys(f"{HEARTBEAT}*"))
    advice = "" if alive else "Start `heliograph worker`: photos and follows wait for it."
    yield Finding("workers", f"{len(alive)} alive", _bad_if(not alive), advice)


_BEATS = (
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat"
    " BETWEEN now() - make_interval(secs => %(seconds)s) AND now() + make_interval(secs => %(seconds)s)"
)


def _beats(env: Environment) -> Iterator[Finding]:
    """`_workers` without a walk over all keys of Valkey."""
    with _connect(env.directory) as connection:
        (alive,) = connection.execute(_BEATS, {"seconds": env.job_stalled_seconds}).fetchone() or (0,)
    advice = "" if alive else "Start `heliograph worker`: photos and follows wait for it."
    yield Finding("workers", "alive" if alive else "none is alive", _bad_if(not alive), advice)


_LAG = (
    "SELECT count(*), coalesce(extract(epoch FROM max(now() - coalesce(scheduled_at, now()))), 0)"
    " FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
)
_FAILED = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"
_OUTBOX = "SELECT coalesce(extract(epoch FROM now() - min(at)), 0) FROM public.outbox"


def _queues(env: Environment) -> Iterator[Finding]:
    for name, conninfo in _databases(env):
        with _connect(conninfo) as connection:
            count, oldest = connection.execute(_LAG).fetchone() or (0, 0)
            (mirrored,) = connection.execute(_OUTBOX).fetchone() or (0,)
            (failed,) = connection.execute(_FAILED).fetchone() or (0,)
        late = max(float(oldest), float(mirrored)) > _LAG_SECONDS
        told = f"{count} jobs wait, the oldest row to mirror is {float(mirrored):.0f} s old"
        advice = "Start more workers, or see in their log what holds them up." if late else ""
        yield Finding(f"queue of {name}", told, _bad_if(late), advice)
        if failed:
            yield Finding(
                f"queue of {name}", f"{failed} jobs failed for good", Level.ODD, "See `heliograph jobs`."
            )


def _storage(env: Environment) -> Iterator[Finding]:
    token = f"doctor{os.getpid()}x{time.time_ns()}"
    key, wanted = storage.rendition(token, 150), os.urandom(64)
    store = storage.get()
    began = time.monotonic()
    store.put(key, wanted)
    try:
        with store.open(key) as picture:
            same = picture.read() == wanted
    finally:
        store.delete(key)
    told = (
        f"stored, read and deleted in {(time.monotonic() - began) * 1000:.0f} ms"
        if same
        else "read something else"
    )
    yield Finding(
        "storage",
        told,
        _bad_if(not same),
        "" if same else "Check the disk: it does not give back what it got.",
    )


def _address(env: Environment) -> Iterator[Finding]:
    parts = urlsplit(env.url)
    local = (parts.hostname or "") in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        yield Finding("HELIOGRAPH_URL", env.url, Level.BAD, "It is https://your.name, without a path.")
        return
    if parts.scheme == "http" and not local:
        yield Finding(
            "HELIOGRAPH_URL", env.url, Level.ODD, "Passwords travel in the clear: put TLS before it."
        )
    else:
        yield Finding("HELIOGRAPH_URL", env.url + (" (this machine only)" if local else ""))
    live = _status(f"{env.url}/livez")
    yield Finding(
        "the site",
        "answers" if live == 200 else f"does not answer ({live})",
        _bad_if(live != 200),
        "" if live == 200 else "Is web running, and does HELIOGRAPH_URL lead to it?",
    )
    if live == 200:
        public = _status(f"{env.url}/metrics") != 404
        yield Finding(
            "/metrics",
            "is public" if public else "is not public",
            _bad_if(public),
            "The proxy must not pass /metrics on." if public else "",
        )


def _mail(env: Environment) -> Iterator[Finding]:
    if env.mail.startswith("console:"):
        yield Finding(
            "mail", "is printed, not sent", Level.ODD, "Set HELIOGRAPH_MAIL=smtp://… so that people get it."
        )
    else:
        yield Finding("mail", urlsplit(env.mail).hostname or "")


CHECKS: tuple[Check, ...] = (
    _services, _versions, _tables, _clock, _order, _disk, _permissions, _cage, _workers, _queues, _storage, _address,
    _mail,
)  # fmt: skip


#: What may be asked every minute: few small questions, nothing written, nobody outside.
QUICK: tuple[Check, ...] = (_services, _order, _disk, _beats, _queues)


def failed_jobs(most: int) -> Iterator[tuple[str, Listed]]:
    """The newest jobs that were given up, at most so many of each database, with its name; of those that answer."""
    for name, conninfo in [
        ("directory", environment.get().directory),
        *((n.name, n.conninfo) for n in map.nodes()),
    ]:
        try:
            with _connect(conninfo) as connection:
                for job in queue_care.newest_failed(connection, most):
                    yield name, job
        except psycopg.Error:
            continue  # its own finding says so


def _databases(env: Environment) -> Iterator[tuple[str, str]]:
    yield "directory", env.directory
    for node in map.nodes():
        yield f"node {node.name}", node.conninfo


def _connect(conninfo: str) -> psycopg.Connection[tuple[Any, ...]]:
    seconds = environment.get().node_connect_seconds
    return psycopg.connect(nodes.with_passfile(conninfo), connect_timeout=seconds, autocommit=True)


def _ask(conninfo: str, question: LiteralString) -> Any:
    with _connect(conninfo) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def _status(address: str) -> int | str:
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310  (HELIOGRAPH_URL, checked above)
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))


def _bad_if(wrong: object) -> Level:
    return Level.BAD if wrong else Level.GOOD


def _sentence(error: Exception) -> str:
    if isinstance(error, errors.HeliographError):
        return f"{error.sentence} {error.cause or ''}".strip()
    return f"{type(error).__name__}: {error}".split("\n")[0]
