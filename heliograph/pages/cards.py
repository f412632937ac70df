"""Photos and people as a viewer sees them: ids in, cards out, order kept, what they may not see left out.

    multi-get of Valkey ──▶ what is missing, from the nodes ──▶ what the viewer's own shard knows ──▶ cards
    1 round trip            0, or 1 a node                      1 round trip

Who is on a photo (its owner, the authors of its newest comments, the newest who like it) is known only when the photo
is; so that one multi-get does, this process remembers who was on it last time, and asks for their faces along with it.
A wrong guess, as after a new like, costs a second multi-get, once in each process; never a wrong card. Copies of faces
inside the other values would spare it, and be stale after every new name in ten thousand places.

What is checked, for every card and every viewer: photo published (or the viewer's own), owner active, no block in
either direction, and for private owners the permit, asked on the owner's side. Not found and not allowed look alike.

Source: "What Powers Instagram", 2011: memcached in front of PostgreSQL; here also a copy that may vanish.
"""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from heliograph.core import clock, metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.graph import visibility
from heliograph.pages import memory, own, parts, primaries
from heliograph.pages.memory import changed
from heliograph.pages.own import Own
from heliograph.pages.parts import CommentCard, Face, Gathered, Kept, PersonCard, PhotoCard, Rendition
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

__all__ = ["CommentCard", "PersonCard", "PhotoCard", "Rendition", "changed", "look", "people", "photos"]

_KEPT_STATES = ("published", "deleted", "hidden")  # the others change soon, and one person looks at them
_GUESSES = 20_000  # photos whose people this process remembers

#: By photo: owner and authors, likers.
_guesses: dict[int, tuple[frozenset[int], tuple[int, ...]]] = {}


@dataclass(frozen=True)
class Look:
    """Cards in the order of the ids asked for. `gone`: ids that nobody will ever see again."""

    cards: list[PhotoCard] = field(default_factory=list)
    own: Own = own.NOBODY
    gone: list[int] = field(default_factory=list)


@dataclass
class _Raw:
    """What memory and nodes gave, by id."""

    photos: dict[int, Kept] = field(default_factory=dict)
    gathered: dict[int, Gathered] = field(default_factory=dict)
    people: dict[int, Face] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)  # people
    who: set[int] = field(default_factory=set)  # the people on these photos

    def take(self, id: int, photo: bytes, counts: bytes) -> Kept:
        """A photo came; who is on it is remembered for the next time."""
        found, has = parts.kept(photo), parts.gathered(counts)
        self.photos[id], self.gathered[id] = found, has
        self.who.update(found.people, has.likers)
        _guesses[id] = found.people, has.likers
        return found


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
) -> Look:
    """The same with the facts. `followed_only`: nobody's but those whom the viewer follows, and their own.

    `along`: commands for Valkey that travel with the multi-get. `with_unread`: whether something happened to the
    viewer is asked, too, in the round trip that is made anyway.
    """
    if not ids:
        return Look()
    reader = reader or sessions.reader()
    raw = _collect(ids, reader, along)
    seen = raw.photos.values()
    owners = [photo.owner_id for photo in seen] if followed_only else ()
    mine = own.facts(reader, viewer_id, raw.photos, raw.who, owners=owners, with_unread=with_unread)
    shown = [photo for photo in seen if _shows(photo, viewer_id, raw, mine, followed_only)]
    permitted = _permitted(reader, viewer_id, shown, raw)
    now = int(clock.now().timestamp())
    company = _company(raw, mine)
    made = {it.id: _card(it, raw, mine, company, now) for it in shown if it.owner_id in permitted}
    return Look(
        cards=[made[id] for id in ids if id in made],
        own=mine,
        gone=[photo.id for photo in seen if photo.state == "deleted"],
    )


def people(viewer_id: int | None, ids: Sequence[int], *, reader: Reader | None = None) -> list[PersonCard]:
    """Faces of people who are active and not blocked in either direction; private ones have a face, too."""
    if not ids:
        return []
    reader = reader or sessions.reader()
    raw = _Raw()
    _faces(raw, frozenset(ids), reader)
    mine = own.facts(reader, viewer_id, (), raw.people)
    now = int(clock.now().timestamp())
    return [
        parts.person(face, now)
        for face in map(raw.people.get, ids)
        if face is not None and face.active and face.id not in mine.blocked
    ]


