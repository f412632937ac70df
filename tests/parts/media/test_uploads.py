"""Taking a body in."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heliograph.core import environment
from heliograph.core.errors import HeliographError
from heliograph.media import uploads
from heliograph.media.errors import Busy, Interrupted, NoFile, TooLarge, TooSlow


class Body:
    """A body that arrives in pieces, as slowly as a test likes, and perhaps breaks off."""

    def __init__(
        self,
        data: bytes,
        *,
        length: int | None = None,
        pause: float = 0,
        breaks: bool = False,
        most: int = 1 << 30,
    ) -> None:
        self._data = data
        self.length = length
        self._pause = pause
        self._breaks = breaks
        self._most = most

    def read(self, size: int, /) -> bytes:
        time.sleep(self._pause)
        piece, self._data = self._data[: min(size, self._most)], self._data[min(size, self._most) :]
        if not piece and self._breaks:
            raise ConnectionResetError
        return piece


@pytest.fixture(autouse=True)
def incoming(tmp_path: Path) -> Iterator[Path]:
    use(tmp_path)
    yield tmp_path / "incoming"
    environment.use(None)


def use(tmp_path: Path, **changed: int) -> None:
    before = environment.load(
        {
            "HELIOGRAPH_SECRET_KEY": "x" * 32,
            "HELIOGRAPH_DIRECTORY": "-",
            "HELIOGRAPH_INCOMING": str(tmp_path / "incoming"),
        }
    )
    environment.use(dataclasses.replace(before, **changed))  # type: ignore[arg-type]


def test_a_body_becomes_a_file(incoming: Path) -> None:
    data = bytes(range(256)) * 1000
    for length in (len(data), None):
        got = uploads.receive(7, Body(data, length=length, most=1000))
        assert got.path.read_bytes() == data
        assert (got.size_bytes, got.sha256) == (len(data), hashlib.sha256(data).digest())
        assert got.path.stat().st_mode & 0o777 == 0o600
    uploads.forget(got.name)
    uploads.forget(got.name)
    assert not got.path.exists()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (Body(b""), NoFile),
        (Body(b"", length=0), NoFile),
        (Body(b"abc", length=26 * 1024 * 1024), TooLarge),
        (Body(bytes(26 * 1024 * 1024)), TooLarge),
        (Body(b"abc", length=10), Interrupted),
        (Body(b"abc", breaks=True), Interrupted),
    ],
)
def test_what_fails_leaves_nothing(body: Body, error: type[HeliographError], incoming: Path) -> None:
    with pytest.raises(error):
        uploads.receive(7, body)
    assert not incoming.exists() or list(incoming.iterdir()) == []


def test_a_body_that_comes_too_slowly_is_ended(
    tmp_path: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_GRACE_SECONDS", 0.05)
    use(tmp_path, upload_minimum_rate=100_000)
    with pytest.raises(TooSlow):
        uploads.receive(7, Body(bytes(2000), pause=0.02, most=10))
    use(tmp_path, upload_deadline_seconds=0)
    with pytest.raises(TooSlow):
        uploads.receive(7, Body(bytes(2000), pause=0.01))
    assert list(incoming.iterdir()) == []


def test_only_so_many_are_taken_in_at_once(tmp_path: Path) -> None:
    use(tmp_path, uploads_at_once=2)
    go, started = threading.Event(), threading.Semaphore(0)

    class Waiting(Body):
        def read(self, size: int, /) -> bytes:
            started.release()
            go.wait(5)
            return super().read(size)

    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(uploads.receive, 7, Waiting(b"abc")) for _ in range(2)]
        for _ in taken:
            started.acquire(timeout=5)
        with pytest.raises(Busy) as busy:
            uploads.receive(7, Body(b"abc"))
        assert busy.value.retry_after_seconds > 0
        go.set()
        assert all(each.result(5).size_bytes == 3 for each in taken)
    uploads.receive(7, Body(b"abc"))


def test_files_that_were_left_alone_are_found(incoming: Path) -> None:
    got = uploads.receive(7, Body(b"abc"))
    (incoming / "notes.txt").write_text("not an upload")
    assert list(uploads.lying_about(-5)) == [(got.name, 7)]
    assert list(uploads.lying_about(60)) == []


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "7-xyz"])
def test_only_uploads_are_ever_removed(name: str, incoming: Path) -> None:
    outside = incoming.parent / "secret"
    outside.write_text("keep")
    uploads.forget(name)
    assert outside.exists()
