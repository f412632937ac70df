"""An account whose days of grace are over is emptied: chunk after chunk by the deeds that people do themselves.

A photo is deleted, a like is taken back, a comment is removed, a follow ends: each goes its usual way to the other
side, is counted there and compared by the audit. At last the person's row at home and in the directory lose everything
but the id, which rows of others may name: that somebody was blocked, followed once, or mentioned in a text.

One chunk is one job, which makes the next. All may run twice, at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeAlias

from heliograph.accounts import departure, home, names, states
from heliograph.accounts.home import Home
from heliograph.activity import events
from heliograph.core import clock, metrics
from heliograph.core.errors import NotFound
from heliograph.engagement import comments, likes
from heliograph.feed import home as feeds
from heliograph.flows import comment, delete_photo, edit_profile, follow, homes, revoke
from heliograph.graph import blocks, follows, lists
from heliograph.media import photos, upload_rows, uploads
from heliograph.sharding import in_flight, sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.periodic import periodic
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

CHUNK: Final = 200  # rows of one job
LATER: Final = timedelta(minutes=10)  # when something of theirs is still on its way
_DAY: Final = 24 * 3600  # seconds

#: (person, after) -> ids that were looked at, ascending; the next chunk begins after the last one
Step: TypeAlias = Callable[[PersonId, int], Sequence[int]]


@task("empty_account.v1", lane="slow")
def begin(person_id: PersonId) -> None:
    """The days of grace are over. Does nothing when they have stayed, or have asked again since."""
    if in_flight.mirrored([person_id], but="face"):
        # What they said last may not be known at their home yet, and would be missed.
        later = clock.now() + LATER
        homes.write(person_id, lambda tx: tx.enqueue("empty_account.v1", person_id=person_id, run_at=later))
        return
    now = clock.now()

    def change(person: Home) -> Home:
        due = person.state == states.DELETING and person.leaves_at is not None and person.leaves_at <= now
        return replace(person, leaves_at=None) if due else person

    def body(tx: Tx) -> None:
        edit_profile.keep(tx, person_id, change)
        if _leaving(home.lock(tx, [person_id])[person_id]):
            _next(tx, person_id, 0, 0)

    homes.write(person_id, body, repeatable=True)


@task("empty_account_step.v1", lane="slow")
def go_on(person_id: PersonId, step: int, after: int) -> None:
    """One chunk of one step, and a job for what comes then."""
    person = home.load(sessions.reader(), [person_id]).get(person_id)
    if person is None or not _leaving(person):
        return
    done = STEPS[step](person_id, after)
    step, after = (step, done[-1]) if len(done) == CHUNK else (step + 1, 0)
    if step < len(STEPS):
        sessions.write(person_id, lambda tx: _next(tx, person_id, step, after))


def _leaving(person: Home) -> bool:
    return person.state == states.DELETING and person.leaves_at is None


def _next(tx: Tx, person_id: PersonId, step: int, after: int) -> None:
    lock = f"empty:{person_id}:{step}:{after}"  # whoever runs twice makes one next job
    tx.enqueue("empty_account_step.v1", person_id=person_id, step=step, after=after, queueing_lock=lock)


def _photos(person_id: PersonId, after: int) -> Sequence[int]:
    ids = photos.not_deleted(sessions.reader().at(person_id), person_id, after=after, count=CHUNK)
    for photo_id in ids:
        _unless_gone(lambda photo_id=photo_id: delete_photo.delete(person_id, photo_id))  # type: ignore[misc]
    return ids


def _likes(person_id: PersonId, after: int) -> Sequence[int]:
    def body(tx: Tx) -> list[int]:
        ids = likes.of_person(tx, person_id, after=after, count=CHUNK)
        for photo_id in ids:
            if likes.remove(tx, person_id, photo_id):
                tx.noted("like", person_id, photo_id)
        return ids

    return sessions.write(person_id, body, repeatable=True)


def _comments(person_id: PersonId, after: int) -> Sequence[int]:
    said = comments.of_person(sessions.reader().at(person_id), person_id, after=after, count=CHUNK)
    for comment_id, photo_id in said:
        _unless_gone(lambda c=comment_id, p=photo_id: comment.remove(person_id, p, c))  # type: ignore[misc]
    return [comment_id for comment_id, _ in said]


def _follows(listed: Callable[..., list[int]], end: Callable[..., follows.Change | None]) -> Step:
    """The step that ends every follow on one of the person's two sides."""

    def step(person_id: PersonId, after: int) -> Sequence[int]:
        def body(tx: Tx) -> list[int]:
            home.lock_counters(tx, [person_id])
            ids = listed(tx, person_id, after=after, count=CHUNK)
            changes = [end(tx, person_id, other_id) for other_id in ids]
            follow.spread(tx, [change for change in changes if change])
            return ids

        return sessions.write(person_id, body, repeatable=True)

    return step


def _blocks(person_id: PersonId, after: int) -> Sequence[int]:
    def body(tx: Tx) -> list[int]:
        ids = lists.blocked_ids(tx, person_id, after=after, count=CHUNK)
        gone = [target_id for target_id in ids if blocks.unblock(tx, person_id, target_id)]
        tx.project_all("block", [(person_id, target_id) for target_id in gone])
        return ids

    return sessions.write(person_id, body, repeatable=True)


def _uploads(person_id: PersonId, after: int) -> Sequence[int]:
    for file in sessions.write(person_id, lambda tx: upload_rows.remove_unused(tx, person_id)):
        uploads.forget(file)
    return ()


def _directory(person_id: PersonId, after: int) -> Sequence[int]:
    """Before the home: while that is not empty, this is done again."""

    def body(tx: sessions.DirectoryTx) -> None:
        revoke.everything(tx, person_id)
        departure.empty(person_id)

    sessions.directory(body)
    return ()


def _home(person_id: PersonId, after: int) -> Sequence[int]:
    """The last step: what stays is an empty row."""

    def empty(person: Home) -> Home:
        blank = {"full_name": "", "bio": "", "website": "", "avatar": ""}
        return replace(person, username=names.of_nobody(person_id), state=states.DELETED, **blank)  # type: ignore[arg-type]

    def body(tx: Tx) -> None:
        before = edit_profile.keep(tx, person_id, empty)
        if before.avatar:
            tx.enqueue("remove_avatar.v1", person_id=person_id, token=before.avatar)
        events.forget(tx, person_id)
        tx.after_commit(lambda: feeds.forget([person_id]))

    homes.write(person_id, body, repeatable=True)
    metrics.count("accounts_deleted_total")
    return ()


def _unless_gone(deed: Callable[[], object]) -> None:
    try:
        deed()
    except NotFound:
        pass  # another runner was here, or its photo is gone


#: In this order; a part that keeps something of people adds a step before the last two.
STEPS: Final[tuple[Step, ...]] = (
    _photos,
    _likes,
    _comments,
    _follows(lists.wished_ids, follows.withdraw),
    _follows(lists.wishing_ids, follows.refuse),
    _blocks,
    _uploads,
    _directory,
    _home,
)


@periodic(_DAY)
def free_names() -> None:
    """Names that have rested long enough are anybody's again."""
    sessions.directory(lambda tx: departure.sweep())
