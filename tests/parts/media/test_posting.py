"""A photo's life in rows, jobs and files."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heliograph.accounts import home
from heliograph.core import clock, environment
from heliograph.core.errors import HeliographError, Limited, NotFound, Unavailable
from heliograph.flows import delete_photo, edit_photo, fan_out, post_photo, upload_photo
from heliograph.media import cage_client, filters, photos, recipes, renditions, storage, upload_rows, uploads
from heliograph.media.errors import (
    BadCrop,
    BadStrength,
    Busy,
    CageAway,
    UnknownFilter,
    Unprocessable,
    UploadGone,
)
from heliograph.media.frames import Crop, Frame
from heliograph.media.photos import Photo
from heliograph.media.recipes import Recipe, Rendered
from heliograph.media.upload_rows import Upload, UploadUsed
from heliograph.ops import audit
from heliograph.sharding import sessions
from heliograph.sharding.idempotency import KeyReused
from tests import corpus
from tests.harness.people import Somebody

pytestmark = pytest.mark.usefixtures("cage")


class Body(io.BytesIO):
    """A photo as a browser sends it."""

    @property
    def length(self) -> int:
        return len(self.getvalue())


def send(person: Somebody, photo: bytes | None = None, key: str | None = None) -> Upload:
    return upload_photo.accept(
        person.id, Body(corpus.jpeg() if photo is None else photo), idempotency_key=key
    )


def post(person: Somebody, photo: bytes | None = None, **said: Any) -> int:
    return post_photo.post(person.id, upload_id=send(person, photo).id, **said)


def row(photo_id: int) -> Photo:
    return photos.load(sessions.reader(), [photo_id])[photo_id]


def count(person: Somebody) -> int:
    return home.counters(sessions.reader(), [person.id])[person.id].photos


def files() -> list[str]:
    """What lies anywhere: in the media folder, and under incoming/."""
    folders = (environment.get().media, environment.get().incoming)
    return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def empty(network: Any) -> Iterator[None]:
    for path in files():
        os.unlink(path)
    yield
    use()


def use(**changed: Any) -> None:
    environment.use(None)
    if changed:
        environment.use(dataclasses.replace(environment.get(), **changed))


def test_a_photo_is_posted_and_published(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    upload = send(alice, corpus.encode(corpus.scene(1600, 1200), exif=corpus.exif(6)))
    assert (upload.width, upload.height) == (1200, 1600)
    assert len(upload.placeholder) > 20
    photo_id = post_photo.post(
        alice.id,
        upload_id=upload.id,
        caption=" At the #sea with @Alice ",
        alt_text="The sea",
        filter_name="amber",
    )
    before = row(photo_id)
    assert (before.state, before.placeholder, count(alice)) == ("processing", upload.placeholder, 0)
    run_jobs()
    photo = row(photo_id)
    assert (photo.state, photo.caption, photo.alt_text, photo.filter) == (
        "published",
        "At the #sea with @Alice",
        "The sea",
        "amber",
    )
    assert [(e["type"], e["name"]) for e in photo.entities] == [("tag", "sea"), ("mention", "alice")]
    assert photo.entities[1]["person_id"] == alice.id
    assert (photo.width, photo.height) == (before.width, before.height) == (1080, 1350)
    assert photo.published_at is not None and photo.version > before.version
    assert count(alice) == 1
    kept = storage.get()
    assert all(kept.exists(storage.rendition(photo.token, size)) for size in recipes.SIZES)
    assert kept.exists(storage.master(photo.token))
    assert len(files()) == 5  # and nothing under incoming/


def test_a_photo_is_cut_as_asked_also_when_it_is_tried_again(
    alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    cut = {"frame": Frame(Crop(0.5, 0.5, 0.6, 0.4), straighten=5.0, turn=90), "strength": 30}
    upload = send(alice, corpus.jpeg(1600, 1200))
    photo_id = post_photo.post(alice.id, upload_id=upload.id, filter_name="fern", **cut)  # type: ignore[arg-type]
    before = row(photo_id)
    assert (before.width, before.height) == (720, 640)
    sessions.write(alice.id, lambda tx: photos.fail(tx, photo_id, "unprocessable"))
    post_photo.retry(alice.id, photo_id)
    run_jobs()
    photo = row(photo_id)
    assert (photo.state, photo.width, photo.height) == ("published", 720, 640)
    with storage.get().open(storage.rendition(photo.token, 1080)) as file:
        made = file.read()
    wanted = renditions.render(corpus.jpeg(1600, 1200), Recipe(filter="fern", **cut))  # type: ignore[arg-type]
    assert made == wanted.largest.data


def test_a_crop_that_leaves_the_photo_is_refused_and_the_upload_stays(alice: Somebody) -> None:
    upload = send(alice, corpus.jpeg())
    for frame in (Frame(Crop(0.1, 0.5, 0.5, 0.5)), Frame(turn=1), Frame(straighten=50)):
        with pytest.raises(BadCrop):
            post_photo.post(alice.id, upload_id=upload.id, frame=frame)
    with pytest.raises(BadStrength):
        post_photo.post(alice.id, upload_id=upload.id, strength=101)
    assert post_photo.post(alice.id, upload_id=upload.id)


@pytest.mark.parametrize("name", ["alpha.png", "lossless.webp"])
def test_other_formats_get_their_placeholder_when_published(
    name: str, alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    upload = send(alice, corpus.GOOD[name]())
    assert upload.placeholder == ""
    photo_id = post_photo.post(alice.id, upload_id=upload.id)
    run_jobs()
    assert row(photo_id).state == "published" and len(row(photo_id).placeholder) > 20


def test_publishing_tells_the_followers(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    post(alice)
    assert fan_out.__name__ and "fan_out.v1" in run_jobs().tasks


@pytest.mark.parametrize(
    "name", ["empty", "html.jpg", "three-hundred-scans.jpg", "bomb.png", "animated.png", "small.jpg"]
)
def test_what_is_refused_leaves_nothing(name: str, alice: Somebody) -> None:
    make, code = corpus.BAD[name]
    with pytest.raises(HeliographError) as refused:
        send(alice, make())
    assert refused.value.code == code
    assert files() == []


def test_broken_pixels_of_a_jpeg_are_refused_at_once(alice: Somebody) -> None:
    with pytest.raises(HeliographError) as refused:
        send(alice, corpus.BROKEN_INSIDE["cut-with-end.jpg"]())
    assert refused.value.code == "damaged" and files() == []


def test_without_a_cage_nothing_is_taken_in(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage_client, "_AGAIN_SECONDS", 0.1)
    use(cage="/nowhere/cage.sock")
    with pytest.raises(Unavailable):
        send(alice)
    assert files() == []


def test_broken_pixels_of_a_png_fail_later_and_the_owner_is_told(
    alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice, corpus.BROKEN_INSIDE["half-packed.png"]())
    run_jobs()
    assert (row(photo_id).state, row(photo_id).error_code, count(alice)) == ("failed", "damaged", 0)
    assert [photo.id for photo in photos.arriving(sessions.reader().at(alice.id), alice.id)] == [photo_id]
    assert len(files()) == 1  # kept for another try


def test_a_failed_photo_can_be_tried_again(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise Unprocessable()

    photo_id = post(alice)
    with monkeypatch.context() as crashing:
        crashing.setattr(cage_client, "render", crash)
        run_jobs()
    assert row(photo_id).error_code == "unprocessable"
    with pytest.raises(NotFound):
        post_photo.retry(bob.id, photo_id)
    post_photo.retry(alice.id, photo_id)
    post_photo.retry(alice.id, photo_id)
    assert row(photo_id).state == "processing"
    run_jobs()
    assert (row(photo_id).state, row(photo_id).error_code, count(alice)) == ("published", "", 1)
    post_photo.retry(alice.id, photo_id)
    run_jobs()
    assert count(alice) == 1


@pytest.mark.parametrize("error", [CageAway(), Busy(), OSError(28, "No space left on device")])
def test_what_may_pass_is_tried_again_but_not_for_ever(
    error: Exception, alice: Somebody, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice)

    def away(*_: Any) -> None:
        raise error

    with monkeypatch.context() as without:
        without.setattr(cage_client, "render", away)
        with pytest.raises(Unavailable):
            post_photo.publish(photo_id)
        assert row(photo_id).state == "processing"
        clock.shift(timedelta(minutes=6))
        post_photo.publish(photo_id)
    assert (row(photo_id).state, row(photo_id).error_code) == ("failed", "unprocessable")
    post_photo.retry(alice.id, photo_id)


def test_an_upload_is_posted_once_and_by_its_owner(alice: Somebody, bob: Somebody) -> None:
    upload = send(alice)
    with pytest.raises(UploadGone):
        post_photo.post(bob.id, upload_id=upload.id)
    post_photo.post(alice.id, upload_id=upload.id)
    with pytest.raises(UploadUsed):
        post_photo.post(alice.id, upload_id=upload.id)
    for nonsense in (1, upload.id + 1, 1 << 62, (1 << 63) - 1):
        with pytest.raises(NotFound):
            post_photo.post(alice.id, upload_id=nonsense)


def test_a_request_that_comes_twice_posts_once(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    one, other = send(alice, key="k"), send(alice, key="k")
    assert one.id == other.id and len(files()) == 1
    with pytest.raises(KeyReused):
        send(alice, corpus.png(), key="k")
    assert len(files()) == 1
    first = post_photo.post(alice.id, upload_id=one.id, caption="hello", idempotency_key="p")
    assert post_photo.post(alice.id, upload_id=one.id, caption="hello", idempotency_key="p") == first
    with pytest.raises(KeyReused):
        post_photo.post(alice.id, upload_id=one.id, caption="other", idempotency_key="p")
    run_jobs()
    assert count(alice) == 1


def test_bad_words_about_a_photo_are_refused_before_anything_is_written(alice: Somebody) -> None:
    upload = send(alice)
    for said in (
        {"caption": "a" * 2201},
        {"caption": "nul \0"},
        {"alt_text": "a" * 1001},
        {"filter_name": "sepia"},
    ):
        with pytest.raises(HeliographError):
            post_photo.post(alice.id, upload_id=upload.id, **said)  # type: ignore[arg-type]
    with pytest.raises(UnknownFilter):
        post_photo.post(alice.id, upload_id=upload.id, filter_name="../amber")
    assert upload_rows.load(sessions.reader().at(alice.id), alice.id, upload.id).photo_id is None


def test_posting_too_often_is_refused(alice: Somebody) -> None:
    use(posts_per_hour=2)
    post(alice)
    post(alice)
    with pytest.raises(Limited):
        post(alice)


def test_sending_photos_without_end_is_refused_and_leaves_nothing(alice: Somebody) -> None:
    use(posts_per_hour=2)
    for _ in range(4):
        send(alice)
    before = sorted(environment.get().incoming.iterdir())
    with pytest.raises(Limited):
        send(alice)
    assert sorted(environment.get().incoming.iterdir()) == before


def test_the_composer_is_shown_each_filter(alice: Somebody, bob: Somebody) -> None:
    upload = send(alice)
    assert tuple(upload_photo.previews(alice.id, upload.id)) == filters.names()
    with pytest.raises(NotFound):
        upload_photo.previews(bob.id, upload.id)


def test_words_can_be_changed_by_the_owner(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice, caption="#one", alt_text="two")
    run_jobs()
    version = row(photo_id).version
    edit_photo.edit(alice.id, photo_id, caption="#three @bob")
    changed = row(photo_id)
    assert (changed.caption, changed.alt_text, changed.version) == ("#three @bob", "two", version + 1)
    assert [e["name"] for e in changed.entities] == ["three", "bob"]
    edit_photo.edit(alice.id, photo_id, alt_text="")
    assert (row(photo_id).caption, row(photo_id).alt_text) == ("#three @bob", "")
    with pytest.raises(NotFound):
        edit_photo.edit(bob.id, photo_id, caption="mine")


def test_a_deleted_photo_is_gone_at_once_and_its_files_soon(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice, caption="secret", alt_text="secret")
    run_jobs()
    before = row(photo_id)
    with pytest.raises(NotFound):
        delete_photo.delete(bob.id, photo_id)
    delete_photo.delete(alice.id, photo_id)
    after = row(photo_id)
    assert (after.state, after.caption, after.alt_text, after.entities, after.placeholder) == (
        "deleted",
        "",
        "",
        [],
        "",
    )
    assert after.generation == before.generation + 1
    assert count(alice) == 0
    assert photos.of_owner(sessions.reader().at(alice.id), alice.id, count=10) == []
    run_jobs()
    assert files() == []
    again: list[Callable[[], None]] = [
        lambda: delete_photo.delete(alice.id, photo_id),
        lambda: edit_photo.edit(alice.id, photo_id, caption="x"),
        lambda: post_photo.retry(alice.id, photo_id),
    ]
    for try_it in again:
        with pytest.raises(NotFound):
            try_it()
    assert count(alice) == 0


@pytest.mark.parametrize("state", ["processing", "failed"])
def test_a_photo_that_never_came_out_can_be_deleted(
    state: str, alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice, corpus.BROKEN_INSIDE["half-packed.png"]())
    if state == "failed":
        run_jobs()
    delete_photo.delete(alice.id, photo_id)
    run_jobs()
    assert (row(photo_id).state, count(alice), files()) == ("deleted", 0, [])


def test_a_photo_deleted_while_it_is_made_leaves_no_files(
    alice: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = post(alice)
    render = cage_client.render

    def slowly(fd: int, recipe: recipes.Recipe) -> recipes.Rendered:
        made = render(fd, recipe)
        delete_photo.delete(alice.id, photo_id)
        run_jobs(only=lambda task: task == "remove_photo_files.v1")
        return made

    monkeypatch.setattr(cage_client, "render", slowly)
    post_photo.publish(photo_id)
    assert (row(photo_id).state, count(alice), files()) == ("deleted", 0, [])


def test_a_photo_deleted_after_its_maker_died_leaves_no_files(
    alice: Somebody, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = post(alice)
    publish = post_photo._published

    def killed(photo: Photo, rendered: Rendered) -> None:
        delete_photo.delete(alice.id, photo_id)
        run_jobs(only=lambda task: task == "remove_photo_files.v1")
        post_photo._stored(photo, rendered)  # what had not reached the disk yet
        raise KeyboardInterrupt

    monkeypatch.setattr(post_photo, "_published", killed)
    with pytest.raises(KeyboardInterrupt):
        post_photo.publish(photo_id)
    assert files()
    monkeypatch.setattr(post_photo, "_published", publish)
    run_jobs()  # its job waits still, as it does when a worker was killed
    assert (row(photo_id).state, files()) == ("deleted", [])


def test_files_that_are_about_to_be_removed_are_no_loss(
    alice: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo_id = post(alice)
    run_jobs()
    delete_photo.delete(alice.id, photo_id)
    assert files()
    assert audit.compare(files=True) == []


def test_going_private_or_deleting_ends_what_is_served(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    from heliograph.media import tokens

    photo_id = post(alice)
    shard = sessions.reader().at(photo_id)
    token = tokens.parse(row(photo_id).token)
    assert photos.served(shard, token) is None
    run_jobs()
    served = photos.served(shard, token)
    assert served is not None and not served.private
    assert photos.served(shard, dataclasses.replace(token, random="0" * 32)) is None
    delete_photo.delete(alice.id, photo_id)
    assert photos.served(shard, token) is None


def test_lists_are_newest_first_and_know_their_ends(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    ids = sorted((post(alice) for _ in range(3)), reverse=True)
    theirs = post(bob)
    run_jobs()
    shard = sessions.reader().at(alice.id)
    assert [p.id for p in photos.of_owner(shard, alice.id, count=2)] == ids[:2]
    assert [p.id for p in photos.of_owner(shard, alice.id, count=9, below=ids[0])] == ids[1:]
    assert [p.id for p in photos.of_owner(shard, alice.id, count=9, above=ids[2])] == ids[:2]
    newest = photos.newest_ids(sessions.reader(), [alice.id, bob.id], count=3)
    assert newest == [(theirs, bob.id), (ids[0], alice.id), (ids[1], alice.id)]


# The sweep


def test_uploads_that_nobody_posts_are_forgotten(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    unused, used = send(alice), post(alice)
    _age(unused.id, "expires_at", hours=25)
    upload_photo.sweep()
    assert len(files()) == 1
    with pytest.raises(UploadGone):
        post_photo.post(alice.id, upload_id=unused.id)
    run_jobs()
    assert row(used).state == "published"


def test_the_file_of_a_failed_photo_is_kept_for_a_week(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    photo_id = post(alice, corpus.BROKEN_INSIDE["half-packed.png"]())
    run_jobs()
    upload_id = row(photo_id).upload_id
    assert upload_id is not None
    _age(upload_id, "expires_at", hours=30)
    upload_photo.sweep()
    assert len(files()) == 1
    _age(upload_id, "created_at", hours=24 * 8)
    upload_photo.sweep()
    assert files() == []
    with pytest.raises(UploadGone):
        post_photo.retry(alice.id, photo_id)


def test_files_without_a_row_are_removed_in_time(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    known = send(alice)
    orphan = uploads.receive(alice.id, Body(corpus.jpeg()))
    upload_photo.sweep()
    assert len(files()) == 2
    for name in (known.file, orphan.name):
        os.utime(uploads.path_of(name), (0, 0))
    upload_photo.sweep()
    assert [Path(path).name for path in files()] == [known.file]


def _age(upload_id: int, column: str, *, hours: int) -> None:
    statement = {
        "expires_at": "UPDATE {s}.upload SET expires_at = now() - make_interval(hours => 1) WHERE id = %s",
        "created_at": f"UPDATE {{s}}.upload SET created_at = now() - make_interval(hours => {hours}) WHERE id = %s",
    }[column]
    sessions.write(upload_id, lambda tx: tx.run(statement, (upload_id,)))
