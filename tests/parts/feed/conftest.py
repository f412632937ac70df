"""A Valkey of its own for the tests of lists: no database is needed for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from heliograph.core import environment, valkey
from heliograph.embedded import places
from heliograph.embedded.valkey import Valkey


@pytest.fixture(scope="session")
def lists_server() -> Iterator[Valkey]:
    folder = places.temporary("hg-lists-")
    server = Valkey(folder / "valkey", run_dir=folder, durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lists(lists_server: Valkey) -> Iterator[None]:
    """An empty Valkey; feeds of five, trimmed when two over."""
    small = environment.load(
        {
            "HELIOGRAPH_SECRET_KEY": "x" * 40,
            "HELIOGRAPH_DIRECTORY": "dbname=none",
            "HELIOGRAPH_VALKEY": lists_server.url,
            "HELIOGRAPH_VALKEY_PASSWORD": lists_server.password,
            "HELIOGRAPH_FEED_MAX": "5",
            "HELIOGRAPH_FEED_TRIM_SLACK": "2",
            "HELIOGRAPH_FEED_CHUNK_READERS": "3",
        }
    )
    before = environment.get()
    environment.use(small)
    valkey.forget()
    valkey.call("FLUSHALL")
    yield
    valkey.forget()
    environment.use(before)
