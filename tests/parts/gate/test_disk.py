"""Bodies on the disk: large ones only, without a name, and never at the price of a full disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import environment, refused
from heliograph.gate import bodies
from tests.parts.gate.fake import Ask, at

LARGE = bodies.IN_MEMORY * 10


class App:
    """Tells how a body came, or why it did not."""

    def __init__(self) -> None:
        self.on_disk: list[bool] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        why = refused.why(environ)
        if why is not None:
            start("507 Insufficient Storage", [("Content-Length", str(len(why.code)))])
            return [why.code.encode()]
        file = environ["wsgi.input"]
        self.on_disk.append(hasattr(file, "fileno") and not isinstance(file, bodies.io.BytesIO))
        body = file.read()
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def incoming(tmp_path: Path) -> Iterator[Path]:
    environment.use(replace(environment.get(), incoming=tmp_path, upload_free_bytes=0))
    yield tmp_path
    environment.use(None)


def chunked(size: int) -> dict[str, Any]:
    pieces = [os.urandom(min(10_000, size - at)) for at in range(0, size, 10_000)]
    return {"method": "POST", "headers": {"transfer-encoding": "chunked"}, "body": pieces}


def test_what_is_small_stays_in_memory_and_what_is_large_has_no_name(incoming: Path) -> None:
    app = App()

    async def story(ask: Ask) -> None:
        for size in (100, bodies.IN_MEMORY, LARGE):
            asked = chunked(size)
            sent = b"".join(asked["body"])
            assert (await ask("/v1/uploads", **asked)).body == sent

    at(app, story)
    assert app.on_disk == [False, False, True]
    assert list(incoming.iterdir()) == []


def test_a_disk_that_gets_full_meanwhile_is_told_and_nothing_is_left(
    incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def full(folder: Path) -> Any:
        opened.append(open("/dev/full", "r+b", buffering=0))  # noqa: SIM115
        return opened[-1]

    monkeypatch.setattr(bodies, "_nameless_file", full)

    async def story(ask: Ask) -> None:
        heard = await ask("/v1/uploads", **chunked(LARGE))
        assert (heard.status, heard.body) == (507, b"no_room")

    at(App(), story)
    assert [file.closed for file in opened] == [True]


def test_room_is_kept_for_what_is_still_to_come(incoming: Path) -> None:
    there = os.statvfs(incoming)
    free = there.f_bavail * there.f_frsize
    environment.use(replace(environment.get(), upload_free_bytes=free - 3 * LARGE))

    async def story(ask: Ask) -> None:
        declared = {"content-length": str(LARGE)}
        body = [b"x" * LARGE]
        assert (await ask("/v1/uploads", method="POST", headers=declared, body=body)).status == 200
        declared = {"content-length": str(4 * LARGE)}
        heard = await ask("/v1/uploads", method="POST", headers=declared, body=[b"x"])
        assert (heard.status, heard.body) == (507, b"no_room")
        assert (
            await ask("/sign-in", method="POST", headers={"content-length": "3"}, body=[b"a=b"])
        ).status == 200

    at(App(), story)
