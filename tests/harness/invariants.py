"""The first invariant, looked at after every test that opened a shard: drain everything, then audit finds nothing.

    @damages("the test breaks a counter to see audit find it")

opts out; at most MOST_DAMAGES tests may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from heliograph.core import environment
from heliograph.media import storage
from heliograph.ops import audit
from heliograph.sharding import sessions
from tests.harness.jobs import Runner

MOST_DAMAGES = 10

damages = pytest.mark.damages

_reasons: dict[str, str] = {}
_checked = 0


@dataclass
class Touched:
    """Which shards a test wrote to, in this process."""

    shards: set[int] = field(default_factory=set)
    directory: bool = False
    media: set[Path] = field(default_factory=set)  # folders in which pictures were kept or looked for

    @property
    def anything(self) -> bool:
        return bool(self.shards) or self.directory


@contextmanager
def watching() -> Iterator[Touched]:
    """Note every shard that is opened for writing."""
    touched = Touched()
    open_tx, open_directory, open_storage = sessions.Tx.__init__, sessions.DirectoryTx.__init__, storage.get

    def tx(self: sessions.Tx, shard: int, *rest: Any) -> None:
        touched.shards.add(shard)
        open_tx(self, shard, *rest)

    def directory_tx(self: sessions.DirectoryTx) -> None:
        touched.directory = True
        open_directory(self)

    def files() -> storage.Storage:
        touched.media.add(environment.get().media)
        return open_storage()

    with (
        mock.patch.object(sessions.Tx, "__init__", tx),
        mock.patch.object(sessions.DirectoryTx, "__init__", directory_tx),
        mock.patch.object(storage, "get", files),
    ):
        yield touched


def count_damages(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("damages")
        if marker is not None:
            name = item.nodeid.split("[")[0]
            if not marker.args:
                raise pytest.UsageError(f'{name}: @damages("why") wants a reason')
            _reasons[name] = marker.args[0]
    if len(_reasons) > MOST_DAMAGES:
        raise pytest.UsageError(
            f"{len(_reasons)} tests leave damage behind, at most {MOST_DAMAGES} may: {sorted(_reasons)}"
        )


def check(item: Any, runner: Runner, touched: Touched) -> None:
    """Drain, then audit what was touched. Nothing to do where the test failed already."""
    global _checked
    if not touched.anything or item.get_closest_marker("damages") is not None:
        return
    if getattr(item, "call_failed", False):
        return
    runner.run_jobs()
    found = _compare(touched, files="cage" in item.fixturenames)
    _checked += 1
    if found:
        told = "\n".join(str(difference) for difference in found[:20])
        pytest.fail(
            f"pairs and counters disagree after the test (seed {runner.seed}):\n{told}", pytrace=False
        )


def _compare(touched: Touched, *, files: bool) -> list[audit.Difference]:
    """Photos that no cage has made have no files; and a test may keep its files in a folder of its own."""
    if not files or len(touched.media) != 1:
        return audit.compare(shards=touched.shards, files=False)
    (folder,) = touched.media
    with mock.patch.object(storage, "get", lambda: storage.Files(folder)):
        return audit.compare(shards=touched.shards)


def told() -> dict[str, Any]:
    """What was looked at in this process, and who leaves damage behind."""
    return {"checked": _checked, "damages": dict(_reasons)}
