"""One photo with what was said about it and who likes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heliograph.core import cursor as cursors
from heliograph.core.errors import NotFound
from heliograph.core.paging import Page, clamp
from heliograph.engagement import comments as said
from heliograph.engagement import likes
from heliograph.graph.relations import Outgoing
from heliograph.pages import cards, theirs
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.pages.parts import Said
from heliograph.sharding import sessions
from heliograph.sharding.ids import LARGEST
from heliograph.sharding.sessions import Reader

_KIND = "comments"  # of sealed cursors


@dataclass(frozen=True)
class Whole:
    """A photo with a page of its comments, newest first, and the next newer and older photo of the same person."""

    photo: PhotoCard
    comments: Page[CommentCard]
    newer: int | None
    older: int | None


def one(viewer_id: int | None, photo_id: int) -> PhotoCard:
    """The photo, if the viewer may see it; NotFound otherwise, whatever the reason."""
    return _visible(viewer_id, photo_id, sessions.reader())


def whole(
    viewer_id: int | None, photo_id: int, *, before: int | str | None = None, count: int | None = 50
) -> Whole:
    """The same with what is around it. Raises NotFound.

    Its surroundings are read first, so that the faces of who said something come with the photo; of them is nothing
    told when the photo is not for the viewer.
    """
    reader, wanted = sessions.reader(), clamp(count, 50)
    around = theirs.around(reader, photo_id, before=_place(before) or LARGEST, count=wanted + 1)
    people = {it.author_id for it in around.said[:wanted]}
    look = cards.look(viewer_id, [photo_id], reader=reader, people=people)
    if not look.cards:
        raise NotFound(cause=f"photo {photo_id} for {viewer_id}")
    comments = _page(photo_id, around.said, look.people, wanted)
    return Whole(look.cards[0], comments, around.newer, around.older)


def comments(
    viewer_id: int | None, photo_id: int, *, before: int | str | None = None, count: int | None = 50
) -> Page[CommentCard]:
    """Comments older than `before`, newest first, without those of people the viewer may not see.

    A page may be shorter than `count` although there are more; `next_cursor` says so.
    """
    return whole(viewer_id, photo_id, before=before, count=count).comments


def comment(viewer_id: int | None, photo_id: int, comment_id: int) -> CommentCard:
    """One comment on a photo; NotFound when it is not there for the viewer."""
    reader = sessions.reader()
    _visible(viewer_id, photo_id, reader)
    found = said.load(reader, [comment_id]).get(comment_id)
    author = cards.people(viewer_id, [found.author_id], reader=reader) if found else []
    if found is None or found.photo_id != photo_id or not author:
        raise NotFound(cause=f"comment {comment_id} on {photo_id} for {viewer_id}")
    return CommentCard(found.id, photo_id, author[0], found.text, found.entities, found.created_at)


def likers(viewer_id: int | None, photo_id: int, *, count: int | None = 50) -> list[PersonCard]:
    """The newest people who like the photo, without those the viewer may not see."""
    reader = sessions.reader()
    _visible(viewer_id, photo_id, reader)
    newest = likes.newest(reader, [photo_id], per_photo=clamp(count, 50))
    return cards.people(viewer_id, newest.get(photo_id, []), reader=reader)


def with_likers(
    viewer_id: int, photo_id: int, *, count: int
) -> tuple[PhotoCard, list[PersonCard], dict[int, Outgoing]]:
    """A photo, the newest people who like it as in `likers`, and what the viewer is to each of them."""
    reader = sessions.reader()
    photo = _visible(viewer_id, photo_id, reader)
    newest = likes.newest(reader, [photo_id], per_photo=clamp(count, 50)).get(photo_id, [])
    people, mine = cards.met(viewer_id, newest, reader=reader)
    return photo, people, mine.outgoing(newest)


def _visible(viewer_id: int | None, photo_id: int, reader: Reader) -> PhotoCard:
    found = cards.photos(viewer_id, [photo_id], reader=reader)
    if not found:
        raise NotFound(cause=f"photo {photo_id} for {viewer_id}")
    return found[0]


def _page(
    photo_id: int, found: Sequence[Said], authors: dict[int, PersonCard], wanted: int
) -> Page[CommentCard]:
    """What was said by these authors, of the first `wanted`; one more was found if there is more."""
    more, found = len(found) > wanted, found[:wanted]
    shown = [
        CommentCard(it.id, photo_id, authors[it.author_id], it.text, it.entities, it.at)
        for it in found
        if it.author_id in authors
    ]
    if not more:
        return Page(shown, None)
    last = found[-1].id
    hidden = not shown or shown[-1].id != last
    return Page(shown, cursors.seal(_KIND, last) if hidden else str(last))


def _place(text: int | str | None) -> int | None:
    if isinstance(text, str) and text and not text.isdigit():
        return cursors.number(cursors.unseal(_KIND, text))
    return cursors.number(text)
