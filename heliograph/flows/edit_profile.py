"""What people say about themselves, and who may see their photos. Truth at home; the directory has a copy, for search.

Going private ends every address of their pictures (media generation); going public lets in everybody who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from heliograph.accounts import finding, home, names, records
from heliograph.accounts.errors import Suspended
from heliograph.accounts.home import Home
from heliograph.accounts.models import Person
from heliograph.core import clock, metrics
from heliograph.core.errors import Invalid
from heliograph.flows import homes
from heliograph.media import cage_client, captions, storage, tokens, upload_rows, uploads
from heliograph.media.errors import UploadGone
from heliograph.media.recipes import Picture, Recipe
from heliograph.media.upload_rows import UploadUsed
from heliograph.pages import cards
from heliograph.sharding import outbox, sessions
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import DirectoryTx, Reader, Tx

MAX_BIO: Final = 300  # characters
MAX_WEBSITE: Final = 200  # characters
_ABANDONED: Final = timedelta(minutes=10)  # much longer than a request that sets one takes
AVATAR_SIZES: Final = (150, 320)  # pixels; the smaller is what cards show


class BadWebsite(Invalid):
    """A website begins with http:// or https:// and has at most 200 characters."""

    code = "bad_website"


class Several(Invalid):
    """More than one field cannot be used as it is."""

    def __init__(self, mistakes: Sequence[Invalid]) -> None:
        super().__init__(fields={name: said for mistake in mistakes for name, said in mistake.fields.items()})
        self.mistakes = mistakes


def by_field(error: Invalid) -> dict[str, str]:
    """The sentence for each field that `edit` refused."""
    mistakes = error.mistakes if isinstance(error, Several) else [error]
    return {name: mistake.sentence for mistake in mistakes for name in mistake.fields}


@metrics.time("flow_seconds", flow="edit_profile")
def edit(
    person_id: int,
    *,
    full_name: str | None = None,
    bio: str | None = None,
    website: str | None = None,
    private: bool | None = None,
) -> None:
    """Change what is given; None stays. Invalid names every guilty field at once. May be repeated."""
    checks: list[tuple[str, str | None, Callable[[str], str]]] = [
        ("full_name", full_name, names.full_name),
        ("bio", bio, _bio),
        ("website", website, checked_website),
    ]
    wanted: dict[str, Any] = {} if private is None else {"private": private}
    mistakes: list[Invalid] = []
    for name, typed, check in checks:
        try:
            if typed is not None:
                wanted[name] = check(typed)
        except Invalid as mistake:
            mistakes.append(mistake)
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else Several(mistakes)

    def change(person: Home) -> Home:
        if not person.active:
            raise Suspended()
        return replace(person, **wanted)

    homes.write(person_id, lambda tx: keep(tx, person_id, change), repeatable=True)


def set_avatar(person_id: int, upload_id: int) -> None:
    """Make an upload the person's picture. Raises UploadGone, UploadUsed, Unavailable, and what the cage refuses."""
    upload = upload_rows.load(sessions.reader().at(person_id), person_id, upload_id)
    if upload.photo_id is not None:
        raise UploadUsed()
    token = tokens.of_person(person_id)
    pictures = _rendered(upload.file)
    # Before a byte is stored: should we be killed in between, nobody else would know of these files.
    later = clock.now() + _ABANDONED
    homes.write_person(
        person_id,
        lambda tx: tx.enqueue("remove_avatar.v1", person_id=person_id, token=token, run_at=later),
        repeatable=True,
    )
    _store(token, pictures)

    def change(person: Home) -> Home:
        if not person.active:
            raise Suspended()
        return replace(person, avatar=token)

    def body(tx: Tx) -> str | None:
        before = keep(tx, person_id, change)
        if before.avatar:
            tx.enqueue("remove_avatar.v1", person_id=person_id, token=before.avatar)
        return upload_rows.remove(tx, person_id, upload_id)

    with metrics.time("flow_seconds", flow="set_avatar"):
        file = homes.write(person_id, body)
    if clock.now() >= later:  # the clock jumped, or the machine slept: they may have been taken for abandoned
        _store(token, pictures)
    if file is not None:
        uploads.forget(file)


