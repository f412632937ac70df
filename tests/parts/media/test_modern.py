"""HEIC and AVIF: refused unless they were switched on; then held to the same limits, decoded in the cage alone."""

from __future__ import annotations

import dataclasses
import io
import os
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from heliograph.core import environment
from heliograph.core.errors import HeliographError
from heliograph.flows import post_photo, upload_photo
from heliograph.media import cage_client, checks, filters, photos, renditions
from heliograph.media.errors import (
    Animated,
    Damaged,
    TooManyPixels,
    TooSmall,
    UnsupportedType,
)
from heliograph.media.formats import bmff
from heliograph.media.recipes import Recipe
from heliograph.sharding import sessions
from tests import corpus
from tests.harness.cage import Cage
from tests.harness.people import Somebody
from tests.parts.media.conftest import pixels
from tests.stories.web import Source, browser_of

Fd = Callable[[bytes], int]
KINDS = ("heic", "avif")


@cache
def photo(kind: str, width: int = 400, height: int = 300, **options: Any) -> bytes:
    picture = corpus.quarters(width, height)
    out = io.BytesIO()
    if kind == "avif":
        picture.save(out, "AVIF", **options)
    else:
        pillow_heif.from_pillow(picture).save(out, quality=90, **options)
    return out.getvalue()


@pytest.fixture
def modern(tmp_path: Path) -> Iterator[Cage]:
    """A cage with everything switched on, and the switch."""
    cage = Cage(tmp_path, modern=1)
    cage.start()
    cage.use()
    environment.use(dataclasses.replace(environment.get(), accept_heic=True))
    yield cage
    cage.stop()
    os.environ.pop("HELIOGRAPH_CAGE", None)
    environment.use(None)


