"""Comparing every projection with its truth, every counter with its rows, every published photo with its files.

    found = audit.compare()          # the whole network; or shards=[3, 7]
    audit.repair(found)

Its statements are its own, so that a mistake in a part's SQL is not repeated in the check of it. A pair that an
outbox row or a waiting job names is in flight, not different. Rows of two shards are never read at the same
moment: what differs is looked at again, and only what differs every time, with nothing under way, is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from heliograph.core.errors import NotFound
from heliograph.media import recipes, storage, tokens
from heliograph.media.storage import Storage
from heliograph.ops import audit_queries as queries
from heliograph.ops.audit_queries import Pairing
from heliograph.sharding import ids, map, nodes, sessions
from heliograph.sharding.ids import ShardNumber
from heliograph.sharding.sessions import Reader, Row

CHUNK = 2_000  # rows that are compared at once
LOOKS = 3
PAUSE_SECONDS = 0.3

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that is not as it should be. `key` is (a, b) of the pair, or (id,) of what is counted."""

    kind: str
    key: tuple[int, ...]
    truth: str
    found: str

    def __str__(self) -> str:
        return f"{self.kind} {'/'.join(map_str(self.key))}: truth {self.truth}, found {self.found}"


def map_str(numbers: Iterable[int]) -> list[str]:
    return [str(number) for number in numbers]


