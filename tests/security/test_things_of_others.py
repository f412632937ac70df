"""What is there but not for you answers exactly like what is not there: every address that names a thing, every way of
asking, everybody who may not. The addresses come from the tables of addresses: a new one that nobody thought of fails.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.flows import upload_parts, upload_photo
from heliograph.sharding import ids
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.harness.jobs import Runner
from tests.leaks import truth, world
from tests.leaks.truth import Truth
from tests.leaks.world import Looker, World
from tests.parts.api import speaker
from tests.security import routes, whole
from tests.security.routes import Route
from tests.stories.web import Source

pytestmark = pytest.mark.usefixtures("network", "cage")

LOOKERS = ("anonymous", "stranger", "blocked", "gone")

#: What every form and every call could want: nothing is refused for what is missing.
FORM = {
    "text": "hello there, friend",
    "caption": "mine now",
    "action": "follow",
    "on": "1",
    "yes": "1",
    "reason": "spam",
    "words": "look at this",
    "new": "a rather long passphrase",
    "crop_x": "0",
}

#: What each name in an address may stand for. A new name must be added here.
KINDS = {
    "photo_id": "photo",
    "code": "photo",
    "person_id": "person",
    "username": "person",
    "comment_id": "comment",
    "upload_id": "upload",
    "token": "secret",
    "size": "size",
}

#: What somebody who is blocked may do all the same: block back, and take back their own like.
MAY_BE_DONE = {("block", "blocked"), ("DELETE /media/{photo_id}/likes", "blocked")}

#: Ids in a shard that there is, of a moment long before the tests.
_ABSENT = str(ids.make(ids.EPOCH_MS + 1000, 3, 7))
#: By kind: what can be no id, or is one of nothing.
NONSENSE = {
    "photo": ("A", "___________", "zzzzzzzzzzz", "-1"),
    "person": ("0", "-1", "9223372036854775807", "9" * 40),
    "comment": ("0", "-1", "9223372036854775807", "9" * 40),
    "upload": ("0", "-1", "9223372036854775807", "9" * 40),
    "secret": ("-", "0" * 400, "..%2f..%2fetc", "%00"),
    "size": ("0", "-1", "9" * 40),
}


@dataclass(frozen=True)
class Case:
    """One way to fill an address: with a thing that is hidden, and the same with nothing there."""

    what: str
    hidden: dict[str, str]
    absent: dict[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@pytest.fixture
def built(run_jobs: Callable[..., Any], on_response: list[Any]) -> World:
    found = world.build(run_jobs)
    on_response.clear()  # sign-in pages say where one wanted to go; that is held against asking for nothing
    return found


def test_every_name_in_an_address_is_thought_of() -> None:
    names = {name for route in routes.with_ids() for name in route.parameters}
    assert names == set(KINDS)


def test_what_is_not_for_you_is_as_if_it_were_not_there(built: World, runner: Runner) -> None:
    now, secrets = truth.load(), _secrets(built)
    before = whole.contents(runner)
    wrong: list[str] = []
    tried: set[str] = set()
    for name in LOOKERS:
        for route in routes.with_ids():
            valkey.call("FLUSHALL")  # how often one may ask is not what this is about
            speaker.forget_allowances()
            for case in _cases(built, now, built.lookers[name], route, secrets):
                tried.add(route.name)
                wrong += [f"{name}: {it}" for it in _told_apart(built.lookers[name], route, case)]
            wrong += [f"{name}: {it}" for it in _accidents(built.lookers[name], route)]
    wrong += _deeds_of_owners(built, now, built.lookers["stranger"])
    assert not wrong, "\n".join([f"{len(wrong)} differences", *wrong[:40]])
    assert {route.name for route in routes.with_ids()} == tried
    assert whole.changed(before, whole.contents(runner)) == []


def _told_apart(looker: Looker, route: Route, case: Case) -> Iterator[str]:
    if (route.name, looker.name) in MAY_BE_DONE:
        return
    for method in _methods(route):
        hidden = _ask(looker, method, route, case.hidden)
        absent = _ask(looker, method, route, case.absent)
        if hidden.status >= 500 or hidden != absent:
            yield f"{method} {route.template} ({case.what}): {_difference(hidden, absent)}"


#: What only the owner may do with a photo or a comment that others see as well.
OWNERS_ONLY = (
    *("edit-photo", "delete-photo", "retry-photo", "delete-comment"),
    *("POST /media/{photo_id}", "DELETE /media/{photo_id}", "DELETE /media/{photo_id}/comments/{comment_id}"),
)


def _deeds_of_owners(built: World, now: Truth, looker: Looker) -> Iterator[str]:
    """What one sees and may not change: refused, whatever the words."""
    photo = built.photos["olga", "published"]
    comment = next(it for it in now.comments_of(looker.id, photo) if now.comments[it].author != looker.id)
    by_name = {route.name: route for route in routes.with_ids()}
    for route in (by_name[name] for name in OWNERS_ONLY):
        values = _photo_values(route, photo) | {"comment_id": str(comment)}
        for method in _methods(route):
            status = _ask(looker, method, route, values).status
            if status not in (400, 403, 404, 405):
                yield f"{method} {route.template} of somebody else: {status}"


def _accidents(looker: Looker, route: Route) -> Iterator[str]:
    for position, name in enumerate(route.parameters):
        for said in NONSENSE[KINDS[name]]:
            values = {it: NONSENSE[KINDS[it]][0] for it in route.parameters} | {name: said}
            method = _methods(route)[position % len(_methods(route))]
            status = _ask(looker, method, route, values).status
            if status >= 500 or status == 200:
                yield f"{method} {route.address(**values)}: {status}"


def _methods(route: Route) -> tuple[str, ...]:
    if route.method:
        return (route.method,)
    return ("GET", "PATCH") if route.name == "upload-part" else ("GET", "POST")


def _cases(built: World, now: Truth, looker: Looker, route: Route, secrets: dict[str, str]) -> Iterator[Case]:
    """Every hidden thing that fits the address."""
    viewer = looker.id if looker.name not in ("anonymous", "gone") else None
    kinds = {name: KINDS[name] for name in route.parameters}
    if "comment_id" in kinds:
        yield from _comments(built, now, viewer, route)
    elif "photo" in kinds.values():
        yield from _photos(built, now, viewer, route)
    elif "person" in kinds.values():
        yield from _people(built, now, viewer, route)
    else:
        name = route.parameters[0]
        hidden, absent = secrets[route.name], secrets[f"no {route.name}"]
        rest = dict.fromkeys(route.parameters[1:], "640")
        yield Case(route.name, {name: hidden, **rest}, {name: absent, **rest})


def _photos(built: World, now: Truth, viewer: int | None, route: Route) -> Iterator[Case]:
    for (owner, state), photo in built.photos.items():
        if (owner, state) in _SOME and not now.sees(viewer, photo):
            yield Case(f"{owner}'s, {state}", _photo_values(route, photo), _photo_values(route, int(_ABSENT)))


#: One photo for each reason why it is hidden; tests/leaks looks at all of them.
_SOME = {
    ("pia", "published"),
    ("olga", "published"),
    ("olga", "deleted"),
    ("pia", "processing"),
    ("sven", "published"),
}


def _photo_values(route: Route, photo: int) -> dict[str, str]:
    as_code = not route.method or "code" in route.parameters
    named = {
        name: short_code(photo) if as_code else str(photo) for name in route.parameters if name != "size"
    }
    return named | {name: "640" for name in route.parameters if name == "size"}


def _people(built: World, now: Truth, viewer: int | None, route: Route) -> Iterator[Case]:
    name = route.parameters[0]
    for person in built.owners.values():
        if not now.knows(viewer, person.id):
            if name == "username":
                yield Case(person.username, {name: person.username}, {name: "zz.nobody"})
            else:
                yield Case(person.username, {name: str(person.id)}, {name: _ABSENT})


def _comments(built: World, now: Truth, viewer: int | None, route: Route) -> Iterator[Case]:
    """A comment that one may not read, below a photo that one sees and below one that one does not."""
    seen: set[tuple[int, bool]] = set()
    for comment in now.comments.values():
        kind = (comment.photo, now.sees(viewer, comment.photo))
        if now.reads(viewer, comment.id) or comment.author == viewer or kind in seen:
            continue
        seen.add(kind)
        there = comment.photo if kind[1] else int(_ABSENT)
        code = short_code if not route.method else str
        yield Case(
            f"comment below {comment.photo}",
            {"photo_id": code(comment.photo), "comment_id": str(comment.id)},
            {"photo_id": code(there), "comment_id": _ABSENT},
        )


def _secrets(built: World) -> dict[str, str]:
    """Things that are named by what only their owner knows, and the same of nobody."""
    olga = built.owners["olga"].id
    upload = upload_photo.accept(olga, Source(corpus.jpeg(320, 320)))
    session = upload_parts.start(olga, 5000).session
    picture = built.void[-1].partition("/m/")[2].partition("/")[0]
    found = {"upload-part": session, "picture": picture}
    found |= {"previews": str(upload.id), "preview": str(upload.id)}
    for name in ("reset-password", "verify-address", "administrator-link"):
        found[name] = "bm90aGluZw:1abcde:c29tZXRoaW5n"
    nothing = {
        name: said[0] + re.sub(r"[0-9a-f]", "a", said[1:-16]) + said[-16:] for name, said in found.items()
    }
    nothing |= {"previews": _ABSENT, "preview": _ABSENT}
    return found | {f"no {name}": said for name, said in nothing.items()}


def _ask(looker: Looker, method: str, route: Route, values: dict[str, str]) -> Answer:
    client = looker.api.client if route.method else looker.browser
    address = route.address(**values)
    body = "&".join(f"{name}={said.replace(' ', '+')}" for name, said in FORM.items())
    response = client.generic(method, address, body if method == "POST" else "", _KIND[method])
    return _read(response, values)


_KIND = {
    "GET": "",
    "DELETE": "",
    "POST": "application/x-www-form-urlencoded",
    "PATCH": "application/offset+octet-stream",
}
_PASSING = re.compile(r'(name="csrfmiddlewaretoken" value="|csrftoken=)[^";]+')
_LEFT_OUT = {"Content-Length", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Date", "Content-Encoding"}


def _read(response: Any, values: dict[str, str]) -> Answer:
    """An answer without what was asked and what is new each time."""
    content: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    headers = tuple(
        sorted(
            (name, _plain(said, values)) for name, said in response.headers.items() if name not in _LEFT_OUT
        )
    )
    return Answer(response.status_code, headers, _plain(content.decode("utf-8", "replace"), values))


def _plain(text: str, values: dict[str, str]) -> str:
    for said in values.values():
        text = text.replace(said, "*") if len(said) > 3 else text
    return _PASSING.sub(r"\1-", text)


def _difference(one: Answer, other: Answer) -> str:
    if one.status != other.status:
        return f"{one.status}, where nothing is: {other.status}"
    if one.headers != other.headers:
        return f"headers: {set(one.headers) ^ set(other.headers)}"
    for at, (a, b) in enumerate(zip(one.body, other.body, strict=False)):
        if a != b:
            return f"{one.status}: {one.body[at - 60 : at + 60]!r} is not {other.body[at - 60 : at + 60]!r}"
    return f"{one.status}, of other lengths"
