"""Smaller answers: who gets which, and that they are what they were."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.test import RequestFactory, override_settings
from whitenoise.middleware import WhiteNoiseMiddleware

from heliograph.config import compression, static
from heliograph.core import packing
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.web import browser_of


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("gzip, deflate, br, zstd", {"gzip", "br"}),
        ("gzip", {"gzip"}),
        ("GZIP ; q=0.5", {"gzip"}),
        ("gzip;q=0", set()),
        ("br;q=0.000, gzip;q=0.001", {"gzip"}),
        ("*", {"gzip", "br"}),
        ("*, br;q=0", {"gzip"}),
        ("gzip, *;q=0", {"gzip"}),
        ("identity", set()),
        ("", set()),
        ("xgzip, brotli", set()),
        ("gzip;q=many", {"gzip"}),
        (";;,,=;q", set()),
        ("\0😀" * 1000, set()),
    ],
)
def test_a_client_gets_what_it_takes(said: str, taken: set[str]) -> None:
    assert packing.taken(said) == taken


@pytest.mark.parametrize("padded", [False, True])
def test_gzip_is_what_everybody_unpacks(padded: bool) -> None:
    for body in (b"", b"x", b"Heliograph " * 10_000):
        assert gzip.decompress(packing.gzip(body, padded=padded)) == body


class TestPages:
    def test_a_page_is_packed_for_whoever_takes_it(self, alice: Somebody) -> None:
        plain = browser_of(alice).get("/settings/appearance", HTTP_ACCEPT_ENCODING="gzip;q=0")
        packed = browser_of(alice).get("/settings/appearance", HTTP_ACCEPT_ENCODING="br, gzip")
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.content) < len(plain.content) / 3
        assert b"<title>" in gzip.decompress(packed.content)
        assert int(packed.headers["Content-Length"]) == len(packed.content)
        for answer in (plain, packed):
            assert {"Accept-Encoding", "Cookie"} <= set(answer.headers["Vary"].split(", "))

    def test_the_length_of_a_page_is_blurred(self, alice: Somebody) -> None:
        browser = browser_of(alice, HTTP_ACCEPT_ENCODING="gzip")
        assert len({len(browser.get("/settings/appearance").content) for _ in range(12)}) > 3

    def test_pictures_and_short_answers_are_left_alone(self, network: Any) -> None:
        for path in ("/favicon.ico", "/livez"):
            assert "Content-Encoding" not in TestClient().get(path, HTTP_ACCEPT_ENCODING="gzip").headers


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("static")
    before = os.umask(0o077)
    static.build(str(target))
    os.umask(before)
    return target


class TestFiles:
    @pytest.fixture
    def ask(self, built: Path) -> Iterator[Callable[..., Any]]:
        with override_settings(
            STATIC_ROOT=static.root(str(built)),
            WHITENOISE_STATIC_PREFIX="/static/",
            WHITENOISE_USE_FINDERS=False,
        ):
            served = compression.Smaller(WhiteNoiseMiddleware(lambda request: 1 / 0))

        def ask(name: str, **headers: str) -> Any:
            return served(RequestFactory().get(static.address() + name, **headers))

        yield ask

    @pytest.mark.parametrize(
        ("accepts", "coding"),
        [
            ("gzip, br", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("gzip;q=0, br;q=0", None),
            ("", None),
        ],
    )
    def test_they_were_packed_before_anybody_asked(self, ask: Any, accepts: str, coding: str | None) -> None:
        answer = ask("css/base.css", HTTP_ACCEPT_ENCODING=accepts)
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
        assert answer.headers.get("Content-Encoding") == coding
        assert unpack(b"".join(answer)) == (static.folder() / "css" / "base.css").read_bytes()
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        answer.close()

    def test_a_known_one_is_not_sent_again(self, ask: Any) -> None:
        first = ask("js/main.js")
        first.close()
        assert ask("js/main.js", HTTP_IF_NONE_MATCH=first.headers["ETag"]).status_code == 304

    def test_what_is_as_small_as_it_gets_is_not_packed(self, built: Path) -> None:
        folder = built / static.digest()
        assert (folder / "img" / "icon-192.png").exists()
        assert not (folder / "img" / "icon-192.png.br").exists()

    def test_a_proxy_may_read_them(self, built: Path) -> None:
        folder = built / static.digest()
        for path in (folder, folder / "css", folder / "css" / "base.css", folder / "css" / "base.css.gz"):
            assert path.stat().st_mode & 0o004, path

    def test_building_again_does_nothing_and_the_release_before_stays(self, built: Path) -> None:
        made = built / static.digest() / "css" / "base.css.br"
        before = made.stat()
        static.build(str(built))
        assert made.stat() == before
        for name in ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"):
            (built / name).mkdir()
        static._forget_old(built)
        assert {path.name for path in built.iterdir()} == {static.digest(), "cccccccccccc"}

    def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_text("")
        static.build(str(file))
        assert static.root(str(file)) is None
