"""A web process as people run it, behind its door, on the servers of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.harness.cage import Cage
from tests.harness.servers import Network
from tests.parts.gate.wire import Site

#: Short, so that nobody waits for those who are slow; and fewer threads than those.
KNOBS = {
    "HELIOGRAPH_BODY_SILENCE_SECONDS": "1",
    "HELIOGRAPH_FORM_DEADLINE_SECONDS": "3",
    "HELIOGRAPH_UPLOAD_DEADLINE_SECONDS": "4",
    "HELIOGRAPH_WEB_THREADS": "4",
    "HELIOGRAPH_BODIES_BY_ADDRESS": "250",
    "HELIOGRAPH_NODE_TIMEOUT_MS": "2000",
    "HELIOGRAPH_NODE_CONNECT_SECONDS": "1",
    "HELIOGRAPH_NODE_REST_SECONDS": "1",
    "HELIOGRAPH_SIGN_INS_PER_MINUTE": "1000000",
    "HELIOGRAPH_API_PER_HOUR": "1000000",
    "HELIOGRAPH_POSTS_PER_HOUR": "1000000",
}


@pytest.fixture(scope="session")
def site(servers: Network, _session_cage: Cage) -> Iterator[Site]:
    """The site, and raw connections to it."""
    cage = {"HELIOGRAPH_CAGE": str(_session_cage.path)}
    running = Site({**os.environ, **servers.variables(), **cage, **KNOBS})
    running.start()
    yield running
    running.stop()
