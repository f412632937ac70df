"""A person's page: who they are, their photos, whom they follow, who follows them, who asks to.

Blocked, in either direction, looks like nobody. A private person is a name and a face to a stranger; photos,
lists and numbers are for those they let in. Lists are paged by (since, id), so that the thousandth page of a
list costs what the first one does; cursors are sealed, since the last person of a page may be one that the
viewer does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from heliograph.accounts import names
from heliograph.accounts.home import Counters
from heliograph.core import cursor as cursors
from heliograph.core.cursor import BadCursor
from heliograph.core.errors import NotAllowed, NotFound
from heliograph.core.paging import Page, clamp
from heliograph.graph import lists, relations, visibility
from heliograph.graph.lists import Lister, Place
from heliograph.graph.relations import Outgoing
from heliograph.media import photos as rows
from heliograph.pages import cards, own, theirs
from heliograph.pages.cards import PersonCard, PhotoCard
from heliograph.pages.own import Own
from heliograph.pages.theirs import Listed, There
from heliograph.sharding import sessions
from heliograph.sharding.ids import LARGEST
from heliograph.sharding.sessions import Reader

__all__ = [
    "PersonCard",
    "PhotoCard",
    "Profile",
    "Relationship",
    "WithPeople",
    "one",
    "photos",
    "relationship",
]

PEOPLE = 50  # on a page, when nobody says how many
REFILLS = 3  # people whom the viewer may not see leave gaps; a page is filled up so often

_KNOWN = 20_000  # people by name whom this process remembers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ids: dict[str, int] = {}  # by username: who it was last time. Their own row says whether it is still theirs


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


@dataclass(frozen=True)
class WithPeople:
    """A person with a page of those who follow them, or whom they follow. `outgoing`: what the viewer is to each."""

    profile: Profile
    people: Page[PersonCard]
    outgoing: dict[int, Outgoing] = field(default_factory=dict)


class _Kind(NamedTuple):
    """A list of people. `along` travels with the question for the person whose list it is."""

    name: str
    lister: Lister
    along: Callable[[Place, int], Listed]


_FOLLOWERS = _Kind("followers", lists.followers, theirs.followers)
_FOLLOWING = _Kind("following", lists.following, theirs.following)


class _Batch(NamedTuple):
    """The next of a list: one more than were missing, if there are more; who of them is for the viewer; and what the
    viewer is to them."""

    places: list[Place]
    people: list[PersonCard]
    mine: Own


def one(viewer_id: int | None, person: int | str) -> Profile:
    """Somebody by id or username. NotFound also for who is suspended, or blocked in either direction.

    `relationship` is None for oneself, and for a viewer who is not signed in.
    """
    reader = sessions.reader()
    there = _there(reader, viewer_id, person)
    other_id = _other(viewer_id, there)
    mine = own.standing(reader, viewer_id, (), (), other_id=other_id) if other_id else own.NOBODY
    return _profile(viewer_id, there, mine)


def with_photos(
    viewer_id: int | None, username: str, *, count: int | None = 20, cursor: str | None = None
) -> tuple[Profile, Page[PhotoCard]]:
    """The same with their photos, newest first; none where the profile is not `visible`."""
    reader, wanted = sessions.reader(), clamp(count)
    listed = theirs.photos(cursors.number(cursor) or LARGEST, wanted + 1)
    there = _there(reader, viewer_id, username, listed)
    ids = there.ids()
    look = cards.look(viewer_id, ids[:wanted], reader=reader, other_id=_other(viewer_id, there))
    profile = _profile(viewer_id, there, look.own)
    if not profile.visible:
        return profile, Page()
    return profile, Page(look.cards, str(ids[wanted - 1]) if len(ids) > wanted else None)


def with_followers(
    viewer_id: int, username: str, *, cursor: str | None = None, count: int | None = PEOPLE
) -> WithPeople:
    """The same with who follows them, newest first. Raises PrivatePerson where that is not for the viewer."""
    return _with_people(viewer_id, username, _FOLLOWERS, cursor, clamp(count, PEOPLE))


def with_following(
    viewer_id: int, username: str, *, cursor: str | None = None, count: int | None = PEOPLE
) -> WithPeople:
    """The same with whom they follow, newest first. Raises PrivatePerson where that is not for the viewer."""
    return _with_people(viewer_id, username, _FOLLOWING, cursor, clamp(count, PEOPLE))


def _with_people(viewer_id: int, username: str, kind: _Kind, cursor: str | None, count: int) -> WithPeople:
    reader, (whose, place) = sessions.reader(), _unsealed(kind.name, cursor)
    there = _there(reader, viewer_id, username, kind.along(place, count + 1))
    person_id, places = there.face.id, there.places()
    ids = [id for _, id in places[:count]]
    people, mine = cards.met(viewer_id, ids, reader=reader, other_id=_other(viewer_id, there))
    profile = _profile(viewer_id, there, mine)
    if not profile.visible:
        raise PrivatePerson(cause=f"{person_id} for {viewer_id}")
    _check(whose, person_id)
    walk = _Walk(reader, viewer_id, person_id, kind.name, kind.lister)
    page, outgoing = walk.filled(_Batch(places, people, mine), place, count)
    return WithPeople(profile, page, outgoing)


def _there(reader: Reader, viewer_id: int | None, person: int | str, listed: Listed | None = None) -> There:
    """Somebody as their own shard tells the viewer of them. Raises NotFound."""
    if isinstance(person, int):
        found = theirs.of(reader, viewer_id, person, listed)
    else:
        found = _named(reader, viewer_id, names.fold(person), listed)
    if found is None:
        raise NotFound(cause=f"{person} for {viewer_id}")
    return found


def _named(reader: Reader, viewer_id: int | None, name: str, listed: Listed | None) -> There | None:
    """Who is called so. The directory is asked when this process does not know, or knows somebody who is not there, or
    not under this name any more."""
    guessed = _ids.get(name)
    if guessed is not None:
        found = theirs.of(reader, viewer_id, guessed, listed)
        if found is not None and found.face.username == name:
            return found
    id = names.id_of(reader.directory, name)
    if id is None or id == guessed:
        return None
    if len(_ids) >= _KNOWN:
        _ids.clear()
    _ids[name] = id
    return theirs.of(reader, viewer_id, id, listed)


def _other(viewer_id: int | None, there: There) -> int | None:
    """The person between whom and the viewer there may be something."""
    return None if viewer_id is None or viewer_id == there.face.id else there.face.id


def _profile(viewer_id: int | None, there: There, mine: Own) -> Profile:
    between, visible = _standing(viewer_id, there, mine)
    numbers = there.counters if visible else Counters()
    return Profile(
        person=cards.as_card(there.face),
        bio=there.bio,
        website=there.website,
        photos=numbers.photos,
        followers=numbers.followers,
        following=numbers.following,
        relationship=between,
        visible=visible,
    )


def _standing(viewer_id: int | None, there: There, mine: Own) -> tuple[Relationship | None, bool]:
    """What there is between the two, and whether the photos are for the viewer. Raises NotFound."""
    private = there.face.private
    if viewer_id is None:
        return None, not private
    if mine.between is None:
        return None, viewer_id == there.face.id
    between = relations.of(private, *there.answer, mine.between)
    if between.incoming == "blocked_by_you":
        raise NotFound(cause=f"{there.face.id} for {viewer_id}")
    relationship = Relationship(between.outgoing, between.incoming, private)
    return relationship, not private or between.outgoing == "follows"


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
) -> Page[PhotoCard]:
    """Somebody's published photos, newest first. Raises NotFound; PrivatePerson when they are not for the viewer."""
    reader = sessions.reader()
    _let_in(reader, viewer_id, person_id)
    wanted = clamp(count)
    below, above = cursors.number(cursor or max_id), cursors.number(min_id)
    ids = rows.ids_of_owner(
        reader.at(person_id), person_id, below=below or LARGEST, above=above or 0, count=wanted + 1
    )
    more, ids = len(ids) > wanted, ids[:wanted]
    shown = cards.photos(viewer_id, ids, reader=reader)
    return Page(shown, str(ids[-1]) if more else None)