def keep(tx: Tx, person_id: int, change: Callable[[Home], Home]) -> Home:
    """Change somebody's home row under its lock, with everything that follows from it; the row as it was before."""
    before = home.lock(tx, [person_id])[person_id]
    after = change(before)
    if after == before:
        return before
    closed = after.private and not before.private
    home.keep(
        tx,
        replace(
            after,
            face_version=before.face_version + 1,
            media_generation=before.media_generation + int(closed),
        ),
    )
    if before.private and not after.private:
        tx.enqueue("grant_pending.v1", owner_id=person_id)
    tx.project("face", person_id, 0)
    # The commit drops the card of whoever has a new face. A stale one may say "public" of somebody who is no
    # longer: the job makes sure, should Valkey not answer.
    tx.enqueue("forget_face.v1", person_id=person_id)
    return before


@task("forget_face.v1", lane="feed", away_pause=4)
def forget_face(person_id: int) -> None:
    """A face has changed: cards ask the node for it."""
    cards.changed(people=[person_id])


@task("remove_avatar.v1", lane="slow")
def remove_avatar(person_id: int, token: str) -> None:
    """Remove the files of a picture that is no longer somebody's, or never came to be."""
    person = home.load(sessions.reader(), [person_id]).get(person_id)
    if person is not None and person.avatar == token:
        return
    for size in AVATAR_SIZES:
        storage.get().delete(storage.rendition(token, size))


def checked_website(typed: str) -> str:
    """The address as it is linked: http or https, a host, nobody's password; "" for none. Raises BadWebsite."""
    text = typed.strip()
    if not text:
        return ""
    text = text if "://" in text else "https://" + text
    try:
        parts = urlsplit(text)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        well = well and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise BadWebsite(fields={"website": "not an address"}, cause=error) from error
    if not well or len(text) > MAX_WEBSITE or not text.isprintable() or any(c in text for c in ' "<>\\^`{|}'):
        raise BadWebsite(fields={"website": "not an address"})
    return text


def _bio(typed: str) -> str:
    return captions.clean(typed, at_most=MAX_BIO, field="bio")


def _store(token: str, pictures: Mapping[int, Picture]) -> None:
    for size, picture in pictures.items():
        storage.get().put(storage.rendition(token, size), picture.data)


def _rendered(file: str) -> Mapping[int, Picture]:
    recipe = Recipe(square=True, sizes=AVATAR_SIZES, master=False)
    try:
        with uploads.path_of(file).open("rb") as upload:
            return cage_client.render(upload.fileno(), recipe).renditions
    except FileNotFoundError as error:
        raise UploadGone(cause=error) from None


def faces(reader: Reader, pairs: Sequence[tuple[int, int]]) -> list[outbox.Row]:
    """The faces of these people, as the directory keeps them."""
    found = home.load(reader, [person_id for person_id, _ in pairs])
    return [
        (id, 0, person.full_name, person.avatar, person.private, person.state, person.face_version)
        for id, person in found.items()
    ]


def faces_arrive(tx: DirectoryTx, rows: list[outbox.Row]) -> None:
    """Copy newer faces into the directory; whoever's state has changed is asked for anew at every door."""
    found = Person.objects.select_for_update().filter(id__in=[row[0] for row in rows]).order_by("id")
    found = found.only("id", "state", "username", "full_name")
    before = {person.id: (person.state, person.username, person.full_name) for person in found}
    for person_id, _, full_name, avatar, private, state, version in rows:
        newer = Person.objects.filter(id=person_id, face_version__lt=version)
        copied = newer.update(
            full_name=full_name,
            avatar=avatar,
            private=private,
            state=state,
            is_active=state == "active",
            face_version=version,
        )
        if not copied:
            continue
        old_state, username, old_name = before[person_id]
        if old_name != full_name:
            finding.keep(tx, person_id, username, full_name)
        if old_state != state:
            tx.enqueue("forget_person.v1", person_id=person_id)
            tx.after_commit(lambda id=person_id: records.forget_person(id))  # type: ignore[misc]


FACE = outbox.register(
    outbox.Mirror(
        "face",
        source_of=lambda person_id, _: person_id,
        target_of=lambda person_id, _: outbox.DIRECTORY,
        read=faces,
        apply=faces_arrive,
    )
)
