"""What cards are put together from, and the putting together: pure, and remembered by content.

Values come as the bytes that memory keeps. What was made of them is remembered beside them, by id: while the bytes
are the same, so is the object. It is never stale, since whatever changes a value changes its bytes. (Compared, and not
looked up by their content: that would hash 20 KB a page.) In the same way the same objects give the same card.
Addresses of pictures are signed here, a few dozen a page: remembered, they cost nothing (docs/benchmarks.md).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import orjson

from heliograph.media import recipes, tokens, urls
from heliograph.media.places.spots import Spot

_REMEMBERED = 2000  # photos, each about 5 KB with its cards
_ROUND_PUBLIC = 86_400  # seconds for which an address stays the same, as media/urls.py rounds it
_ROUND_PRIVATE = 300
AVATAR = recipes.SQUARE  # pixels, a side


@dataclass(frozen=True)
class Rendition:
    """One size of a photo. `url` is signed, without scheme and host."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class PersonCard:
    """Somebody's face. `avatar_url` is empty for somebody without a picture."""

    id: int
    username: str
    full_name: str
    avatar_url: str
    private: bool


@dataclass(frozen=True)
class CommentCard:
    id: int
    photo_id: int
    author: PersonCard
    text: str
    entities: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True, eq=False)
class PhotoCard:
    """A photo as one viewer sees it. The same content is the same object: compare cards by identity, or by id.

    `renditions` by width in pixels ("150" is the square), empty while the photo is being made. `likes` and
    `comments` are counts; `newest_comments` and `newest_likers` have the newest first, without people the viewer
    may not see.
    """

    id: int
    owner: PersonCard
    state: str
    version: int
    caption: str
    entities: list[dict[str, Any]]
    alt_text: str
    filter: str
    width: int
    height: int
    placeholder: str
    created_at: datetime
    published_at: datetime | None
    taken_at: datetime | None
    error_code: str
    likes: int
    comments: int
    liked: bool
    renditions: dict[str, Rendition] = field(default_factory=dict)
    newest_comments: list[CommentCard] = field(default_factory=list)
    newest_likers: list[PersonCard] = field(default_factory=list)
    place: Spot | None = None


# What memory keeps is compared by identity: the tables below are asked a hundred times a page.


@dataclass(frozen=True, eq=False)
class Face:
    """A person as memory keeps them; `raw` is how."""

    id: int
    username: str
    full_name: str
    avatar: str
    private: bool
    state: str
    media_generation: int
    active: bool
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Said:
    """A comment as memory keeps it."""

    id: int
    author_id: int
    text: str
    entities: list[dict[str, Any]]
    at: datetime


@dataclass(frozen=True, eq=False)
class Kept:
    """A photo as memory keeps it, with its newest comments."""

    id: int
    owner_id: int
    state: str
    version: int
    token: str
    generation: int
    caption: str
    entities: list[dict[str, Any]]
    alt_text: str
    filter: str
    width: int
    height: int
    placeholder: str
    created_at: datetime
    published_at: datetime | None
    taken_at: datetime | None
    error_code: str
    said: tuple[Said, ...]
    place: Spot | None
    raw: bytes


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a photo has gathered, as memory keeps it: two counts, and the newest likers' ids, newest first."""

    likes: int
    comments: int
    likers: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Known:
    """A photo, what it has gathered, and the last cards made of them.

    `who`: its owner, the authors of its comments, its likers, in this order.
    """

    photo: Kept
    gathered: Gathered
    who: tuple[int, ...]
    counts_raw: bytes
    made: dict[bool, _Made] = field(default_factory=dict)  # by whether the viewer likes it


@dataclass(slots=True, frozen=True, eq=False)
class _Made:
    """A card, the faces it was made with, and the seconds for which its addresses are the ones to give."""

    card: PhotoCard
    faces: Faces
    since: int
    until: int


#: Those of a photo's `who`, None where the viewer may not see them.
Faces: TypeAlias = "tuple[Face | None, ...]"
T = TypeVar("T")

_photos: dict[int, Known] = {}
_faces: dict[int, Face] = {}
_lock = threading.Lock()  # of whoever writes into these tables


def known(id: int, photo: bytes, counts: bytes) -> Known:
    """What memory's two values of a photo say."""
    found = _photos.get(id)
    if found is not None and found.photo.raw == photo and found.counts_raw == counts:
        return found
    kept = found.photo if found is not None and found.photo.raw == photo else _kept(photo)
    has = _gathered(counts)
    who = (kept.owner_id, *(said.author_id for said in kept.said), *has.likers)
    return _remember(_photos, id, Known(kept, has, who, counts), _REMEMBERED)


