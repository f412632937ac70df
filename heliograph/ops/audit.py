"""Does everything that is kept twice agree? Every projection with its truth, every counter with its rows, the
directory's copy of every face, every photo with its files.

    differences = audit.compare()                all shards
    audit.repair(differences)                    mirror again, count again

A pair that a waiting job or an outbox row names is in flight, and no difference. On a network that people use,
two sides are read at two moments: `settled` looks again at what differed before it is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from heliograph.accounts.models import Person
from heliograph.core import clock
from heliograph.flows import homes
from heliograph.media import recipes, storage, tokens
from heliograph.ops.audit_pairs import COUNTED, PAIRS, RECOUNT, Pair
from heliograph.sharding import ids, map, nodes, outbox, sessions
from heliograph.sharding.ids import ShardNumber, shard_of

PAGE = 5000  # rows compared at once
Progress = Callable[[str, int, int], None]
Row = tuple[Any, ...]

_FACES = "SELECT id, username, full_name, avatar, private, state FROM {s}.person WHERE id > %s ORDER BY id LIMIT %s"
_PHOTOS = """
SELECT id, token, state FROM {s}.photo WHERE id > %s AND state IN ('published', 'deleted') ORDER BY id LIMIT %s
"""
_TOKENS = """
SELECT id, token FROM {s}.photo WHERE state <> 'deleted' UNION ALL SELECT NULL, avatar FROM {s}.person
"""
_OUTBOX = "SELECT kind, a, b FROM public.outbox"
_JOBS = "SELECT task_name, args FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing')"


@dataclass(frozen=True)
class Difference:
    """Two things that should say the same. (a, b) as in the outbox; a photo or a person alone has b = 0."""

    kind: str
    a: int
    b: int
    says: str

    def __str__(self) -> str:
        return f"{self.kind} {self.a}" + (f"/{self.b}" if self.b else "") + f": {self.says}"


def compare(
    *,
    shards: Collection[ShardNumber] | None = None,
    files: bool = True,
    progress: Progress = lambda what, done, total: None,
) -> list[Difference]:
    """Everything that differs and is not in flight, in these shards (None: in all)."""
    chosen = sorted(map.shards() if shards is None else shards)
    found: list[Difference] = []
    for done, shard in enumerate(chosen, 1):
        found += _of_shard(shard, files)
        progress(ids.schema_of(shard), done, len(chosen))
    found += _homes(set(chosen))
    if files and shards is None:
        found += _lost_files()
    return _landed(found) if found else []


def settled(found: list[Difference], *, wait_seconds: float = 2.0) -> list[Difference]:
    """Of what differed, what still does in the same way after a moment."""
    if not found:
        return []
    time.sleep(wait_seconds)
    again = {
        (d.kind, d.a, d.b)
        for d in compare(
            shards={shard_of(d.a) for d in found if d.a}, files=any(d.kind == "files" for d in found)
        )
    }
    return [d for d in found if (d.kind, d.a, d.b) in again or not d.a]


def _of_shard(shard: ShardNumber, files: bool) -> Iterator[Difference]:
    here = sessions.reader().at(_some_id(shard))
    for pair in PAIRS:
        yield from _forth(pair, here)
        yield from _back(pair, here)
    for kind, sql in COUNTED.items():
        for id, written, counted in here.rows(sql):
            yield Difference(kind, id, 0, f"written {written}, counted {counted}")
    yield from _faces(here)
    if files:
        yield from _files(here)


def _some_id(shard: ShardNumber) -> int:
    return ids.make(clock.now_ms(), shard, 0)


def _pages(here: sessions.ShardReader, sql: str) -> Iterator[list[Row]]:
    """A table of pairs, a page at a time, in the order of its key."""
    a = b = -(2**62)
    while True:
        rows = here.rows(sql, {"a": a, "b": b, "most": PAGE})
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        a, b = rows[-1][:2]


def _forth(pair: Pair, here: sessions.ShardReader) -> Iterator[Difference]:
    """From each truth of a shard to its projection."""
    for rows in _pages(here, pair.scan):
        pairs = [(b, a) for a, b, *_ in rows]
        there = {row[:2]: row[2:] for row in sessions.reader().gather_pairs(pair.find, pairs)}
        for a, b, *values in rows:
            projection = there.get((b, a), pair.absent)
            if not pair.agree(tuple(values), projection):
                yield Difference(pair.kind, a, b, f"truth {tuple(values)}, projection {projection}")


def _back(pair: Pair, here: sessions.ShardReader) -> Iterator[Difference]:
    """From each projection of a shard to its truth; of those that have one, `_forth` speaks."""
    for rows in _pages(here, pair.scan_back):
        pairs = [(a, b) for b, a, *_ in rows]
        there = {row[:2] for row in sessions.reader().gather_pairs(pair.find_truth, pairs)}
        for b, a, *values in rows:
            if (a, b) not in there and not pair.agree(pair.absent, tuple(values)):
                yield Difference(pair.kind, a, b, f"no truth, projection {tuple(values)}")


def _by_id(here: sessions.ShardReader, sql: str) -> Iterator[list[Row]]:
    after = -1
    while rows := here.rows(sql, (after, PAGE)):
        yield rows
        after = rows[-1][0]


def _faces(here: sessions.ShardReader) -> Iterator[Difference]:
    """The directory's copy of each person at home here; the username's truth is the directory's."""
    fields = ("username", "full_name", "avatar", "private", "state")
    for rows in _by_id(here, _FACES):
        known = {
            row[0]: row[1:]
            for row in Person.objects.filter(id__in=[row[0] for row in rows]).values_list("id", *fields)
        }
        for id, *values in rows:
            copy = known.get(id)
            if copy is None:
                yield Difference("home", id, 0, "a home without anybody in the directory")
            elif copy != tuple(values):
                yield Difference("face", id, 0, f"home {tuple(values)}, directory {copy}")


