"""What cards are put together from, and the putting together: pure, and remembered by content.

Values come as the bytes that memory keeps. The same bytes give the same object, from a small table in this
process: it is never stale, since whatever changes a value changes its bytes. In the same way the same objects give
the same card. Addresses of pictures are signed here, a few dozen a page: remembered, they cost nothing
(docs/benchmarks.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from heliograph.media import recipes, tokens, urls
from heliograph.media.places.spots import Spot

_REMEMBERED = 2000  # cards, each about 2 KB
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
    """A person as memory keeps them."""

    id: int
    username: str
    full_name: str
    avatar: str
    private: bool
    state: str
    media_generation: int
    active: bool


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
    people: frozenset[int]  # whose faces the card shows, but for its likers


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a photo has gathered, as memory keeps it: two counts, and the newest likers' ids, newest first."""

    likes: int
    comments: int
    likers: tuple[int, ...]


@lru_cache(_REMEMBERED)
def kept(raw: bytes) -> Kept:
    row = orjson.loads(raw)
    for number in (13, 14, 15):
        row[number] = _time(row[number])
    row[17] = tuple(Said(id, by, text, entities, _at(at)) for id, by, text, entities, at in row[17])
    row += [None] * (19 - len(row))  # memory may still hold values from before there were places
    row[18] = Spot(*row[18]) if row[18] else None
    row.append(frozenset((row[1], *(comment.author_id for comment in row[17]))))
    return Kept(*row)


@lru_cache(_REMEMBERED)
def gathered(raw: bytes) -> Gathered:
    likes, comments, *likers = map(int, raw.split(b","))
    return Gathered(likes, comments, tuple(likers))


@lru_cache(2 * _REMEMBERED)
def face(raw: bytes) -> Face:
    row = orjson.loads(raw)
    row.append(row[5] == "active")
    return Face(*row)


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


def photo(
    it: Kept,
    has: Gathered,
    liked: bool,
    owner: Face,
    authors: tuple[Face | None, ...],
    likers: tuple[Face, ...],
    now: int,
    *,
    private: bool,
) -> PhotoCard:
    """A card. `authors`: the faces of its comments' authors in their order, None where the viewer may not see them.

    `likers`: the faces of those the viewer may see. `private`: an author or a liker is, so the addresses of faces
    live shorter, and the card is made anew more often.
    """
    period = now // (_ROUND_PRIVATE if owner.private else _ROUND_PUBLIC)
    round = _ROUND_PRIVATE if private else _ROUND_PUBLIC
    return _photo(it, has, liked, owner, authors, likers, period, now // round * round)


@lru_cache(_REMEMBERED)
def _photo(
    it: Kept,
    has: Gathered,
    liked: bool,
    owner: Face,
    authors: tuple[Face | None, ...],
    likers: tuple[Face, ...],
    period: int,
    now: int,
) -> PhotoCard:
    return PhotoCard(
        id=it.id,
        owner=_person(owner, period),
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
        renditions=_renditions(it, owner, period) if it.state == "published" else {},
        newest_comments=[
            CommentCard(said.id, it.id, person(author, now), said.text, said.entities, said.at)
            for said, author in zip(it.said, authors, strict=True)
            if author is not None
        ],
        newest_likers=[person(liker, now) for liker in likers],
        place=it.place,
    )


def _renditions(it: Kept, by: Face, period: int) -> dict[str, Rendition]:
    made = {}
    token = tokens.of_photo(it.id, it.token)
    for size in recipes.SIZES:
        url = urls.signed(
            token,
            size,
            photo_generation=it.generation,
            person_generation=by.media_generation,
            private=by.private,
            now=_start_of(period, by.private),
        )
        made[str(size)] = Rendition(url, *recipes.dimensions(it.width, it.height, size))
    return made


def _start_of(period: int, private: bool) -> datetime:
    return datetime.fromtimestamp(period * (_ROUND_PRIVATE if private else _ROUND_PUBLIC), UTC)


def _time(text: str | None) -> datetime | None:
    return None if text is None else _at(text)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