def face(id: int, raw: bytes) -> Face:
    """What memory's value of a person says."""
    found = _faces.get(id)
    if found is not None and found.raw == raw:
        return found
    row = orjson.loads(raw)
    row += [row[5] == "active", raw]
    return _remember(_faces, id, Face(*row), 2 * _REMEMBERED)


def _remember(table: dict[int, T], id: int, it: T, most: int) -> T:
    """Put it into a table; who has been there longest makes room."""
    with _lock:
        if len(table) >= most:
            for old in [*islice(table, most // 10)]:
                del table[old]
        table[id] = it
    return it


def _kept(raw: bytes) -> Kept:
    row = orjson.loads(raw)
    for number in (13, 14, 15):
        row[number] = _time(row[number])
    row[17] = _said(row[17])
    row += [None] * (19 - len(row))  # memory may still hold values from before there were places
    row[18] = Spot(*row[18]) if row[18] else None
    row.append(raw)
    return Kept(*row)


def said(raw: bytes) -> tuple[Said, ...]:
    """Comments as PostgreSQL writes them: (id, author, text, entities, at) of each."""
    return _said(orjson.loads(raw))


def _said(rows: list[list[Any]]) -> tuple[Said, ...]:
    return tuple(Said(id, by, text, entities, _at(at)) for id, by, text, entities, at in rows)


def _gathered(raw: bytes) -> Gathered:
    likes, comments, *likers = map(int, raw.split(b","))
    return Gathered(likes, comments, tuple(likers))


def person(known: Face, now: int) -> PersonCard:
    """A face as a card; `now` in seconds since 1970."""
    return _person(known, now // (_ROUND_PRIVATE if known.private else _ROUND_PUBLIC))


@lru_cache(2 * _REMEMBERED)
def _person(known: Face, period: int) -> PersonCard:
    url = ""
    if known.avatar:
        url = urls.signed(
            known.avatar,
            AVATAR,
            photo_generation=0,
            person_generation=known.media_generation,
            private=known.private,
            now=_start_of(period, known.private),
        )
    return PersonCard(known.id, known.username, known.full_name, url, known.private)


def card(of: Known, liked: bool, faces: Faces, now: int) -> PhotoCard:
    """A photo's card, with these faces of its `who`. The owner's is among them."""
    made = of.made.get(liked)
    if made is None or made.faces != faces or not made.since <= now < made.until:
        # The address of a private person's picture lives shorter, and so does a card with one.
        round = _ROUND_PRIVATE if any(face.private for face in faces if face) else _ROUND_PUBLIC
        since = now // round * round
        made = of.made[liked] = _Made(_card(of, liked, faces, since), faces, since, since + round)
    return made.card


def _card(of: Known, liked: bool, faces: Faces, now: int) -> PhotoCard:
    it, has, owner = of.photo, of.gathered, faces[0]
    if owner is None:
        raise ValueError("a card without its owner")
    authors, likers = faces[1 : 1 + len(it.said)], faces[1 + len(it.said) :]
    return PhotoCard(
        id=it.id,
        owner=person(owner, now),
        state=it.state,
        version=it.version,
        caption=it.caption,
        entities=it.entities,
        alt_text=it.alt_text,
        filter=it.filter,
        width=it.width,
        height=it.height,
        placeholder=it.placeholder,
        created_at=it.created_at,
        published_at=it.published_at,
        taken_at=it.taken_at,
        error_code=it.error_code,
        likes=has.likes,
        comments=has.comments,
        liked=liked,
        renditions=_renditions(it, owner, now) if it.state == "published" else {},
        newest_comments=[
            CommentCard(said.id, it.id, person(author, now), said.text, said.entities, said.at)
            for said, author in zip(it.said, authors, strict=True)
            if author is not None
        ],
        newest_likers=[person(liker, now) for liker in likers if liker is not None],
        place=it.place,
    )


def _renditions(it: Kept, by: Face, now: int) -> dict[str, Rendition]:
    made = {}
    token = tokens.of_photo(it.id, it.token)
    for size in recipes.SIZES:
        url = urls.signed(
            token,
            size,
            photo_generation=it.generation,
            person_generation=by.media_generation,
            private=by.private,
            now=datetime.fromtimestamp(now, UTC),
        )
        made[str(size)] = Rendition(url, *recipes.dimensions(it.width, it.height, size))
    return made


def _start_of(period: int, private: bool) -> datetime:
    return datetime.fromtimestamp(period * (_ROUND_PRIVATE if private else _ROUND_PUBLIC), UTC)


def _time(text: str | None) -> datetime | None:
    return None if text is None else _at(text)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
