"""What was answered with success is kept, when a disk is full, an answer is lost, or two deeds want one upload."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock
from heliograph.core.errors import Unavailable
from heliograph.flows import homes, post_photo, upload_photo
from heliograph.media import cage_client, storage, upload_rows
from heliograph.media.errors import CageAway
from heliograph.sharding import sessions
from tests.harness.people import Somebody
from tests.parts.media.test_posting import post, row, send

pytestmark = pytest.mark.usefixtures("network", "cage")


def test_a_full_disk_is_waited_out(
    alice: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = post(alice)

    def full(self: Any, key: str, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(storage.Files, "put", full)
        with pytest.raises(Unavailable):
            post_photo.publish(photo)
    assert row(photo).state == "processing"
    run_jobs()
    assert row(photo).published


def test_an_upload_whose_answer_was_lost_still_has_its_file(
    alice: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = homes.write

    def committed_and_lost(*args: Any, **options: Any) -> Any:
        write(*args, **options)
        raise Unavailable()

    with monkeypatch.context() as patched:
        patched.setattr(upload_photo.homes, "write", committed_and_lost)
        with pytest.raises(Unavailable):
            send(alice, key="again")
    upload = send(alice, key="again")
    photo = post_photo.post(alice.id, upload_id=upload.id)
    run_jobs()
    assert row(photo).published


def test_an_upload_that_became_a_photo_is_not_taken_for_a_picture_of_oneself(
    alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    upload = send(alice)
    photo = post_photo.post(alice.id, upload_id=upload.id)
    assert sessions.write(alice.id, lambda tx: upload_rows.remove(tx, alice.id, upload.id)) is None
    run_jobs()
    assert row(photo).published


def test_a_photo_that_is_tried_again_has_as_much_patience_as_a_new_one(
    alice: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = post(alice)

    def away(*_: Any) -> None:
        raise CageAway()

    clock.shift(timedelta(minutes=6))
    with monkeypatch.context() as patched:
        patched.setattr(cage_client, "render", away)
        run_jobs()
        assert row(photo).state == "failed"
        post_photo.retry(alice.id, photo)
        run_jobs(once=True, allow_failures=True)
        assert row(photo).state == "processing"
    post_photo.publish(photo)
    run_jobs()
    assert row(photo).published
