"""Photos and people as a viewer sees them: ids in, cards out, order kept, what they may not see left out.

    multi-get of Valkey ──▶ what is missing, from the nodes ──▶ what the viewer's own shard knows ──▶ cards
    1 round trip            0, or 1 a node                      1 round trip

Who is on a photo (its owner, the authors of its newest comments, the newest who like it) is known only when the photo
is. So that one multi-get does, and one trip to each node, this process remembers who was on it last time, and asks for
their faces along with it. A wrong guess, as after a new like, costs both once more, once in each process; never a wrong
card. Copies of faces inside the other values would spare it, and be stale after every new name in ten thousand places.

What is checked, for every card and every viewer: photo published (or the viewer's own), owner active, no block in
either direction, and for private owners the permit, asked on the owner's side. Not found and not allowed look alike.

Source: "What Powers Instagram", 2011: memcached in front of PostgreSQL; here also a copy that may vanish.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field

from heliograph.core import clock, load, metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.core.load import Level
from heliograph.graph import visibility
from heliograph.pages import memory, own, parts, primaries
from heliograph.pages.memory import changed
from heliograph.pages.own import Own
from heliograph.pages.parts import CommentCard, Face, Kept, Known, PersonCard, PhotoCard, Rendition
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

__all__ = ["CommentCard", "PersonCard", "PhotoCard", "Rendition", "changed", "look", "people", "photos"]

_KEPT_STATES = ("published", "deleted", "hidden")  # the others change soon, and one person looks at them
_GUESSES = 20_000  # photos whose people this process remembers

_guesses: dict[int, tuple[int, ...]] = {}  # by photo


@dataclass(frozen=True)
class Look:
    """Cards in the order of the ids asked for. `gone`: ids that nobody will ever see again.

    `people`: the faces that were asked for besides, of those whom the viewer may see, by id.
    """

    cards: list[PhotoCard] = field(default_factory=list)
    own: Own = own.NOBODY
    gone: list[int] = field(default_factory=list)
    people: dict[int, PersonCard] = field(default_factory=dict)


@dataclass
class _Raw:
    """What memory and nodes gave, by id."""

    photos: dict[int, Known] = field(default_factory=dict)
    people: dict[int, Face] = field(default_factory=dict)
    asked: Set[int] = frozenset()  # people, of memory
    read: Set[int] = frozenset()  # people whose nodes were asked
    who: Set[int] = frozenset()  # the people on these photos, and those who were asked for besides
    holes: memory.Holes = field(default_factory=dict)


def photos(viewer_id: int | None, ids: Sequence[int], *, reader: Reader | None = None) -> list[PhotoCard]:
    """Cards of the photos that the viewer may see. A viewer of None is somebody not signed in.

    The owner's own unfinished and failed photos are among them. Unavailable only when the viewer's own node is
    away; photos on other nodes that are away are left out.
    """
    return look(viewer_id, ids, reader=reader).cards


def look(
    viewer_id: int | None,
    ids: Sequence[int],
    *,
    reader: Reader | None = None,
    followed_only: bool = False,
    along: Sequence[valkey.Command] = (),
    with_unread: bool = False,
    other_id: int | None = None,
    people: Collection[int] = (),
) -> Look:
    """The same with the facts. `followed_only`: nobody's but those whom the viewer follows, and their own.

    `along`: commands for Valkey that travel with the multi-get. `with_unread`: whether something happened to the
    viewer is asked, too, in the round trip that is made anyway; `other_id`: what there is between them and somebody;
    `people`: more faces.
    """
    if not ids and other_id is None:
        return Look()
    reader = reader or sessions.reader()
    raw = _collect(ids, reader, along, people)
    seen = [known.photo for known in raw.photos.values()]
    owners = [photo.owner_id for photo in seen] if followed_only else ()
    if other_id is None:
        mine = own.facts(reader, viewer_id, raw.photos, raw.who, owners=owners, with_unread=with_unread)
    else:
        mine = own.standing(reader, viewer_id, raw.photos, raw.who, other_id=other_id)
    shown = [photo for photo in seen if _shows(photo, viewer_id, raw, mine, followed_only)]
    permitted = _permitted(reader, viewer_id, shown, raw)
    now, faces = int(clock.now().timestamp()), _visible(raw, mine)
    made = {it.id: _card(it.id, raw, mine, faces, now) for it in shown if it.owner_id in permitted}
    return Look(
        cards=[made[id] for id in ids if id in made],
        own=mine,
        gone=[photo.id for photo in seen if photo.state == "deleted"],
        people={id: parts.person(face, now) for id in people if (face := faces.get(id))},
    )


def people(viewer_id: int | None, ids: Sequence[int], *, reader: Reader | None = None) -> list[PersonCard]:
    """Faces of people who are active and not blocked in either direction; private ones have a face, too."""
    if not ids:
        return []
    reader = reader or sessions.reader()
    raw = _Raw()
    _faces(raw, frozenset(ids), reader)
    return _seen(ids, raw, own.facts(reader, viewer_id, (), raw.people))


def met(
    viewer_id: int | None, ids: Sequence[int], *, reader: Reader, other_id: int | None = None
) -> tuple[list[PersonCard], Own]:
    """The same, with what the viewer is to each of them, and with what there is between the viewer and somebody whose
    list this may be."""
    if not ids and other_id is None:
        return [], own.NOBODY
    raw = _Raw()
    _faces(raw, frozenset(ids), reader)
    mine = own.standing(reader, viewer_id, (), raw.people, to=raw.people, other_id=other_id)
    return _seen(ids, raw, mine), mine


def face(person_id: int, *, reader: Reader) -> PersonCard | None:
    """The face of somebody active, for callers who have looked at what is between them and the viewer."""
    raw = _Raw()
    _faces(raw, {person_id}, reader)
    found = raw.people.get(person_id)
    return None if found is None or not found.active else as_card(found)


def newcomer(person_id: int, username: str, full_name: str) -> PersonCard:
    """The face of somebody who has just signed up, which nobody needs to be asked for."""
    return PersonCard(person_id, username, full_name, avatar_url="", private=False)


def as_card(known: Face) -> PersonCard:
    """A face that one has."""
    return parts.person(known, int(clock.now().timestamp()))


def _seen(ids: Sequence[int], raw: _Raw, mine: Own) -> list[PersonCard]:
    now = int(clock.now().timestamp())
    return [
        parts.person(face, now)
        for face in map(raw.people.get, ids)
        if face is not None and face.active and face.id not in mine.blocked
    ]


def _collect(
    ids: Sequence[int], reader: Reader, along: Sequence[valkey.Command], more: Collection[int] = ()
) -> _Raw:
    guessed, holes = _guess(ids), memory.Holes()
    people, number = [*guessed.union(more)], len(ids)
    values = memory.get(ids, people, *along, holes=holes)
    metrics.count("card_reads_total", number, kind="photo")
    counts = values[number : 2 * number]
    if load.leaves_out(Level.PLAIN, "likers and counts"):
        counts = [_plain(has) for has in counts]
    parted = zip(ids, values[:number], counts, strict=True)
    faces = zip(people, values[2 * number :], strict=True)
    raw = _Raw(
        photos={id: parts.known(id, it, has) for id, it, has in parted if it is not None and has is not None},
        people={id: parts.face(id, face) for id, face in faces if face is not None},
        asked={*people},
        holes=holes,
    )
    fill: list[valkey.Command] = []
    if len(raw.photos) < number:
        fill = _read_photos(raw, [id for id in ids if id not in raw.photos], reader)
    raw.who = set().union(*[known.who for known in raw.photos.values()])
    if raw.who != guessed:
        _guesses.update((id, known.who) for id, known in raw.photos.items())
    raw.who |= {*more}
    wanted = raw.who - raw.people.keys()
    if wanted:
        _faces(raw, wanted, reader, fill)
    elif fill:
        memory.tell(fill)
    return raw


def _plain(counts: bytes | None) -> bytes:
    """Without likers; and what memory has lost is not asked for, but reads 0."""
    return b"0,0" if counts is None else b",".join(counts.split(b",", 2)[:2])


def _read_photos(raw: _Raw, ids: list[int], reader: Reader) -> list[valkey.Command]:
    """From the nodes: photos, counts and owners in one statement each, whatever of them was missing; and along with it
    the faces that memory was asked for and did not have, those of the owners apart.

    Returns what makes memory keep them: that travels with the question for the faces of the others.
    """
    metrics.count("card_misses_total", len(ids), kind="photo")
    since = time.monotonic()
    owners = {guess[0] for id in ids if (guess := _guesses.get(id))}
    raw.read = raw.asked - raw.people.keys() - owners
    if raw.read:
        metrics.count("card_misses_total", len(raw.read), kind="person")
    found, counts, faces = primaries.photos(reader, ids, raw.read)
    fill = {}
    for id, photo in found.items():
        known = raw.photos[id] = parts.known(id, photo, counts[id])
        if known.photo.state in _KEPT_STATES:
            fill[f"photo:{id}"] = photo
            fill[f"cnt:{id}"] = counts[id]
    for id, face in faces.items():
        if id not in raw.people:
            raw.people[id] = parts.face(id, face)
            fill[f"person:{id}"] = face
    return memory.filling(fill, raw.holes, read_since=since)


def _faces(raw: _Raw, ids: Set[int], reader: Reader, along: Sequence[valkey.Command] = ()) -> None:
    """Faces that are not there yet: from memory, if it was not asked, then from the nodes."""
    unasked = sorted(ids - raw.asked)
    if unasked:
        found = zip(unasked, memory.get((), unasked, *along, holes=raw.holes), strict=True)
        raw.people.update((id, parts.face(id, face)) for id, face in found if face is not None)
        raw.asked |= ids
    elif along:
        memory.tell(along)
    missing = ids - raw.people.keys() - raw.read
    if missing:
        metrics.count("card_misses_total", len(missing), kind="person")
        since = time.monotonic()
        read = primaries.people(reader, missing)
        raw.people.update((id, parts.face(id, face)) for id, face in read.items())
        kept = {f"person:{id}": face for id, face in read.items()}
        memory.tell(memory.filling(kept, raw.holes, read_since=since))


def _guess(ids: Sequence[int]) -> set[int]:
    """Who was on these photos last time."""
    if len(_guesses) > _GUESSES:
        _guesses.clear()
    return set().union(*[_guesses.get(id, ()) for id in ids])


def _shows(photo: Kept, viewer_id: int | None, raw: _Raw, mine: Own, followed_only: bool) -> bool:
    """Whether the viewer may see it, as far as can be said without asking the owner's side."""
    owner = raw.people.get(photo.owner_id)
    if owner is None or not owner.active:
        return False
    if photo.owner_id == viewer_id:
        return photo.state in ("published", "processing", "failed")
    if photo.state != "published" or photo.owner_id in mine.blocked:
        return False
    return photo.owner_id in mine.follows if followed_only else True