def _homes(shards: set[ShardNumber]) -> Iterator[Difference]:
    """Everybody in the directory has a home."""
    after = -1
    while people := list(
        Person.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:PAGE]
    ):
        mine = [id for id in people if shard_of(id) in shards]
        found = sessions.reader().gather("SELECT id FROM {s}.person WHERE id = ANY(%(ids)s)", mine)
        for id in sorted(set(mine) - {row[0] for row in found}):
            yield Difference("home", id, 0, "somebody in the directory without a home")
        after = people[-1]


def _files(here: sessions.ShardReader) -> Iterator[Difference]:
    """A published photo has all its pictures, a deleted one has none."""
    keep = storage.get()
    for rows in _by_id(here, _PHOTOS):
        for id, token, state in rows:
            keys = [storage.rendition(tokens.of_photo(id, token), size) for size in recipes.SIZES]
            there = [keep.exists(key) for key in keys]
            if state == "published" and not all(there):
                yield Difference("files", id, 0, f"{there.count(False)} of {len(keys)} pictures are missing")
            if state == "deleted" and any(there):
                yield Difference("files", id, 0, f"deleted, and {there.count(True)} pictures are there")


def _lost_files() -> Iterator[Difference]:
    """Pictures that belong to no photo and nobody's face."""
    rows = sessions.reader().everywhere(_TOKENS)
    ours = {token if id is None else tokens.of_photo(id, token) for id, token in rows}
    for token in sorted({_token(key) for key in storage.get().list("renditions/")} - ours):
        yield Difference("lost_files", 0, 0, token)


def _token(key: str) -> str:
    return key.split("/")[2]


def _landed(found: Iterable[Difference]) -> list[Difference]:
    """Without what a waiting job or an outbox row names."""
    rows, named = _in_flight()
    return [
        d
        for d in found
        if (d.kind, d.a, d.b) not in rows
        and not ({d.a, d.b} - {0}) & named
        # An answer is on its way back: the other half of the same two.
        and not (
            d.kind in ("wish", "permit") and (("wish", d.a, d.b) in rows or ("permit", d.a, d.b) in rows)
        )
        and not (
            d.kind in ("wish", "permit") and (("wish", d.b, d.a) in rows or ("permit", d.b, d.a) in rows)
        )
    ]


