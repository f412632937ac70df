"""Every test's ground. Addresses are fixed here, at import; servers start at the first test that asks for them."""

from __future__ import annotations

from tests.harness import servers

NETWORK = servers.arrange()

pytest_plugins = (
    "tests.harness.fixtures",
    "tests.harness.cage",
    "tests.leaks.plugin",
    "tests.faults.option",
)