def _permitted(reader: Reader, viewer_id: int | None, shown: list[Kept], raw: _Raw) -> set[int]:
    """Owners whose photos the viewer may see; the private ones are asked."""
    owners = {photo.owner_id for photo in shown}
    private = {id for id in owners if raw.people[id].private and id != viewer_id}
    if not private:
        return owners
    if viewer_id is None:
        return owners - private
    return owners - private | _permitting(reader, viewer_id, private)


def _permitting(reader: Reader, viewer_id: int, owner_ids: set[int]) -> set[int]:
    """Those who permit it. Who cannot be asked, because their node is away, does not."""
    try:
        return visibility.may(reader, viewer_id, owner_ids)
    except Unavailable:
        if len(owner_ids) == 1:
            reader.missed(*owner_ids)
            return set()
        return set().union(*(_permitting(reader, viewer_id, {owner_id}) for owner_id in owner_ids))


def _visible(raw: _Raw, mine: Own) -> dict[int, Face]:
    """The people on a page whom the viewer may see beside a photo."""
    return {id: face for id, face in raw.people.items() if face.active and id not in mine.blocked}


def _card(id: int, raw: _Raw, mine: Own, faces: dict[int, Face], now: int) -> PhotoCard:
    known = raw.photos[id]
    return parts.card(known, id in mine.liked, tuple(map(faces.get, known.who)), now)