def followers(
    viewer_id: int | None,
    person_id: int,
    *,
    cursor: str | None = None,
    count: int | None = PEOPLE,
) -> Page[PersonCard]:
    """Who follows somebody, newest first. Raises NotFound, PrivatePerson."""
    return _list(viewer_id, person_id, _FOLLOWERS, cursor, count)


def following(
    viewer_id: int | None,
    person_id: int,
    *,
    cursor: str | None = None,
    count: int | None = PEOPLE,
) -> Page[PersonCard]:
    """Whom somebody follows, newest first. Raises NotFound, PrivatePerson."""
    return _list(viewer_id, person_id, _FOLLOWING, cursor, count)


def requested_by(
    viewer_id: int, *, cursor: str | None = None, count: int | None = PEOPLE
) -> Page[PersonCard]:
    """Who asks to follow the viewer and waits for an answer, newest first."""
    walk = _Walk(sessions.reader(), viewer_id, viewer_id, "requests", lists.requests)
    return walk.page(cursor, clamp(count, PEOPLE))


def blocked_by(viewer_id: int, *, cursor: str | None = None, count: int | None = PEOPLE) -> Page[PersonCard]:
    """Whom the viewer blocks, newest first: the one page on which they are still to be seen."""
    walk = _Walk(sessions.reader(), None, viewer_id, "blocked", lists.blocked)
    return walk.page(cursor, clamp(count, PEOPLE))


