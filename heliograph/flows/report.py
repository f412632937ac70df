"""Telling the operator that something is wrong with a photo, a comment or somebody: a row in the directory."""

from __future__ import annotations

from heliograph.accounts import reports
from heliograph.accounts.reports import Thing
from heliograph.core import environment, limits, metrics
from heliograph.media import captions
from heliograph.pages import photo as photos
from heliograph.pages import profile
from heliograph.sharding import sessions
from heliograph.sharding.ids import CommentId, PersonId, PhotoId

_HOUR = 3600  # seconds


def photo(actor_id: PersonId, photo_id: PhotoId) -> Thing:
    """A photo as a thing to report; NotFound for what the actor does not see."""
    shown = photos.one(actor_id, photo_id)
    return reports.photo(photo_id, shown.owner.id, shown.caption)


def comment(actor_id: PersonId, photo_id: PhotoId, comment_id: CommentId) -> Thing:
    """A comment, the same way."""
    shown = photos.comment(actor_id, photo_id, comment_id)
    return reports.comment(comment_id, photo_id, shown.author.id, shown.text)


def person(actor_id: PersonId, person_id: PersonId) -> Thing:
    """Somebody, the same way."""
    shown = profile.one(actor_id, person_id)
    return reports.person(
        person_id, "\n".join(filter(None, (shown.person.full_name, shown.bio, shown.website)))
    )


@metrics.time("flow_seconds", flow="report")
def send(actor_id: PersonId, thing: Thing, *, reason: str, words: str = "") -> None:
    """Tell it. May be repeated: the last words count. Raises Invalid, Limited."""
    cleaned = captions.clean(words, at_most=reports.MAX_WORDS, field="words")
    reports.check(actor_id, thing, reason)
    limits.spend("report", actor_id, allowed=environment.get().reports_per_hour, seconds=_HOUR)
    sessions.directory(lambda tx: reports.save(actor_id, thing, reason, cleaned))
    metrics.count("reports_total", kind=thing.kind)