def switch(on: bool) -> None:
    environment.use(dataclasses.replace(environment.get(), accept_heic=on))


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_refused_unless_somebody_switched_them_on(kind: str, fd: Fd) -> None:
    switch(False)
    with pytest.raises(UnsupportedType) as refused:
        checks.check_file(fd(photo(kind)))
    assert refused.value.sentence == "Use a JPEG, PNG or WebP photo."
    assert not any(kind in accepted for accepted in checks.accepted())
    switch(True)
    header = checks.check_file(fd(photo(kind)))
    assert (header.kind, header.width, header.height, header.orientation) == (kind, 400, 300, 1)
    assert any(kind in accepted for accepted in checks.accepted())
    with pytest.raises(UnsupportedType) as other:
        checks.check_file(fd(b"GIF89a" + bytes(100)))
    assert "HEIC" in other.value.sentence
    environment.use(None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_found_before_it_is_decoded(kind: str) -> None:
    """Decoders of HEIC show grey where the file ends, and no error."""
    data = photo(kind)
    for end in range(1, len(data), max(1, len(data) // 60)):
        with pytest.raises(HeliographError) as refused:
            checks.check(data[:end], modern=True)
        assert isinstance(refused.value, Damaged | UnsupportedType)
    for extra in (b"\0", bytes(8), b"<script>alert(1)</script>"):
        with pytest.raises(Damaged):
            checks.check(data + extra, modern=True)


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_limited_by_what_the_boxes_say(kind: str) -> None:
    data = photo(kind)
    at = data.index(b"ispe") + 8
    for size, refusal in (
        ((65_000, 65_000), TooManyPixels),
        ((16_385, 200), TooManyPixels),
        ((149, 300), TooSmall),
    ):
        forged = data[:at] + struct.pack(">II", *size) + data[at + 8 :]
        with pytest.raises(refusal):
            checks.check(forged, modern=True)


def test_sequences_and_strange_brands_are_refused() -> None:
    data = photo("heic")
    for brand, refusal in ((b"hevc", Animated), (b"msf1", Animated), (b"mp42", None), (b"qt  ", None)):
        rest = data[8:16].replace(b"heic", brand, 1) + data[16:]
        other = data[:8] + (rest if refusal else rest.replace(b"heic", b"mp41").replace(b"mif1", b"mp42"))
        with pytest.raises(refusal or UnsupportedType):
            checks.check(other, modern=True)
    with pytest.raises(Animated):
        checks.check(data + struct.pack(">I4s", 8, b"moov"), modern=True)


@pytest.mark.parametrize("kind", KINDS)
def test_no_box_makes_the_walk_fall_over(kind: str) -> None:
    import random

    chance, data = random.Random(4), photo(kind)
    for _ in range(1500):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            broken[chance.randrange(min(len(broken), 700))] = chance.randrange(256)
        try:
            bmff.read(bytes(broken))
        except HeliographError:
            pass


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_made_like_any_photo(kind: str, modern: Cage, fd: Fd) -> None:
    made = cage_client.render(fd(photo(kind)), Recipe())
    shown = pixels(made.largest.data)
    assert shown.shape == (300, 400, 3)
    for (y, x), colour in {(20, 20): corpus.RED, (20, -20): corpus.GREEN, (-20, 20): corpus.BLUE}.items():
        assert abs(shown[y, x].astype(int) - colour).max() < 16
    assert len(cage_client.previews(fd(photo(kind)), filters.names())) == 13
    assert b"Exif" not in made.largest.data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_what_was_turned_stands_upright(kind: str, orientation: int, modern: Cage, fd: Fd) -> None:
    """Phones write both a turn among the boxes and one into EXIF; it is made once."""
    tag = Image.Exif()
    tag[0x0112] = orientation
    back = {3: 3, 6: 2, 8: 4}  # Image.Transpose that undoes each
    picture = corpus.quarters()
    if orientation in back:
        picture = picture.transpose(Image.Transpose(back[orientation]))
    out = io.BytesIO()
    if kind == "avif":
        picture.save(out, "AVIF", exif=tag.tobytes())
    else:
        pillow_heif.from_pillow(picture).save(out, quality=90, exif=tag.tobytes())
    header = checks.check(out.getvalue(), modern=True)
    made = cage_client.render(fd(out.getvalue()), Recipe()).largest
    assert (header.width, header.height) == (made.width, made.height) == (400, 300)
    shown = pixels(made.data).astype(int)
    for (y, x), colour in {(20, 20): corpus.RED, (20, -20): corpus.GREEN, (-20, 20): corpus.BLUE}.items():
        assert abs(shown[y, x] - colour).max() < 16


def test_a_cage_that_was_not_told_decodes_none(cage: Cage, fd: Fd) -> None:
    for kind in KINDS:
        with pytest.raises(UnsupportedType):
            cage_client.render(fd(photo(kind)), Recipe())
        with pytest.raises(UnsupportedType):
            renditions.render(photo(kind), Recipe())


def test_switched_off_nothing_that_waits_is_decoded(
    alice: Somebody, modern: Cage, run_jobs: Callable[..., Any]
) -> None:
    posted = []
    for _ in range(2):
        upload = upload_photo.accept(alice.id, Source(photo("heic")))
        posted.append(post_photo.post(alice.id, upload_id=upload.id))
        assert upload.kind == "heic"
        run_jobs() if len(posted) == 1 else switch(False)
    run_jobs()
    rows = photos.load(sessions.reader(), posted)
    assert [(rows[id].state, rows[id].error_code) for id in posted] == [
        ("published", ""),
        ("failed", "unsupported_type"),
    ]


def test_a_browser_is_told_with_415(alice: Somebody, cage: Cage) -> None:
    answer = browser_of(alice).post(
        "/post/uploads", photo("heic"), content_type="image/heic", headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]) == (415, "Use a JPEG, PNG or WebP photo.")
    page = browser_of(alice).get("/post").content.decode()
    assert 'accept="image/jpeg,image/png,image/webp"' in page