def _let_in(reader: Reader, viewer_id: int | None, person_id: int) -> None:
    standing = visibility.standings(reader, viewer_id, [person_id]).get(person_id)
    if standing is None:
        raise NotFound(cause=f"{person_id} for {viewer_id}")
    if standing.private and not standing.permitted and person_id != viewer_id:
        raise PrivatePerson(cause=f"{person_id} for {viewer_id}")


def _list(
    viewer_id: int | None, person_id: int, kind: _Kind, cursor: str | None, count: int | None
) -> Page[PersonCard]:
    reader = sessions.reader()
    _let_in(reader, viewer_id, person_id)
    walk = _Walk(reader, viewer_id, person_id, kind.name, kind.lister)
    return walk.page(cursor, clamp(count, PEOPLE))


@dataclass(frozen=True)
class _Walk:
    """Through a list of `person_id`, without those whom the viewer may not see."""

    reader: Reader
    viewer_id: int | None
    person_id: int
    kind: str
    lister: Lister

    def page(self, cursor: str | None, count: int) -> Page[PersonCard]:
        whose, place = _unsealed(self.kind, cursor)
        _check(whose, self.person_id)
        return self.filled(_batch(self, place, count), place, count)[0]

    def filled(self, batch: _Batch, place: Place, count: int) -> tuple[Page[PersonCard], dict[int, Outgoing]]:
        """A page that begins with this batch, which begins at `place`; and what the viewer is to those on it."""
        shown: list[PersonCard] = []
        outgoing: dict[int, Outgoing] = {}
        for refills_left in range(REFILLS, -1, -1):
            missing = count - len(shown)
            more, places = len(batch.places) > missing, batch.places[:missing]
            shown += batch.people
            outgoing |= batch.mine.outgoing([person.id for person in batch.people])
            if places:
                place = places[-1]
            if not more or len(shown) >= count or not refills_left:
                break
            batch = _batch(self, place, count - len(shown))
        return Page(shown, _sealed(self.kind, self.person_id, place) if more else None), outgoing


def _batch(walk: _Walk, place: Place, missing: int) -> _Batch:
    places = walk.lister(walk.reader, walk.person_id, place, missing + 1)
    ids = [id for _, id in places[:missing]]
    return _Batch(places, *cards.met(walk.viewer_id, ids, reader=walk.reader))


def _sealed(kind: str, person_id: int, place: Place) -> str:
    since, id = place
    return cursors.seal(kind, f"{person_id}:{(since - _EPOCH) // _MICROSECOND}:{id}")


def _unsealed(kind: str, cursor: str | None) -> tuple[int | None, Place]:
    """Whose list it is of, and the place in it. None: anybody's, from its beginning."""
    if not cursor:
        return None, lists.FIRST
    whose, since, id = cursors.unseal(kind, cursor).split(":")
    return int(whose), (_EPOCH + int(since) * _MICROSECOND, int(id))


def _check(whose: int | None, person_id: int) -> None:
    if whose not in (None, person_id):
        raise BadCursor(cause=f"a cursor of {whose} for {person_id}")
