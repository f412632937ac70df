"""A person's page: who they are, their photos, whom they follow, who follows them, who asks to.

Blocked, in either direction, looks like nobody. A private person is a name and a face to a stranger; photos,
lists and numbers are for those they let in. Lists are paged by (since, id), so that the thousandth page of a
list costs what the first one does; cursors are sealed, since the last person of a page may be one that the
viewer does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from heliograph.accounts import home, names
from heliograph.accounts.home import Counters, Home
from heliograph.accounts.models import Person
from heliograph.core import cursor as cursors
from heliograph.core.cursor import BadCursor
from heliograph.core.errors import NotAllowed, NotFound
from heliograph.core.paging import Page, clamp
from heliograph.graph import lists, relations, visibility
from heliograph.graph.lists import Lister, Place
from heliograph.media import photos as rows
from heliograph.pages import cards
from heliograph.pages.cards import PersonCard, PhotoCard
from heliograph.sharding import sessions
from heliograph.sharding.ids import LARGEST
from heliograph.sharding.sessions import Reader

__all__ = ["PersonCard", "PhotoCard", "Profile", "Relationship", "one", "photos", "relationship"]

PEOPLE = 50  # on a page, when nobody says how many
REFILLS = 3  # people whom the viewer may not see leave gaps; a page is filled up so often

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PrivatePerson(NotAllowed):
    """This account is private."""

    code = "private"


@dataclass(frozen=True)
class Relationship:
    """What there is between the viewer and a person, in the words of the API."""

    outgoing_status: relations.Outgoing
    incoming_status: relations.Incoming
    target_user_is_private: bool


@dataclass(frozen=True)
class Profile:
    """A person as the viewer may know them. The three numbers are 0 when their photos are not `visible`."""

    person: PersonCard
    bio: str
    website: str
    photos: int
    followers: int
    following: int
    relationship: Relationship | None
    visible: bool


def one(viewer_id: int | None, person: int | str) -> Profile:
    """Somebody by id or username. NotFound also for who is suspended, or blocked in either direction.

    `relationship` is None for oneself, and for a viewer who is not signed in.
    """
    reader = sessions.reader()
    person_id = _id_of(person)
    between, visible = _standing(reader, viewer_id, person_id)
    found = home.whole(reader.at(person_id), person_id)
    face = cards.face(person_id, reader=reader)
    if found is None or face is None:
        raise NotFound(cause=f"{person} for {viewer_id}")
    return _profile(face, found[0], found[1] if visible else Counters(), between, visible)


def _standing(reader: Reader, viewer_id: int | None, person_id: int) -> tuple[Relationship | None, bool]:
    """What there is between the two, and whether the photos are for the viewer. Raises NotFound."""
    if viewer_id is None:
        standing = visibility.standings(reader, None, [person_id]).get(person_id)
        if standing is None:
            raise NotFound(cause=f"{person_id} for nobody")
        return None, not standing.private
    between = _relationship(reader, viewer_id, person_id)
    if between.incoming_status == "blocked_by_you":
        raise NotFound(cause=f"{person_id} for {viewer_id}")
    if viewer_id == person_id:
        return None, True
    return between, not between.target_user_is_private or between.outgoing_status == "follows"


def _profile(
    face: PersonCard, found: Home, numbers: Counters, between: Relationship | None, visible: bool
) -> Profile:
    return Profile(
        person=face,
        bio=found.bio,
        website=found.website,
        photos=numbers.photos,
        followers=numbers.followers,
        following=numbers.following,
        relationship=between,
        visible=visible,
    )


def relationship(viewer_id: int, person_id: int) -> Relationship:
    """What there is between the two. NotFound for who is not there for the viewer; whom one blocks oneself is."""
    return _relationship(sessions.reader(), viewer_id, person_id)


def _relationship(reader: Reader, viewer_id: int, person_id: int) -> Relationship:
    found = relations.between(reader, viewer_id, person_id)
    if found is None:
        raise NotFound(cause=f"{person_id} for {viewer_id}")
    return Relationship(found.outgoing, found.incoming, found.private)


def photos(
    viewer_id: int | None,
    person_id: int,
    *,
    count: int | None = 20,
    max_id: int | str | None = None,
    min_id: int | str | None = None,
    cursor: str | None = None,
    let_in: bool = False,
) -> Page[PhotoCard]:
    """Somebody's published photos, newest first. Raises NotFound; PrivatePerson when they are not for the viewer.

    `let_in`: a Profile has just said that they are visible; the cards look at each photo's owner once more.
    """
    reader = sessions.reader()
    if not let_in:
        _let_in(reader, viewer_id, person_id)
    wanted = clamp(count)
    below, above = cursors.number(cursor or max_id), cursors.number(min_id)
    ids = [
        photo.id
        for photo in rows.of_owner(
            reader.at(person_id), person_id, below=below or LARGEST, above=above or 0, count=wanted + 1
        )
    ]
    more, ids = len(ids) > wanted, ids[:wanted]
    shown = cards.photos(viewer_id, ids, reader=reader)
    return Page(shown, str(ids[-1]) if more else None)


def followers(
    viewer_id: int | None,
    person_id: int,
    *,
    cursor: str | None = None,
    count: int | None = PEOPLE,
    let_in: bool = False,
) -> Page[PersonCard]:
    """Who follows somebody, newest first. Raises NotFound, PrivatePerson, unless known to be `let_in`."""
    return _list(viewer_id, person_id, "followers", lists.followers, cursor, count, let_in)


def following(
    viewer_id: int | None,
    person_id: int,
    *,
    cursor: str | None = None,
    count: int | None = PEOPLE,
    let_in: bool = False,
) -> Page[PersonCard]:
    """Whom somebody follows, newest first. Raises NotFound, PrivatePerson, unless known to be `let_in`."""
    return _list(viewer_id, person_id, "following", lists.following, cursor, count, let_in)


def requested_by(
    viewer_id: int, *, cursor: str | None = None, count: int | None = PEOPLE
) -> Page[PersonCard]:
    """Who asks to follow the viewer and waits for an answer, newest first."""
    return _people(sessions.reader(), viewer_id, viewer_id, "requests", lists.requests, cursor, count)


def blocked_by(viewer_id: int, *, cursor: str | None = None, count: int | None = PEOPLE) -> Page[PersonCard]:
    """Whom the viewer blocks, newest first: the one page on which they are still to be seen."""
    reader = sessions.reader()
    return _people(reader, None, viewer_id, "blocked", lists.blocked, cursor, count)


def _id_of(person: int | str) -> int:
    if isinstance(person, int):
        return person
    id = Person.objects.filter(username=names.fold(person)).values_list("id", flat=True).first()
    if id is None:
        raise NotFound(cause=f"@{person[:40]}")
    return id


def _let_in(reader: Reader, viewer_id: int | None, person_id: int) -> None:
    standing = visibility.standings(reader, viewer_id, [person_id]).get(person_id)
    if standing is None:
        raise NotFound(cause=f"{person_id} for {viewer_id}")
    if standing.private and not standing.permitted and person_id != viewer_id:
        raise PrivatePerson(cause=f"{person_id} for {viewer_id}")


def _list(
    viewer_id: int | None,
    person_id: int,
    kind: str,
    lister: Lister,
    cursor: str | None,
    count: int | None,
    let_in: bool,
) -> Page[PersonCard]:
    reader = sessions.reader()
    if not let_in:
        _let_in(reader, viewer_id, person_id)
    return _people(reader, viewer_id, person_id, kind, lister, cursor, count)


def _people(
    reader: Reader,
    viewer_id: int | None,
    person_id: int,
    kind: str,
    lister: Lister,
    cursor: str | None,
    count: int | None,
) -> Page[PersonCard]:
    """A page of a list of `person_id`, without those whom the viewer may not see."""
    wanted = clamp(count, PEOPLE)
    place = _unsealed(kind, person_id, cursor)
    shown: list[PersonCard] = []
    more = True
    for _ in range(1 + REFILLS):
        missing = wanted - len(shown)
        places = lister(reader, person_id, place, missing + 1)
        more, places = len(places) > missing, places[:missing]
        shown += cards.people(viewer_id, [id for _, id in places], reader=reader)
        if places:
            place = places[-1]
        if not more or len(shown) >= wanted:
            break
    return Page(shown, _sealed(kind, person_id, place) if more else None)


def _sealed(kind: str, person_id: int, place: Place) -> str:
    since, id = place
    return cursors.seal(kind, f"{person_id}:{(since - _EPOCH) // _MICROSECOND}:{id}")


def _unsealed(kind: str, person_id: int, cursor: str | None) -> Place:
    if not cursor:
        return lists.FIRST
    whose, since, id = cursors.unseal(kind, cursor).split(":")
    if int(whose) != person_id:
        raise BadCursor(cause=f"a cursor of {whose} for {person_id}")
    return _EPOCH + int(since) * _MICROSECOND, int(id)
