"""What a WSGI application is told, and how its answers go back; as PEP 3333 wants it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from heliograph.gate.wsgi import File
from tests.parts.gate.fake import Ask, at

TEXT = [("Content-Type", "text/plain"), ("Content-Length", "2")]


class App:
    """Remembers what it was told; answers with what the test wants."""

    def __init__(self, answer: Callable[..., Iterable[bytes]] | None = None) -> None:
        self.told: dict[str, Any] = {}
        self.body = b""
        self._answer = answer

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.told = environ
        self.body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if self._answer is not None:
            return self._answer(environ, start)
        start("200 OK", TEXT)
        return [b"o", b"k"]


def test_it_is_told_what_the_standard_says() -> None:
    app = App()

    async def story(ask: Ask) -> None:
        heard = await ask(
            "/caf\u00e9",
            query_string="a=%C3%A9",
            headers={"host": "photos.example", "cookie": "a=1", "x-b": "c"},
        )
        assert (heard.status, heard.body) == (200, b"ok")

    at(validator(app), story)  # type: ignore[arg-type]
    assert app.told["PATH_INFO"].encode("latin-1").decode() == "/caf\u00e9"
    assert (app.told["QUERY_STRING"], app.told["HTTP_X_B"]) == ("a=%C3%A9", "c")
    assert (app.told["REMOTE_ADDR"], app.told["SERVER_PORT"]) == ("192.0.2.7", "8000")
    assert app.told["HTTP_COOKIE"] == "a=1"


@pytest.mark.parametrize("pieces", [[b"a=1"], [b"a", b"=", b"1"], [b"a=1", b"x" * 200_000]])
def test_its_body_is_whole_and_as_long_as_is_said(pieces: list[bytes]) -> None:
    app, whole = App(), b"".join(pieces)

    async def story(ask: Ask) -> None:
        for headers in ({"content-length": str(len(whole))}, {"transfer-encoding": "chunked"}):
            await ask("/post", method="POST", headers=headers, body=list(pieces))
            assert app.body == whole
            assert app.told["CONTENT_LENGTH"] == str(len(whole))
            assert "HTTP_TRANSFER_ENCODING" not in app.told

    at(app, story)


def test_a_header_with_an_underscore_does_not_pass_for_another() -> None:
    app = App()

    async def story(ask: Ask) -> None:
        await ask(headers={"x_forwarded_for": "1.2.3.4", "x-forwarded-proto": "https"})

    at(app, story)
    assert "HTTP_X_FORWARDED_FOR" not in app.told
    assert app.told["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_host_in_the_address_goes_before_the_header() -> None:
    app = App()

    async def story(ask: Ask) -> None:
        await ask(authority="one.example", headers={"host": "two.example"})

    at(app, story)
    assert app.told["HTTP_HOST"] == "one.example"


def test_an_answer_without_a_length_goes_back_piece_by_piece() -> None:
    closed: list[bool] = []

    class Pieces:
        def __iter__(self) -> Any:
            yield b"one"
            yield b""
            yield b"two"

        def close(self) -> None:
            closed.append(True)

    def answer(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/plain")])
        return Pieces()

    async def story(ask: Ask) -> None:
        heard = await ask()
        assert (heard.status, heard.streamed) == (200, [b"one", b"two"])

    at(App(answer), story)
    assert closed
    assert all(closed)


def test_a_large_file_is_read_by_the_server_and_a_part_of_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"x" * 100_000)
    from_byte = 0

    def answer(environ: Any, start: Any) -> Any:
        file = path.open("rb")
        file.seek(from_byte)
        start("200 OK", [("Content-Length", str(100_000 - from_byte))])
        return environ["wsgi.file_wrapper"](file)

    async def story(ask: Ask) -> None:
        nonlocal from_byte
        whole = await ask()
        assert (whole.file, whole.body) == (str(path), b"")
        from_byte = 99_000
        part = await ask()
        assert (part.file, part.body) == ("", b"x" * 1000)

    at(App(answer), story)


def test_a_file_that_has_no_name_is_read_here() -> None:
    assert b"".join(File(io.BytesIO(b"x" * 20_000))) == b"x" * 20_000


def test_whatever_it_raises_the_door_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def answer(environ: Any, start: Any) -> Any:
        raise ValueError("broken")

    async def story(ask: Ask) -> None:
        assert (await ask()).status == 500
        assert (await ask()).status == 500

    at(App(answer), story)
    assert "GET / failed" in caplog.text