def _in_flight() -> tuple[set[tuple[str, int, int]], set[int]]:
    rows: set[tuple[str, int, int]] = set()
    named: set[int] = set()
    for node in map.nodes():
        with nodes.connection(node) as connection:
            rows.update((k, a, b) for k, a, b in connection.execute(_OUTBOX).fetchall())
            for _, args in connection.execute(_JOBS).fetchall():
                named.update(_numbers(args))

    def body(tx: sessions.DirectoryTx) -> None:
        rows.update((k, a, b) for k, a, b in tx.rows(_OUTBOX))
        for _, args in tx.rows(_JOBS):
            named.update(_numbers(args))

    sessions.directory(body)
    return rows, named


def _numbers(value: Any) -> Iterator[int]:
    """Every id in a job's arguments, however deep."""
    if isinstance(value, str) and value[:1] in "{[":  # Django's cursor hands jsonb out as text
        import orjson

        value = orjson.loads(value)
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part)


def repair(
    found: Collection[Difference], *, progress: Progress = lambda what, done, total: None
) -> list[Difference]:
    """Mirror again what differs, then count again; what could not be mended. Safe to repeat."""
    pairs = {pair.kind: pair for pair in PAIRS}
    for done, difference in enumerate(found, 1):
        if difference.kind in pairs:
            _mirror_again(pairs[difference.kind], difference)
        elif difference.kind == "face":
            _face_again(difference.a)
        elif difference.kind == "home" and Person.objects.filter(id=difference.a).exists():
            homes.ensure([difference.a])
        elif difference.kind == "lost_files":
            for size in recipes.SIZES:
                storage.get().delete(storage.rendition(difference.says, size))
            storage.get().delete(storage.master(difference.says))
        progress("mirrored again", done, len(found))
    _drain()
    # Only now: mirroring moves counters by what it sees change, which is wrong where the row was.
    left = compare(shards={shard_of(d.a) for d in found if d.a} | {shard_of(d.b) for d in found if d.b})
    for difference in left:
        if difference.kind in RECOUNT:
            _count_again(difference)
    return compare(shards={shard_of(d.a) for d in [*found, *left] if d.a})


def _mirror_again(pair: Pair, difference: Difference) -> None:
    a, b = difference.a, difference.b
    sessions.write(b, lambda tx: tx.run(pair.lower, (b, a)))
    if not sessions.reader().gather_pairs(pair.find_truth, [(a, b)]):
        sessions.write(b, lambda tx: _off(tx, pair, a, b))
        return
    sessions.write(a, lambda tx: tx.project(pair.kind, a, b))


def _off(tx: sessions.Tx, pair: Pair, a: int, b: int) -> None:
    """A projection without a truth stands for nothing."""
    text = _REMOVE.get(pair.kind)
    if text:
        tx.run(text, (b, a))


_REMOVE = {
    "wish": "UPDATE {s}.follower SET wish_on = false WHERE owner_id = %s AND actor_id = %s",
    "permit": "UPDATE {s}.following SET state = 'denied' WHERE actor_id = %s AND owner_id = %s",
    "block": "DELETE FROM {s}.blocked_by WHERE target_id = %s AND actor_id = %s",
    "like": "DELETE FROM {s}.photo_like WHERE photo_id = %s AND actor_id = %s",
    "commented": "DELETE FROM {s}.commented WHERE actor_id = %s AND comment_id = %s",
}


def _face_again(person_id: int) -> None:
    username = Person.objects.values_list("username", flat=True).get(id=person_id)
    sql = "UPDATE {s}.person SET username = %s, face_version = face_version + 1 WHERE id = %s"

    def body(tx: sessions.Tx) -> None:
        tx.run(sql, (username, person_id))
        tx.project("face", person_id, 0)

    sessions.write(person_id, body)


def _count_again(difference: Difference) -> None:
    lock, count = RECOUNT[difference.kind]

    def body(tx: sessions.Tx) -> None:
        tx.rows(lock, {"id": difference.a})
        tx.run(count, {"id": difference.a})

    sessions.write(difference.a, body)


def _drain() -> None:
    """Mirror what waits now; the worker may do the same at the same time."""
    for _ in range(3):  # a wish is answered by a permit, which is mirrored back
        for node in map.nodes():
            while outbox.drain_node(node):
                pass
        while outbox.drain_directory():
            pass
