"""Looks at every answer of every client: body, headers, addresses. Whatever names something is held against the truth.

    ids              15 to 19 digits, alone or as {photo}_{owner}
    short codes      of every photo there is
    picture tokens   of photos and of people, whole or the random part alone
    words            captions, descriptions and comments of 12 letters and more

Who looks is who the request proved to be: its token, or its session's cookie; for an answer that brings a token or
sets a cookie, the one it brings.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from http.cookies import SimpleCookie
from typing import Any

from tests.leaks import truth as truths
from tests.leaks.truth import Truth

_NUMBER = re.compile(r"(?<![0-9])[0-9]{15,19}(?![0-9])")
_OF_CODES = "[A-Za-z0-9_-]"
_PICTURE = re.compile(r"([pa])[0-9a-f]{32}([0-9a-f]{16})")
_TOKEN = re.compile(r"\b([1-9][0-9]{0,18})\.[0-9a-f]{7}\.[0-9a-f]{32}\b")
_LONG = 12  # letters; shorter words are said by anybody
_TEXTS = ("text/", "application/json", "application/javascript", "application/manifest")

#: Pages where one meets people whom one blocks oneself.
_OWN_BLOCKS = re.compile(r"^/settings/blocked|^/@[^/]+/block$|^/people/[0-9]+/block$")


def look(client: Any, response: Any) -> None:
    """The listener for tests/harness/client.py: fails the test that asked."""
    leaks = list(leaks_in(response))
    assert not leaks, (
        f"{response.wsgi_request.META['REQUEST_METHOD']} {response.wsgi_request.META['PATH_INFO']}: {leaks}"
    )


def leaks_in(response: Any, truth: Truth | None = None) -> Iterator[str]:
    """What an answer says that its reader may not know."""
    if response.wsgi_request.META["PATH_INFO"].startswith("/m/"):
        return  # the signed address is what lets one in, and all that such an answer names
    text = text_of(response)
    if truth is None:
        if not (_NUMBER.search(text) or _PICTURE.search(text) or "/p/" in text):
            return
        truth = truths.load()
    viewer = viewer_of(response, text)
    if viewer is not None and (viewer not in truth.people or truth.people[viewer].state != "active"):
        viewer = None
    own_blocks = bool(_OWN_BLOCKS.match(response.wsgi_request.META["PATH_INFO"]))
    yield from _ids(text, viewer, truth, own_blocks)
    yield from _codes(text, viewer, truth)
    yield from _pictures(text, viewer, truth, own_blocks)
    yield from _words(text, viewer, truth)


def text_of(response: Any) -> str:
    """Everything that the caller gets to read."""
    content = b"" if response.streaming else response.content  # bytes of pictures; a stream is read only once
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    kind = response.headers.get("Content-Type", "")
    body = content.decode("utf-8", "replace") if kind.startswith(_TEXTS) else ""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    cookies = "" if not response.cookies else response.cookies.output()
    # A credential names its person in front; it is theirs.
    return _TOKEN.sub("-", f"{body}\n{headers}\n") + re.sub(r"(?<==)[0-9]+\.", "", cookies)


def viewer_of(response: Any, text: str = "") -> int | None:
    """Who asked, as far as the request (or what it earned) proves."""
    asked = response.wsgi_request.META
    brought = response.cookies.get("session")
    if brought is not None and brought.value:
        return _front(brought.value)
    if asked["PATH_INFO"].startswith("/v1"):
        raw = response.content if not response.streaming else b""
        given = re.search(rb'"access_token":"([^"]+)"', raw)
        said = asked.get("HTTP_AUTHORIZATION", "").partition(" ")[2]
        said = said or (re.search(r"access_token=([^&]+)", asked.get("QUERY_STRING", "")) or ["", ""])[1]
        return _front(given[1].decode() if given else said)
    cookie = SimpleCookie(asked.get("HTTP_COOKIE", "")).get("session")
    return None if cookie is None else _front(cookie.value)


def _front(credential: str) -> int | None:
    front = credential.partition(".")[0]
    return int(front) if front.isdigit() else None


def _ids(text: str, viewer: int | None, truth: Truth, own_blocks: bool) -> Iterator[str]:
    for number in {int(found) for found in _NUMBER.findall(text)}:
        meanings = list(_meanings(number, viewer, truth, own_blocks))
        # Ids are unique by kind only: it is a leak when no meaning of the number is for the viewer.
        if meanings and not any(allowed for _, allowed in meanings):
            yield f"id of {meanings[0][0]}"


def _meanings(number: int, viewer: int | None, truth: Truth, own_blocks: bool) -> Iterator[tuple[str, bool]]:
    if number in truth.people:
        yield f"person {number}", _knows(truth, viewer, number, own_blocks)
    if number in truth.photos:
        yield f"photo {number}", truth.sees(viewer, number)
    if number in truth.comments:
        yield f"comment {number}", truth.reads(viewer, number)


def _knows(truth: Truth, viewer: int | None, person: int, own_blocks: bool) -> bool:
    return truth.knows(viewer, person) or (own_blocks and (viewer, person) in truth.blocks)


def _codes(text: str, viewer: int | None, truth: Truth) -> Iterator[str]:
    for photo in truth.photos.values():
        # Most are not in there at all: that is asked first, and costs next to nothing.
        if photo.code not in text or truth.sees(viewer, photo.id):
            continue
        if re.search(f"(?<!{_OF_CODES}){re.escape(photo.code)}(?!{_OF_CODES})", text):
            yield f"code of photo {photo.id}"


def _pictures(text: str, viewer: int | None, truth: Truth, own_blocks: bool) -> Iterator[str]:
    for kind, hex in set(_PICTURE.findall(text)):
        number = int(hex, 16)
        allowed = truth.sees(viewer, number) if kind == "p" else _knows(truth, viewer, number, own_blocks)
        if not allowed and number in (truth.photos if kind == "p" else truth.people):
            yield f"picture of {number}"
    for photo in truth.photos.values():
        if photo.token in text and not truth.sees(viewer, photo.id):
            yield f"token of photo {photo.id}"


def _words(text: str, viewer: int | None, truth: Truth) -> Iterator[str]:
    allowed: dict[str, bool] = {}
    for words, is_allowed in _said(viewer, truth):
        if len(words) >= _LONG:
            allowed[words] = allowed.get(words, False) or is_allowed
    for words, is_allowed in allowed.items():
        if not is_allowed and words in text:
            yield f"the words {words!r}"


def _said(viewer: int | None, truth: Truth) -> Iterable[tuple[str, bool]]:
    for photo in truth.photos.values():
        yield photo.caption, truth.sees(viewer, photo.id)
        yield photo.alt_text, truth.sees(viewer, photo.id)
    for comment in truth.comments.values():
        yield comment.text, truth.reads(viewer, comment.id)
