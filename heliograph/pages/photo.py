"""One photo with what was said about it and who likes it."""

from __future__ import annotations

from heliograph.core import cursor as cursors
from heliograph.core.errors import NotFound
from heliograph.core.paging import Page, clamp
from heliograph.engagement import comments as said
from heliograph.engagement import likes
from heliograph.media import photos
from heliograph.pages import cards
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

_KIND = "comments"  # of sealed cursors


def one(viewer_id: int | None, photo_id: int) -> PhotoCard:
    """The photo, if the viewer may see it; NotFound otherwise, whatever the reason."""
    return _visible(viewer_id, photo_id, sessions.reader())


def beside(photo: PhotoCard) -> tuple[int | None, int | None]:
    """The next newer and the next older photo of the same person: who sees this one, sees those."""
    return photos.beside(sessions.reader().at(photo.id), photo.owner.id, photo.id)


def comments(
    viewer_id: int | None, photo_id: int, *, before: int | str | None = None, count: int | None = 50
) -> Page[CommentCard]:
    """Comments older than `before`, newest first, without those of people the viewer may not see.

    A page may be shorter than `count` although there are more; `next_cursor` says so.
    """
    reader = sessions.reader()
    _visible(viewer_id, photo_id, reader)
    wanted = clamp(count, 50)
    found = said.page(reader, photo_id, before=_place(before), count=wanted + 1)
    more, found = len(found) > wanted, found[:wanted]
    authors = {
        card.id: card
        for card in cards.people(viewer_id, sorted({it.author_id for it in found}), reader=reader)
    }
    shown = [
        CommentCard(it.id, it.photo_id, authors[it.author_id], it.text, it.entities, it.created_at)
        for it in found
        if it.author_id in authors
    ]
    if not more:
        return Page(shown, None)
    last = found[-1].id
    hidden = not shown or shown[-1].id != last
    return Page(shown, cursors.seal(_KIND, last) if hidden else str(last))


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


def _visible(viewer_id: int | None, photo_id: int, reader: Reader) -> PhotoCard:
    found = cards.photos(viewer_id, [photo_id], reader=reader)
    if not found:
        raise NotFound(cause=f"photo {photo_id} for {viewer_id}")
    return found[0]


def _place(text: int | str | None) -> int | None:
    if isinstance(text, str) and text and not text.isdigit():
        return cursors.number(cursors.unseal(_KIND, text))
    return cursors.number(text)
