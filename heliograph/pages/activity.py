"""What happened to the viewer: as a list of events, and as sentences, one for a photo and what was done to it.

    one index range a kind ──▶ the photos, faces and comments they name ──▶ what the viewer may see of it

An event tells nothing by itself: who is suspended or blocked in either direction is not named, and of a photo that is
not (or no longer) for the viewer nothing is said. A page may be shorter than was asked for although there are more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from heliograph.activity import events, groups
from heliograph.activity.events import Event, Kind, Place
from heliograph.activity.groups import Group
from heliograph.core import cursor as cursors
from heliograph.core.cursor import BadCursor
from heliograph.core.paging import Page, clamp
from heliograph.engagement import comments as said
from heliograph.graph import lists, relations
from heliograph.graph.relations import Outgoing
from heliograph.pages import cards, own
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

LISTED = 50  # events on a page of the API, when nobody says how many
NAMED = 2  # people whom a sentence names, when there are more
_BATCH = 100  # events that are read at once for a page of sentences
_BATCHES = 3
_SENTENCES = 15  # with so many a page is full
_MOST_CROWDS = 20  # photos whose likes a cursor leaves out
MOST_ASKING = 100  # who asks to follow; more are not counted

_KIND = "activity"  # of sealed cursors
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Entry:
    """One event as the viewer may know it."""

    id: str
    kind: Kind
    at: datetime
    actor: PersonCard
    photo: PhotoCard | None
    comment: CommentCard | None


@dataclass(frozen=True)
class Sentence:
    """What one or several people did, newest first. `others`: how many more than `actors`. `new`: not seen yet.

    `outgoing`: what the viewer is to the first of them, where it is about a follow.
    """

    kind: Kind
    at: datetime
    new: bool
    actors: list[PersonCard]
    others: int = 0
    photo: PhotoCard | None = None
    comment: CommentCard | None = None
    outgoing: Outgoing = "none"


@dataclass(frozen=True)
class Activity:
    """A page of sentences. `asking`: who asks to follow, on the first page only. `newest`: of what was not seen."""

    sentences: list[Sentence] = field(default_factory=list)
    next_cursor: str | None = None
    asking: list[PersonCard] = field(default_factory=list)
    newest: datetime | None = None


@dataclass(frozen=True)
class _Shown:
    """What the viewer may see of what some events name, by id."""

    photos: dict[int, PhotoCard]
    people: dict[int, PersonCard]
    comments: dict[int, CommentCard]


def listed(viewer_id: int, *, cursor: str | None = None, count: int | None = LISTED) -> Page[Entry]:
    """Events one by one, newest first, without those that tell what the viewer may not know."""
    reader = sessions.reader()
    wanted = clamp(count, LISTED)
    found = events.newest(reader, viewer_id, _unsealed(viewer_id, cursor)[0], wanted + 1)
    more, found = len(found) > wanted, found[:wanted]
    shown = _shown(reader, viewer_id, found)
    entries = [entry for event in found if (entry := _entry(viewer_id, event, shown))]
    return Page(entries, _sealed(viewer_id, found[-1].place, []) if more else None)


def grouped(viewer_id: int, *, cursor: str | None = None) -> Activity:
    """The same in sentences: three people who like a photo within a day are one."""
    reader = sessions.reader()
    place, crowds = _unsealed(viewer_id, cursor)
    seen_until = events.seen_until(reader, viewer_id)
    found: list[Event] = []
    more = True
    for _ in range(_BATCHES):
        batch = events.newest(reader, viewer_id, place, _BATCH, without=crowds)
        found += batch
        more = len(batch) == _BATCH
        if not more:
            break
        place = batch[-1].place
        # What one photo has by itself must not hide everything else: it is said once, and then passed by.
        crowds = list(dict.fromkeys([*crowds, *groups.crowded(found)]))[-_MOST_CROWDS:]
        if len(groups.of(found, seen_until)) >= _SENTENCES:
            break
    asking = [] if cursor else lists.requests(reader, viewer_id, count=MOST_ASKING)
    times = [event.at for event in found[:1]] + [since for since, _ in asking[:1]]
    return Activity(
        sentences=_sentences(reader, viewer_id, found, seen_until),
        next_cursor=_sealed(viewer_id, place, crowds) if more else None,
        asking=cards.people(viewer_id, [id for _, id in asking], reader=reader),
        newest=max((at for at in times if at > seen_until), default=None),
    )


def unread(viewer_id: int) -> bool:
    """Whether anything has happened since the viewer looked; one round trip."""
    return own.unread(sessions.reader(), viewer_id)


def _sentences(
    reader: Reader, viewer_id: int, found: Sequence[Event], seen_until: datetime
) -> list[Sentence]:
    shown = _shown(reader, viewer_id, found)
    made = [_sentence(viewer_id, group, shown) for group in groups.of(found, seen_until)]
    told = [sentence for sentence in made if sentence is not None]
    about = [sentence.actors[0].id for sentence in told if sentence.kind == "follow"]
    back = relations.outgoing(reader, viewer_id, about)
    return [_with_back(sentence, back) for sentence in told]


def _with_back(sentence: Sentence, back: dict[int, Outgoing]) -> Sentence:
    if sentence.kind != "follow":
        return sentence
    outgoing = back.get(sentence.actors[0].id, "none")
    return Sentence(sentence.kind, sentence.at, sentence.new, sentence.actors, outgoing=outgoing)


def _sentence(viewer_id: int, group: Group, shown: _Shown) -> Sentence | None:
    """The sentence about a group, None when nothing of it is for the viewer."""
    entries = [entry for event in group.events if (entry := _entry(viewer_id, event, shown))]
    if not entries:
        return None
    first, people = entries[0], list({entry.actor.id: entry.actor for entry in entries}.values())
    named = people if len(people) <= NAMED else people[:NAMED]
    number = len(people)
    if group.crowd and first.photo is not None:
        number = max(number, first.photo.likes - int(first.photo.liked))
    return Sentence(group.kind, first.at, group.new, named, number - len(named), first.photo, first.comment)


def _entry(viewer_id: int, event: Event, shown: _Shown) -> Entry | None:
    """One event with what it names; None when the viewer may not see a part of it."""
    actor = shown.people.get(event.actor_id)
    photo = shown.photos.get(event.photo_id)
    comment = shown.comments.get(event.comment_id)
    if actor is None or bool(event.photo_id) != bool(photo) or bool(event.comment_id) != bool(comment):
        return None
    if event.kind == "mention":
        # The text as it is now: the mirror may not have heard of a change yet.
        text = comment.entities if comment else photo.entities if photo else []
        if not any(entity.get("person_id") == viewer_id for entity in text):
            return None
    since = (event.at - _EPOCH) // _MICROSECOND
    id = f"{event.kind}_{event.comment_id or event.photo_id or since}_{event.actor_id}"
    return Entry(id, event.kind, event.at, actor, photo, comment)


def _shown(reader: Reader, viewer_id: int, found: Sequence[Event]) -> _Shown:
    """Photos, faces and comments that these events name, as far as they are for the viewer."""
    photo_ids = list(dict.fromkeys(event.photo_id for event in found if event.photo_id))
    photos = {card.id: card for card in cards.photos(viewer_id, photo_ids, reader=reader)}
    people_ids = list(dict.fromkeys(event.actor_id for event in found))
    people = {card.id: card for card in cards.people(viewer_id, people_ids, reader=reader)}
    comment_ids = {event.comment_id for event in found if event.comment_id and event.photo_id in photos}
    comments = {
        it.id: CommentCard(it.id, it.photo_id, people[it.author_id], it.text, it.entities, it.created_at)
        for it in (said.load(reader, comment_ids, partial=True) if comment_ids else {}).values()
        if it.author_id in people
    }
    return _Shown(photos, people, comments)


def _sealed(viewer_id: int, place: Place, crowds: list[int]) -> str:
    since = (place.at - _EPOCH) // _MICROSECOND
    values = [viewer_id, since, events.KINDS.index(place.kind), place.x, place.y, crowds]
    return cursors.seal(_KIND, orjson.dumps(values).decode())


def _unsealed(viewer_id: int, cursor: str | None) -> tuple[Place, list[int]]:
    if not cursor:
        return events.FIRST, []
    whose, since, rank, x, y, crowds = orjson.loads(cursors.unseal(_KIND, cursor))
    if whose != viewer_id:
        raise BadCursor(cause=f"a cursor of {whose} for {viewer_id}")
    return Place(_EPOCH + since * _MICROSECOND, events.KINDS[rank], x, y), crowds
