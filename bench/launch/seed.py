"""The network as it was the day before: people, follows and photos, written straight into the tables.

What is measured goes through HTTP; what was there already does not have to. The rows are those that the flows would
have written (a follow in its two halves, counters that fit), so the network's own audit has nothing to say, except
that photos of yesterday have no files: nobody asks for them here.
"""

from __future__ import annotations

import hashlib
import math
import random
import secrets
import shlex
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from heliograph.embedded.pg_making import SUPERUSER

_EPOCH_MS = 1_767_225_600_000
_SCOPES = "basic comments relationships likes"
_DAY_MS = 24 * 3600 * 1000
_PERSON = (
    "person (id, username, email, email_verified, is_administrator, is_active, created_at, full_name, avatar, "
    "private, state, face_version, password)"
)
_PLACEHOLDER = "UklGRk4AAABXRUJQVlA4IEIAAADwAQCdASoQABAABUB8JaQAAudCgAD+8f2Zr1k8Xr6Y0h0bL1oyAAAA"


class Databases:
    """Where the running network keeps its rows; read from the file that it leaves for the `heliograph` command."""

    def __init__(self, data: Path) -> None:
        told = (data / "environment").read_text().splitlines()
        said = dict(shlex.split(line)[0].split("=", 1) for line in told)
        self.passfile = said["HELIOGRAPH_PGPASSFILE"]
        self.directory = said["HELIOGRAPH_DIRECTORY_OWNER"]
        self.node = make_conninfo(self.directory, dbname="heliograph_node_1")

    def superuser(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The directory with every right; for looks that the application may not take."""
        passfile = Path(self.passfile).with_name("superuser.pgpass")
        conninfo = make_conninfo(self.directory, user=SUPERUSER, passfile=str(passfile))
        return psycopg.connect(conninfo, autocommit=True)

    def connect(self, conninfo: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(f"{conninfo} passfile='{self.passfile}'", autocommit=True)


def write(
    where: Databases, count: int, follows: int, photos: int, chance: random.Random
) -> list[tuple[int, bytes]]:
    """`count` people who follow `follows` others each and have posted `photos`; (id, token) by fame."""
    with where.connect(where.directory) as directory, where.connect(where.node) as node:
        shards = [row[0] for row in directory.execute("SELECT number FROM shard ORDER BY number").fetchall()]
        people = [_person(n, shards, chance) for n in range(count)]
        _people(directory, node, people)
        pairs = _follows([id for id, _ in people], follows, chance)
        _edges(node, pairs)
        _photos(node, people, photos)
        _counts(node, people, pairs, photos)
        for connection in (directory, node):
            connection.execute("ANALYZE")
    return people


def _person(n: int, shards: list[int], chance: random.Random) -> tuple[int, bytes]:
    moment = int(time.time() * 1000) - _EPOCH_MS - 30 * _DAY_MS + n
    id = moment << 23 | chance.choice(shards) << 10 | n % 1024
    return id, f"{id}.0000001.{secrets.token_hex(16)}".encode()


def _face(id: int, name: str) -> tuple[Any, ...]:
    mail = f"{name}@example.org"
    return (id, name, mail, True, False, True, "now", f"Person {name}", "", False, "active", 0, "!")


def _shard(id: int) -> str:
    return f"shard_{(id >> 10) & 8191:04d}"


def _people(directory: Any, node: Any, people: list[tuple[int, bytes]]) -> None:
    names = {id: f"seed{n:x}" for n, (id, _) in enumerate(people)}
    with directory.transaction():
        _copy(directory, _PERSON, (_face(id, name) for id, name in names.items()))
        _copy(directory, "person_word (word, person_id)", ((name, id) for id, name in names.items()))
        _copy(
            directory,
            "token (sha256, person_id, client, scopes, created_at, expires_at)",
            (
                (f"\\x{hashlib.sha256(token).hexdigest()}", id, "0000001", _SCOPES, "now", None)
                for id, token in people
            ),
        )
    for schema, ids in _by_shard(names).items():
        with node.transaction():
            rows = ((id, names[id], f"Person {names[id]}") for id in ids)
            _copy(node, f"{schema}.person (id, username, full_name)", rows)
            node.execute(f"SELECT max(nextval('{schema}.version_seq')) FROM generate_series(1, 1000)")


def _by_shard(ids: Iterable[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for id in ids:
        found[_shard(id)].append(id)
    return found


def _follows(ids: list[int], each: int, chance: random.Random) -> set[tuple[int, int]]:
    """Who follows whom: whoever is famous, in proportion to 1/rank."""
    scale = math.log(len(ids) + 1)
    pairs = set()
    for actor in ids:
        for _ in range(each):
            other = ids[int(math.exp(chance.random() * scale)) - 1]
            if other != actor:
                pairs.add((actor, other))
    return pairs


def _edges(node: Any, pairs: set[tuple[int, int]]) -> None:
    halves = "wish_on, wish_version, state, answers, permit_version, since"
    for table, mine in (("following", 0), ("follower", 1)):
        columns = "actor_id, owner_id" if mine == 0 else "owner_id, actor_id"
        rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for pair in pairs:
            rows[_shard(pair[mine])].append((pair[mine], pair[1 - mine]))
        for schema, found in rows.items():
            found.sort()
            with node.transaction():
                _copy(
                    node,
                    f"{schema}.{table} ({columns}, {halves})",
                    ((a, b, True, 1, "granted", 1, 1, "yesterday") for a, b in found),
                )


def _photos(node: Any, people: list[tuple[int, bytes]], each: int) -> None:
    now = int(time.time() * 1000) - _EPOCH_MS
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for n, (owner, _) in enumerate(people):
        for k in range(each):
            moment = now - (k + 1) * _DAY_MS // 4 - (n * 7919) % 20_000_000
            id = moment << 23 | (owner & (8191 << 10)) | n % 1024
            caption = f"The harbour in the evening, number {n % 97}"
            rows[_shard(owner)].append(
                (id, owner, "published", secrets.token_hex(16), 612, 612, caption, _PLACEHOLDER, "yesterday")
            )
    columns = "id, owner_id, state, token, width, height, caption, placeholder, published_at"
    for schema, found in rows.items():
        unique = {row[0]: row for row in found}
        with node.transaction():
            _copy(node, f"{schema}.photo ({columns})", (unique[id] for id in sorted(unique)))


def _counts(node: Any, people: list[tuple[int, bytes]], pairs: set[tuple[int, int]], photos: int) -> None:
    following = Counter(actor for actor, _ in pairs)
    followers = Counter(owner for _, owner in pairs)
    for schema, ids in _by_shard(id for id, _ in people).items():
        posted = dict(node.execute(f"SELECT owner_id, count(*) FROM {schema}.photo GROUP BY 1").fetchall())
        with node.transaction():
            _copy(
                node,
                f"{schema}.counters (person_id, photos, followers, following)",
                ((id, posted.get(id, 0), followers[id], following[id]) for id in ids),
            )


def _copy(connection: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
