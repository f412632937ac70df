"""What the door itself leaves out: guests get copies, and what can wait is put off. Reading and signing in go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core import environment, load
from heliograph.core.load import Level
from heliograph.gate import application, guests
from tests.parts.gate.fake import Ask, Heard, at


class Site:
    """An application that counts."""

    def __init__(self) -> None:
        self.pages = 0
        self.extra: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        if "heliograph.refusal" in environ:
            start("503 Service Unavailable", [("Content-Type", "text/html"), ("Content-Length", "5")])
            return [b"crowd"]
        self.pages += 1
        body = f"page {self.pages}".encode()
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body))), *self.extra])
        return [body]


@pytest.fixture
def site() -> Iterator[Site]:
    yield Site()
    load.set_level(Level.ALL)


def test_guests_share_a_page_when_there_is_a_crowd(site: Site) -> None:
    async def story(ask: Ask) -> None:
        assert [(await ask("/")).body, (await ask("/")).body] == [b"page 1", b"page 2"]
        load.set_level(Level.KEPT)
        together = await asyncio.gather(*(ask("/") for _ in range(50)))
        assert {heard.body for heard in together} == {b"page 3"}
        assert (await ask("/@alice")).body == b"page 4"
        assert (await ask("/@alice", headers={"accept-language": "ja"})).body == b"page 5"
        assert (await ask("/@alice")).body == b"page 4"

    at(site, story)


@pytest.mark.parametrize(
    ("path", "headers", "method"),
    [
        ("/", {"cookie": "session=abc"}, "GET"),
        ("/", {"cookie": "csrftoken=abc"}, "GET"),
        ("/v1/users/self/feed", {}, "GET"),
        ("/", {"authorization": "Bearer x"}, "GET"),
        ("/readyz", {}, "GET"),
        ("/m/abc/640.jpg", {}, "GET"),
        ("/", {}, "HEAD"),
    ],
)
def test_nobody_else_ever_gets_a_copy(site: Site, path: str, headers: dict[str, str], method: str) -> None:
    load.set_level(Level.PUT_OFF)

    async def story(ask: Ask) -> None:
        bodies = [(await ask(path, headers=headers, method=method)).body for _ in range(2)]
        assert bodies == [b"page 1", b"page 2"]

    at(site, story)


def test_what_is_for_one_person_is_not_kept(site: Site) -> None:
    load.set_level(Level.KEPT)
    site.extra = [("Set-Cookie", "csrftoken=abc")]

    async def story(ask: Ask) -> None:
        assert [(await ask("/")).body, (await ask("/")).body] == [b"page 1", b"page 2"]

    at(site, story)


def test_a_copy_is_a_few_seconds_old_at_most(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guests.KEEP_SECONDS < 5, "as long as access lasts that was taken away"
    load.set_level(Level.KEPT)
    monkeypatch.setattr(guests, "KEEP_SECONDS", 0.0)

    async def story(ask: Ask) -> None:
        assert [(await ask("/")).body, (await ask("/")).body] == [b"page 1", b"page 2"]

    at(site, story)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/p/NX9sEdgAgL/like", 503),
        ("POST", "/v1/media/12/comments", 503),
        ("POST", "/v1/uploads", 503),
        ("POST", "/sign-in", 200),
        ("POST", "/sign-up", 200),
        ("POST", "/sign-out", 200),
        ("POST", "/people/12/block", 200),
        ("DELETE", "/v1/media/12", 200),
        ("GET", "/v1/users/self/feed", 200),
        ("GET", "/livez", 200),
    ],
)
def test_at_the_top_only_what_can_wait_is_put_off_but_for_one_now_and_then(
    site: Site, monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int
) -> None:
    load.set_level(Level.PUT_OFF)
    now = 1000.0
    monkeypatch.setattr(application, "monotonic", lambda: now)

    async def story(ask: Ask) -> None:
        nonlocal now

        async def come() -> Heard:
            return await ask(path, method=method, headers={"content-length": "3"}, body=[b"a=1"])

        first, heard, third = [await come() for _ in range(3)]
        assert [first.status, heard.status, third.status] == [200, status, status]
        if status == 503:
            assert 5 <= int(heard.header("retry-after")) <= 15
        now += 3
        assert (await come()).status == 200

    at(site, story)


def test_below_the_top_everything_is_taken(site: Site) -> None:
    load.set_level(Level.KEPT)

    async def story(ask: Ask) -> None:
        heard = await ask("/p/NX9sEdgAgL/like", method="POST", headers={"content-length": "3"}, body=[b"a=1"])
        assert heard.status == 200

    at(site, story)


def test_one_network_has_its_share_of_the_bodies_that_arrive(site: Site) -> None:
    few = {"bodies_by_address": 1, "trusted_proxies": ("192.0.2.7",)}
    environment.use(replace(environment.get(), **few))  # type: ignore[arg-type]
    slow = {"method": "POST", "body": [b"a"] * 200}

    async def story(ask: Ask) -> None:
        def of(*forwarded: str) -> Any:
            headers = {"content-length": "200", "x-forwarded-for": ", ".join(forwarded)}
            return ask("/sign-in", **slow | {"body": list(slow["body"])}, headers=headers)

        first, second, third = await asyncio.gather(of("2001:db8::1"), of("2001:db8::2"), of("2001:db9::1"))
        assert (first.status, second.status, third.status) == (200, 503, 200)
        assert (await of("2001:db8::1")).status == 200

    try:
        at(site, story)
    finally:
        environment.use(None)