def face(person_id: int, *, reader: Reader) -> PersonCard | None:
    """The face of somebody active, for callers who have looked at what is between them and the viewer."""
    raw = _Raw()
    _faces(raw, {person_id}, reader)
    found = raw.people.get(person_id)
    if found is None or not found.active:
        return None
    return parts.person(found, int(clock.now().timestamp()))


def _collect(ids: Sequence[int], reader: Reader, along: Sequence[valkey.Command]) -> _Raw:
    raw = _Raw()
    guessed = list(_guess(ids))
    values = memory.get(ids, guessed, *along)
    metrics.count("card_reads_total", len(ids), kind="photo")
    number = len(ids)
    for id, photo, counts in zip(ids, values[:number], values[number : 2 * number], strict=True):
        if photo is not None and counts is not None:
            raw.take(id, photo, counts)
    for id, face in zip(guessed, values[2 * number :], strict=True):
        if face is not None:
            raw.people[id] = parts.face(face)
    raw.asked.update(guessed)
    missing = [id for id in ids if id not in raw.photos]
    if missing:
        _read_photos(raw, missing, reader)
    wanted = raw.who - raw.people.keys()
    if wanted:
        _faces(raw, wanted, reader)
    return raw


def _read_photos(raw: _Raw, ids: list[int], reader: Reader) -> None:
    """From the nodes: photos, counts and owners in one statement each, whatever of them was missing."""
    metrics.count("card_misses_total", len(ids), kind="photo")
    since = time.monotonic()
    found, counts, faces = primaries.photos(reader, ids)
    fill = {}
    for id, photo in found.items():
        if raw.take(id, photo, counts[id]).state in _KEPT_STATES:
            fill[f"photo:{id}"] = photo
            fill[f"cnt:{id}"] = counts[id]
    for id, face in faces.items():
        if id not in raw.people:
            raw.people[id] = parts.face(face)
            fill[f"person:{id}"] = face
    memory.fill(fill, read_since=since)


def _faces(raw: _Raw, ids: Set[int], reader: Reader) -> None:
    """Faces that are not there yet: from memory, if it was not asked, then from the nodes."""
    unasked = sorted(ids - raw.asked)
    if unasked:
        found = zip(unasked, memory.get((), unasked), strict=True)
        raw.people.update((id, parts.face(face)) for id, face in found if face is not None)
        raw.asked.update(unasked)
    missing = ids - raw.people.keys()
    if missing:
        metrics.count("card_misses_total", len(missing), kind="person")
        since = time.monotonic()
        read = primaries.people(reader, missing)
        raw.people.update((id, parts.face(face)) for id, face in read.items())
        memory.fill({f"person:{id}": face for id, face in read.items()}, read_since=since)


def _guess(ids: Sequence[int]) -> set[int]:
    """Who was on these photos last time."""
    if len(_guesses) > _GUESSES:
        _guesses.clear()
    people: set[int] = set()
    for id in ids:
        people.update(*_guesses.get(id, ()))
    return people


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
            return set()
        return set().union(*(_permitting(reader, viewer_id, {owner_id}) for owner_id in owner_ids))


@dataclass(frozen=True)
class _Company:
    """The people on a page whom the viewer may see beside a photo, and who of them is private."""

    faces: dict[int, Face]
    private: set[int]


def _company(raw: _Raw, mine: Own) -> _Company:
    faces = {id: face for id, face in raw.people.items() if face.active and id not in mine.blocked}
    return _Company(faces, {id for id, face in faces.items() if face.private})


def _card(photo: Kept, raw: _Raw, mine: Own, company: _Company, now: int) -> PhotoCard:
    gathered, faces, private = raw.gathered[photo.id], company.faces, company.private
    return parts.photo(
        photo,
        gathered,
        photo.id in mine.liked,
        raw.people[photo.owner_id],
        tuple([faces.get(said.author_id) for said in photo.said]),
        tuple([faces[id] for id in gathered.likers if id in faces]),
        now,
        private=bool(private)
        and not (private.isdisjoint(photo.people) and private.isdisjoint(gathered.likers)),
    )
