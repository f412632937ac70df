"""The scanner finds what it is for, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.leaks import scanner
from tests.leaks.truth import Comment, Person, Photo, Truth

ERIN, FRANK, PIA = 234975701051117569, 234975701051117570, 234975701051117571
OPEN, CLOSED, GONE = 234975726929973249, 234975726929973250, 234975726929973251
TOKEN = "0af3" * 8

TRUTH = Truth(
    people={
        ERIN: Person(ERIN, "erin", "active", False),
        FRANK: Person(FRANK, "frank", "active", False),
        PIA: Person(PIA, "pia", "active", True),
    },
    photos={
        OPEN: Photo(OPEN, ERIN, "published", "1" * 32, "a wide and open sea", ""),
        CLOSED: Photo(CLOSED, PIA, "published", TOKEN, "a garden behind walls", ""),
        GONE: Photo(GONE, FRANK, "deleted", "2" * 32, "", "nothing to be seen"),
    },
    comments={5: Comment(5, OPEN, PIA, True, "how blue it is there")},
    blocks={(PIA, FRANK)},
)


def leaks(
    text: str, viewer: int | None = ERIN, kind: str = "application/json", path: str = "/v1/x"
) -> list[str]:
    meta = {"PATH_INFO": path, "HTTP_AUTHORIZATION": f"Bearer {viewer}.0000001.{'a' * 32}" if viewer else ""}
    response: Any = SimpleNamespace(
        content=text.encode(),
        streaming=False,
        headers={"Content-Type": kind},
        cookies={},
        wsgi_request=SimpleNamespace(META=meta),
    )
    return list(scanner.leaks_in(response, TRUTH))


@pytest.mark.parametrize(
    "text",
    [
        f'"id":"{CLOSED}_{PIA}"',
        f"/v1/media/{CLOSED}",
        f"/p/{TRUTH.photos[CLOSED].code}/",
        f"/m/p{TOKEN}{CLOSED:016x}/150.jpg?e=1",
        f"somewhere {TOKEN}",
        "they wrote: a garden behind walls.",
        f"max_id={GONE}",
        "<img alt='nothing to be seen'>",
    ],
)
def test_hidden_photos_are_found(text: str) -> None:
    assert leaks(text)


def test_what_is_for_everybody_is_not() -> None:
    code = TRUTH.photos[OPEN].code
    assert (
        leaks(f"{OPEN}_{ERIN} /p/{code} {PIA} a wide and open sea, how blue it is there 1234567890 {10**17}")
        == []
    )


def test_it_depends_on_who_looks() -> None:
    assert leaks(str(CLOSED), PIA) == []
    assert leaks(str(CLOSED), ERIN)
    assert leaks(str(CLOSED), None)
    assert leaks(str(PIA), ERIN) == []
    assert leaks(str(PIA), FRANK)
    assert leaks(f"/m/a{'b' * 32}{PIA:016x}/150.jpg", FRANK)
    assert leaks("how blue it is there", FRANK)


def test_whom_one_blocks_is_listed_where_one_blocks_them() -> None:
    meta = {"PATH_INFO": "/settings/blocked", "HTTP_COOKIE": f"session={PIA}.secret"}
    response: Any = SimpleNamespace(
        content=str(FRANK).encode(), streaming=False, headers={"Content-Type": "text/html"}, cookies={},
        wsgi_request=SimpleNamespace(META=meta),
    )  # fmt: skip
    assert list(scanner.leaks_in(response, TRUTH)) == []
    meta["PATH_INFO"] = "/"
    assert list(scanner.leaks_in(response, TRUTH))


def test_bytes_of_pictures_are_not_read() -> None:
    assert leaks(str(CLOSED), kind="image/jpeg") == []