def compare(
    shards: Iterable[ShardNumber] | None = None,
    *,
    files: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> list[Difference]:
    """Everything of these shards (None: of all, and the directory) that differs; what is in flight does not."""
    wanted = sorted(map.shards() if shards is None else set(shards))
    found: set[Difference] = set()
    for done, shard in enumerate(wanted, 1):
        found.update(_settled(shard, files))
        progress(ids.schema_of(shard), done, len(wanted))
    if files and shards is None:
        found.update(_lost_files())
    return sorted(found)


def _settled(shard: ShardNumber, files: bool) -> set[Difference]:
    """What differs in this shard however often one looks."""
    found = _under_way_left_out(set(_differences(shard, files)))
    for _ in range(LOOKS - 1):
        if not found:
            break
        time.sleep(PAUSE_SECONDS)
        found &= _under_way_left_out(set(_differences(shard, files)))
    return found


def _differences(shard: ShardNumber, files: bool) -> Iterator[Difference]:
    reader = sessions.reader()
    for pairing in queries.PAIRINGS:
        yield from _of_pairs(reader, shard, pairing)
    for count in queries.COUNTS:
        for row in reader.at(_place(shard)).rows(count.sql):
            yield Difference(count.kind, (row[0],), str(row[1]), str(row[2]))
    yield from _of_faces(reader, shard)
    if files:
        yield from _of_files(reader, shard)


def _of_pairs(reader: Reader, shard: ShardNumber, pairing: Pairing) -> Iterator[Difference]:
    """Each row here against its counterpart there. Both sides of a pair are walked, so nothing hides."""
    for chunk in _chunks(reader, shard, pairing):
        keys = [(row[1], row[0]) if pairing.there_first else (row[0], row[1]) for row in chunk]
        there = {(row[0], row[1]): row[2:] for row in reader.gather_pairs(pairing.there, keys)}
        for row, key in zip(chunk, keys, strict=True):
            other = there.get(key, pairing.absent)
            if not pairing.agree(row[2:], other):
                yield Difference(pairing.kind, pairing.named(row[0], row[1]), str(row[2:]), str(other))


def _chunks(reader: Reader, shard: ShardNumber, pairing: Pairing) -> Iterator[list[Row]]:
    after = (0, 0)
    while True:
        rows = reader.at(_place(shard)).rows(
            pairing.here, {"a": after[0], "b": after[1], "count": CHUNK, "shard": shard}
        )
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        after = (rows[-1][0], rows[-1][1])


def _of_faces(reader: Reader, shard: ShardNumber) -> Iterator[Difference]:
    """The directory's copy of each person, and whether they have a home at all."""
    known = sessions.directory(lambda tx: tx.rows(queries.DIRECTORY_FACES, {"shard": shard}))
    homes = {row[0]: row[1:] for row in reader.at(_place(shard)).rows(queries.HOME_FACES)}
    waiting = _homes_to_be_made() if any(row[0] not in homes for row in known) else set()
    for row in known:
        home = homes.get(row[0])
        if home is None and row[0] not in waiting:
            yield Difference("home", (row[0],), "a person", "no home row")
        elif home is not None and home != row[1:]:
            yield Difference("face", (row[0], 0), str(home), str(row[1:]))
    for id in sorted(homes.keys() - {row[0] for row in known}):
        yield Difference("person", (id,), "nobody in the directory", "a home row")


def _homes_to_be_made() -> set[int]:
    rows = sessions.directory(lambda tx: tx.rows(queries.HOMES_TO_BE_MADE))
    return {int(row[0]) for row in rows}


def _of_files(reader: Reader, shard: ShardNumber) -> Iterator[Difference]:
    store = storage.get()
    after = 0
    while rows := reader.at(_place(shard)).rows(queries.PUBLISHED, {"after": after, "count": CHUNK}):
        for photo_id, random, state in rows:
            token = tokens.of_photo(photo_id, random)
            wanted = [storage.master(token), *(storage.rendition(token, size) for size in recipes.SIZES)]
            there = [key for key in wanted if _there(store, key)]
            if state == "published" and len(there) < len(wanted):
                yield Difference(
                    "files", (photo_id,), state, f"no {', '.join(sorted(set(wanted) - set(there)))}"
                )
            if state == "deleted" and there:
                yield Difference("files", (photo_id,), state, f"still {', '.join(there)}")
        after = rows[-1][0]


def _lost_files() -> Iterator[Difference]:
    """Pictures that no photo and no face has. A photo that is just being made has its row already."""
    kept = {key.split("/")[2] for key in storage.get().list("renditions/")}
    ours = {
        random if id is None else tokens.of_photo(id, random)
        for id, random in sessions.reader().everywhere(queries.TOKENS)
    }
    for token in sorted(kept - ours):
        yield Difference("lost files", (), "nobody's", token)


def _there(store: Storage, key: str) -> bool:
    try:
        return store.exists(key)
    except NotFound:  # not even an address
        return False


def _under_way_left_out(found: set[Difference]) -> set[Difference]:
    """Without what an outbox row or a waiting job names."""
    if not found:
        return found
    named: set[tuple[str, int, int]] = set()
    worked_on: set[int] = set()
    for node in map.nodes():
        with nodes.connection(node) as connection:
            named.update(
                (str(k), int(a), int(b)) for k, a, b in connection.execute(queries.OUTBOX).fetchall()
            )
            worked_on.update(int(row[0]) for row in connection.execute(queries.WORKED_ON).fetchall())
    named.update(sessions.directory(lambda tx: {(r[0], r[1], r[2]) for r in tx.rows(queries.OUTBOX)}))
    worked_on.update(sessions.directory(lambda tx: {int(row[0]) for row in tx.rows(queries.WORKED_ON)}))
    return {
        difference
        for difference in found
        if not _named(difference, named) and not worked_on.intersection(difference.key)
    }


def _named(difference: Difference, named: set[tuple[str, int, int]]) -> bool:
    kinds = queries.CARRIED_BY.get(difference.kind, ())
    if len(difference.key) != 2:
        return False
    a, b = difference.key
    return any((kind, a, b) in named or (kind, b, a) in named for kind in kinds)


def _place(shard: ShardNumber) -> int:
    """Some id of this shard."""
    return ids.make(ids.EPOCH_MS + 1, shard, 0)


def repair(found: Iterable[Difference], progress: Progress = lambda what, done, total: None) -> int:
    """Mend what can be mended: mirrors are made again from their truth, counters counted; how many.

    A missing file cannot: the photo is tried again from its master, if that is there, by its owner.
    """
    todo = sorted(found)
    mended = 0
    for done, difference in enumerate(todo, 1):
        mend = _MENDERS.get(difference.kind)
        if mend is not None:
            mend(difference.key)
            mended += 1
        progress(difference.kind, done, len(todo))
    return mended


def _mend_pair(kind: str) -> Callable[[tuple[int, ...]], None]:
    mending = queries.MENDINGS[kind]

    def mend(key: tuple[int, ...]) -> None:
        a, b = key
        for target, sql in mending.forget(a, b):
            # The mirror is put off and its version to nothing, so that the truth, of whatever version, is newer.
            sessions.write(target, lambda tx, sql=sql: tx.run(sql, {"a": a, "b": b}))  # type: ignore[misc]
        for source, projected, x, y in mending.project(a, b):
            sessions.write(
                source,
                lambda tx, k=projected, x=x, y=y: tx.project(k, x, y),  # type: ignore[misc]
            )
        for target, sql in mending.recount(a, b):
            sessions.write(target, lambda tx, sql=sql: tx.run(sql, {"a": a, "b": b}))  # type: ignore[misc]

    return mend


def _mend_count(sql: str) -> Callable[[tuple[int, ...]], None]:
    def mend(key: tuple[int, ...]) -> None:
        sessions.write(key[0], lambda tx: tx.run(sql, {"id": key[0]}))

    return mend


def _mend_face(key: tuple[int, ...]) -> None:
    id = key[0]
    username = sessions.directory(lambda tx: tx.value(queries.FORGET_FACE, {"id": id}))

    def at_home(tx: sessions.Tx) -> None:
        if username is not None:
            tx.run(queries.TAKE_NAME, {"id": id, "username": username})
        tx.project("face", id, 0)

    sessions.write(id, at_home)


def _mend_home(key: tuple[int, ...]) -> None:
    from heliograph.flows import homes

    homes.ensure(key)


_MENDERS: dict[str, Callable[[tuple[int, ...]], None]] = {
    **{kind: _mend_pair(kind) for kind in queries.MENDINGS},
    **{count.kind: _mend_count(count.recount) for count in queries.COUNTS},
    "face": _mend_face,
    "home": _mend_home,
}
