"""Every answer of every client in every test is scanned; the matrix scans its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test whose answer names something that its reader may not know."""
    if "network" not in request.fixturenames or request.node.path.match("tests/leaks/*"):
        yield
        return
    from tests.harness import client
    from tests.leaks import scanner  # models may be imported now

    client.on_response.append(scanner.look)
    yield
    if scanner.look in client.on_response:
        client.on_response.remove(scanner.look)
