"""One photo with what was said about it and who likes it."""

from __future__ import annotations

from heliograph.core import cursor as cursors
from heliograph.core.errors import NotFound
from heliograph.core.paging import Page, clamp
from heliograph.engagement import comments as said
from heliograph.engagement import likes
from heliograph.pages import cards
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

_KIND = "comments"  # of sealed cursors


def one(viewer_id: int | None, photo_id: int) -> PhotoCard:
    """The photo, if the viewer may see it; NotFound otherwise, whatever the reason."""
    return _visible(viewer_id, photo_id, sessions.reader())


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
