"""What people left on a photo that was deleted: every comment is deleted, every like is refused, in chunks.

Both go the ways they always go. A comment loses its words and its author's mirror goes off; a like goes off where
it was made, under a new version, and is counted down beside the photo. The rows are swept later (flows/sweep.py).
Nothing can be added meanwhile: a deleted photo is for nobody.
"""

from __future__ import annotations

from collections import defaultdict

from heliograph.engagement import comments, likes
from heliograph.flows import comment as _mirrors_comments  # noqa: F401
from heliograph.flows import like, mention
from heliograph.media import photos
from heliograph.sharding import sessions
from heliograph.sharding.ids import shard_of
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

CHUNK = 500  # comments in one transaction, likes in one job


@task("clear_photo.v1", lane="slow")
def clear(photo_id: int, after: int = 0) -> None:
    """Comments first, then the likes of actors above `after`, one chunk and a job for the next. May be repeated."""
    photo = photos.load(sessions.reader(), [photo_id]).get(photo_id)
    if photo is None or photo.state != "deleted":
        return
    if not after:
        while sessions.write(photo_id, lambda tx: _hush(tx, photo_id)):
            pass
    standing = likes.standing(sessions.reader().at(photo_id), photo_id, after=after, count=CHUNK)
    _refuse(standing)
    if len(standing) == CHUNK:
        last = standing[-1][0]
        sessions.write(photo_id, lambda tx: tx.enqueue("clear_photo.v1", photo_id=photo_id, after=last))


def _hush(tx: Tx, photo_id: int) -> int:
    gone = comments.hush(tx, photo_id, count=CHUNK)
    tx.project_all("commented", [(said.id, said.author_id) for said in gone])
    for said in gone:
        mention.in_comment(tx, said.id, said.entities)
    return len(gone)


def _refuse(standing: list[likes.Like]) -> None:
    """As if each had arrived just now: only where the version is still the one that stands."""
    groups: dict[int, list[likes.Like]] = defaultdict(list)
    for row in standing:
        groups[shard_of(row[0])].append(row)
    for rows in groups.values():
        sessions.write(rows[0][0], lambda tx, rows=rows: like.refuse(tx, sorted(rows)))  # type: ignore[misc]
