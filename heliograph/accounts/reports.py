"""Reports: what people tell the operator about a photo, a comment or somebody. One by each person about each thing.

Nobody but the operator reads them, and the person they are about is not told.
"""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.accounts.models import Report
from heliograph.core import clock
from heliograph.core.errors import Invalid, NotFound
from heliograph.sharding.ids import CommentId, PersonId, PhotoId

#: Why something is reported, in the order in which a form offers it.
REASONS = ("spam", "nudity", "harassment", "hate", "violence", "self_harm", "stolen", "other")

MAX_WORDS = 500  # characters, of the words with a report and of those reported


class NoReason(Invalid):
    """Say what is wrong: choose one of the reasons."""

    code = "no_reason"


class OwnThing(Invalid):
    """This is yours: you can edit or delete it."""

    code = "own_thing"


class NoReport(NotFound):
    """There is no such open report."""

    code = "no_report"


@dataclass(frozen=True)
class Thing:
    """What a report is about. `seen`: the words that stand there now, since they may be gone when somebody looks."""

    kind: str
    id: int
    owner_id: PersonId
    photo_id: PhotoId | None = None
    seen: str = ""


def photo(photo_id: PhotoId, owner_id: PersonId, caption: str) -> Thing:
    return Thing("photo", photo_id, owner_id, photo_id, caption)


def comment(comment_id: CommentId, photo_id: PhotoId, author_id: PersonId, text: str) -> Thing:
    return Thing("comment", comment_id, author_id, photo_id, text)


def person(person_id: PersonId, words: str) -> Thing:
    return Thing("person", person_id, person_id, None, words)


def check(reporter_id: PersonId, thing: Thing, reason: str) -> None:
    """Raises NoReason, OwnThing."""
    if reason not in REASONS:
        raise NoReason(fields={"reason": "unknown"})
    if thing.owner_id == reporter_id:
        raise OwnThing()


def save(reporter_id: PersonId, thing: Thing, reason: str, words: str) -> None:
    """Write a report down, in a transaction of the directory; told again, it is open again with the newer words."""
    Report.objects.update_or_create(
        reporter_id=reporter_id,
        kind=thing.kind,
        thing_id=thing.id,
        defaults={
            "photo_id": thing.photo_id,
            "owner_id": thing.owner_id,
            "reason": reason,
            "words": words,
            "seen": thing.seen[:MAX_WORDS],
            "created_at": clock.now(),
            "closed_at": None,
        },
    )


def unread(count: int) -> list[Report]:
    """Reports that nobody has closed, the oldest first, with whoever told."""
    return list(
        Report.objects.filter(closed_at=None).select_related("reporter").order_by("created_at")[:count]
    )


def close(report_id: int) -> None:
    """Somebody has looked. Raises NoReport."""
    if not Report.objects.filter(id=report_id, closed_at=None).update(closed_at=clock.now()):
        raise NoReport(cause=report_id)
