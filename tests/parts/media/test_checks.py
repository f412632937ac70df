"""What the request finds out about an upload without decoding it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from heliograph.core.errors import HeliographError, Invalid
from heliograph.media import checks
from tests import corpus


@pytest.mark.parametrize("name", corpus.GOOD)
def test_good_photos_pass(name: str) -> None:
    header = checks.check(corpus.GOOD[name]())
    assert header.kind == {"jpg": "jpeg", "png": "png", "webp": "webp"}[name.rpartition(".")[2]]
    assert min(header.width, header.height) >= 150


@pytest.mark.parametrize("name", corpus.BAD)
def test_bad_files_are_refused_with_their_code(name: str) -> None:
    make, code = corpus.BAD[name]
    with pytest.raises(Invalid) as refused:
        checks.check(make())
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("name", corpus.BROKEN_INSIDE)
def test_what_is_broken_inside_is_left_to_the_cage(name: str) -> None:
    checks.check(corpus.BROKEN_INSIDE[name]())


def test_the_limit_of_bytes_is_the_callers() -> None:
    with pytest.raises(Invalid) as refused:
        checks.check(corpus.jpeg(), max_bytes=1000)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read(orientation: int, kind: str) -> None:
    header = checks.check(corpus.oriented(orientation, kind))
    assert header.orientation == orientation
    assert header.turned == (400, 300)


def test_an_orientation_in_garbage_means_upright() -> None:
    for body in (
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + bytes(200),
        os.urandom(500),
    ):
        photo = corpus.with_segments(corpus.jpeg(), corpus.segment(0xE1, b"Exif\0\0" + body))
        assert checks.check(photo).orientation == 1


def test_an_mpo_ends_with_its_first_image() -> None:
    photo = corpus.mpo()
    header = checks.check(photo)
    assert (header.width, header.height) == (800, 600)
    assert header.end < len(photo)


def test_a_colour_profile_counts_only_for_rgb_and_up_to_two_megabytes() -> None:
    assert checks.check(corpus.p3()).icc == corpus.profile(corpus.P3)
    picture = corpus.quarters()
    cmyk = corpus.encode(picture, icc_profile=corpus.profile(corpus.P3, space=b"CMYK"))
    assert checks.check(cmyk).icc is None
    huge = corpus.encode(picture, icc_profile=corpus.profile(corpus.P3) + bytes(3_000_000))
    assert checks.check(huge).icc is None
    for kind in ("PNG", "WEBP"):
        tagged = corpus.encode(picture, kind, icc_profile=corpus.profile(corpus.P3))
        assert checks.check(tagged).icc == corpus.profile(corpus.P3)


def test_scans_are_counted_behind_the_header_only() -> None:
    """A count over the whole file finds hundreds of scans in harmless metadata."""
    photo = corpus.heavy_jpeg()
    assert photo.count(b"\xff\xda") > 100
    checks.check(photo)
    checks.check(corpus.many_scans(80))


@pytest.mark.parametrize("name", ["metadata-heavy.jpg", "text-bomb.png", "profile-bomb.png", "restarts.jpg"])
def test_a_look_takes_no_time(name: str) -> None:
    photo = corpus.GOOD[name]()
    started = time.process_time()
    checks.check(photo)
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize("name", ["baseline.jpg", "progressive.jpg", "alpha.png", "alpha.webp", "gps.jpg"])
def test_cutting_and_flipping_anywhere_never_surprises(name: str) -> None:
    """Every prefix and many one-byte changes: an answer or a refusal, never another error."""
    photo = corpus.GOOD[name]()
    for at in {*range(min(700, len(photo))), *range(0, len(photo), 997)}:
        changed = bytearray(photo)
        changed[at] ^= 0xFF
        for data in (photo[:at], bytes(changed)):
            try:
                checks.check(data)
            except HeliographError as refused:
                assert refused.code != "error"


def test_a_file_is_checked_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(corpus.flipped(corpus.encode(corpus.scene(), "PNG"), many=4))
    with path.open("rb") as file, pytest.raises(Invalid) as refused:
        checks.check_file(file.fileno())
    assert refused.value.code == "damaged"
    path.write_bytes(b"")
    with path.open("rb") as file, pytest.raises(Invalid) as refused:
        checks.check_file(file.fileno())
    assert refused.value.code == "no_file"
    path.write_bytes(corpus.jpeg())
    with path.open("rb") as file:
        assert checks.check_file(file.fileno()).kind == "jpeg"
