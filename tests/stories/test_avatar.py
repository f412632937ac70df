"""A picture of oneself: made in the cage, served behind a signed address, replaced and forgotten."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from heliograph.core import clock, environment
from heliograph.core.errors import HeliographError
from heliograph.flows import catalogue as _all_tasks  # noqa: F401 - a photo is posted
from heliograph.flows import edit_profile, post_photo, upload_photo
from heliograph.media.errors import UploadGone, UrlForged
from heliograph.media.upload_rows import UploadUsed
from heliograph.pages import cards, media
from tests import corpus

pytestmark = pytest.mark.usefixtures("cage")


class Body(io.BytesIO):
    @property
    def length(self) -> int:
        return len(self.getvalue())


def send(person: Any) -> int:
    return upload_photo.accept(person.id, Body(corpus.jpeg())).id


def served(url: str) -> bytes:
    parts = urlsplit(url)
    _, _, token, size = parts.path.split("/")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    with media.permission(token, size.removesuffix(".jpg"), query["e"], query["s"]).open() as file:
        return file.read()


def face(person: Any) -> str:
    return cards.people(None, [person.id])[0].avatar_url


def test_it_is_on_the_card_and_served_until_replaced(alice: Any, run_jobs: Any) -> None:
    assert face(alice) == ""
    edit_profile.set_avatar(alice.id, send(alice))
    first = face(alice)
    assert served(first).startswith(b"\xff\xd8")
    assert not list(environment.get().incoming.glob(f"{alice.id}-*"))
    edit_profile.set_avatar(alice.id, send(alice))
    run_jobs()
    assert face(alice) != first
    assert served(face(alice)).startswith(b"\xff\xd8")
    token = urlsplit(first).path.split("/")[2]
    assert not list((environment.get().media / "renditions").glob(f"*/{token}/*"))


def test_going_private_voids_its_address(alice: Any) -> None:
    edit_profile.set_avatar(alice.id, send(alice))
    first = face(alice)
    edit_profile.edit(alice.id, private=True)
    with pytest.raises(UrlForged):
        served(first)
    assert served(face(alice))


def test_an_upload_is_used_once_and_by_its_owner(alice: Any, carol: Any, run_jobs: Any) -> None:
    mine = send(alice)
    with pytest.raises(UploadGone):
        edit_profile.set_avatar(carol.id, mine)
    edit_profile.set_avatar(alice.id, mine)
    with pytest.raises(UploadGone):
        edit_profile.set_avatar(alice.id, mine)
    posted = send(alice)
    post_photo.post(alice.id, upload_id=posted)
    with pytest.raises((UploadUsed, UploadGone)):
        edit_profile.set_avatar(alice.id, posted)
    for nothing in (-1, 0, 5, 2**63):
        with pytest.raises(HeliographError):
            edit_profile.set_avatar(alice.id, nothing)
    run_jobs()


def test_what_was_stored_and_never_came_to_be_is_removed(
    alice: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*told: Any) -> None:
        raise KeyboardInterrupt

    before = pictures()
    mine = send(alice)
    with monkeypatch.context() as patch:
        patch.setattr(edit_profile, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            edit_profile.set_avatar(alice.id, mine)
    assert len(pictures() - before) == len(edit_profile.AVATAR_SIZES)
    run_jobs(until=clock.now() + timedelta(hours=1))
    assert pictures() == before
    edit_profile.set_avatar(alice.id, mine)
    run_jobs(until=clock.now() + timedelta(hours=1))
    assert served(face(alice))


def pictures() -> set[Path]:
    return set((environment.get().media / "renditions").glob("*/*/*"))
