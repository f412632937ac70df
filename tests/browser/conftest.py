"""A real Chromium before the real stack: Debian's, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

import heliograph.flows.catalogue  # noqa: F401 - so that what the worker left over can be done here
from heliograph.sharding import map, sessions
from tests.browser.person import Person
from tests.browser.stack import Stack
from tests.harness.cage import Cage
from tests.harness.servers import Network

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card: the composer draws with it
    "--force-color-profile=srgb",  # a picture of the page has the very colours that were drawn
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_PATIENCE_MS = 15_000

expect.set_options(timeout=_PATIENCE_MS)  # five seconds are little on a machine that does other things, too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browsers() -> Iterator[Callable[[tuple[str, ...]], Browser]]:
    """`browsers(("--more",))`: one browser for all files that start it with the same.

    Not for the session: Playwright keeps an event loop running in this thread, which no test outside of this folder
    expects. Django sees the loop and refuses to work, needlessly: nothing here awaits.
    """
    path = shutil.which("chromium")
    if path is None:
        reason = "Chromium is not installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    started: dict[tuple[str, ...], Browser] = {}
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

        def browser(more: tuple[str, ...]) -> Browser:
            if more not in started:
                started[more] = playwright.chromium.launch(executable_path=path, args=[*_ARGS, *more])
            return started[more]

        yield browser
        for each in started.values():
            each.close()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest, browsers: Callable[[tuple[str, ...]], Browser]) -> Browser:
    """The browser; each person in it has their own cookies. A file that names `ARGS` has one with those as well."""
    return browsers(getattr(request.module, "ARGS", ()))


@pytest.fixture(scope="package")
def stack(servers: Network, _session_cage: Cage) -> Iterator[Stack]:
    """The web process of these tests: it keeps nothing that an emptied database would prove wrong."""
    built = _session_cage.path.parent / "static"  # as bin/up has it
    stack = Stack(HELIOGRAPH_CAGE=str(_session_cage.path), HELIOGRAPH_STATIC=str(built))
    try:
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def site(network: Network, cage: Cage, stack: Stack) -> Iterator[Stack]:
    """Web and worker on empty databases. At the end every shard is looked at, since others wrote to them."""
    stack.fork_worker()
    try:
        yield stack
    finally:
        stack.stop_one("worker")
    for shard in map.shards():
        sessions.write(1 << 23 | shard << 10, lambda tx: None)


@pytest.fixture
def visitor(site: Stack, chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Somebody with a browser of their own: `visitor("alice")` signs up, `visitor()` does not.

    At the end nobody's browser may have complained: no error on the console, no report of the policy.
    """
    opened: list[tuple[Person, BrowserContext]] = []

    def make(name: str = "", **options: object) -> Person:
        settings: dict[str, object] = {"viewport": {"width": 390, "height": 844}, "base_url": site.url}
        settings["service_workers"] = "block"  # test_away.py lets it in
        context = chromium.new_context(**(settings | options))  # type: ignore[arg-type]
        context.set_default_timeout(_PATIENCE_MS)
        person = Person(name, context.new_page(), site.url)
        opened.append((person, context))
        if name:
            person.sign_up()
        return person

    yield make
    complaints = [complaint for person, _ in opened for complaint in person.complaints]
    for _, context in opened:
        context.close()
    assert complaints == []
