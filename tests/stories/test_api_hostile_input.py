"""The API gets what nobody should send, and answers in its own words: never a crash, never somebody else's row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.sharding import ids
from tests import corpus
from tests.harness.people import Somebody, make_person
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker

pytestmark = pytest.mark.usefixtures("network", "cage", "mirrors_at_once")

IDS = [
    *("0", "-1", "007", "1e9", "0x10", "abc", "1.5", "%00", "١٢٣", "self_1", "_", "1_", "9" * 19, "9" * 4000),
    str(2**63 - 1),
    str(2**63),
    str(ids.make(ids.EPOCH_MS + 1000, 8191, 5)),  # of a shard that does not exist
    str(ids.make(ids.EPOCH_MS + 1000, 3, 5)),  # of one that does, and of nobody
]
CURSORS = ["-1", "1.5", "abc", "9" * 30, str(2**64), "%00", "A" * 3000, "a_b", "💙", "null", "{}", "12_x"]


@pytest.fixture(autouse=True)
def full_allowances() -> None:
    speaker.forget_allowances()


@pytest.fixture
def photo(alice: Somebody, run_jobs: Callable[..., Any]) -> str:
    """Alice's photo, published."""
    id: str = Speaker(alice).post("/media", photo=corpus.jpeg(200, 200), caption="The sea").data["id"]
    run_jobs()
    return id


def test_impossible_ids_are_not_found(alice: Somebody) -> None:
    api = Speaker(alice)
    for id in IDS:
        for path in (f"/media/{id}", f"/media/{id}/comments", f"/media/{id}/likes", f"/users/{id}",
                     f"/users/{id}/media/recent", f"/users/{id}/follows", f"/users/{id}/relationship"):  # fmt: skip
            assert api.get(path).why == (404, "APINotFoundError"), path
        assert api.post(f"/media/{id}/likes").status == 404
        assert api.post(f"/media/{id}/comments", text="hello").status == 404
        assert api.delete(f"/media/{id}").status == 404
        assert api.post(f"/media/{id}", caption="x").status == 404
        assert api.post(f"/users/{id}/relationship", action="follow").status == 404
    for code in ("A", "AAAA", "____________", "zzzzzzzzzzz", "%00", "é", "a.b"):
        assert api.get(f"/media/shortcode/{code}").status == 404


def test_ids_of_another_kind_are_not_found(alice: Somebody, photo: str) -> None:
    api = Speaker(alice)
    number, owner = photo.split("_")
    assert api.get(f"/media/{owner}").status == 404
    assert api.get(f"/users/{number}").status == 404
    assert api.delete(f"/media/{photo}/comments/{number}").status in (200, 404)
    assert api.post("/media", upload_id=number).status == 404
    assert api.post("/media", upload_id=str(ids.make(ids.EPOCH_MS + 1000, 8191, 5))).status == 404


def test_bad_cursors_are_told(alice: Somebody, photo: str) -> None:
    api = Speaker(alice)
    for cursor in CURSORS:
        for path, name in (
            ("/users/self/feed", "max_id"), ("/users/self/feed", "min_id"), ("/users/self/media/recent", "max_id"),
            ("/users/self/media/recent", "min_id"), ("/users/self/follows", "cursor"),
            ("/users/self/followed-by", "cursor"), ("/users/self/requested-by", "cursor"),
            (f"/media/{photo}/comments", "max_id"),
        ):  # fmt: skip
            said = api.get(path, **{name: cursor})
            assert said.why == (400, "APIInvalidParametersError"), (path, name, cursor)


def test_a_cursor_of_one_list_opens_no_other(alice: Somebody, bob: Somebody, carol: Somebody) -> None:
    api = Speaker(bob)
    api.post(f"/users/{carol.id}/relationship", action="follow")
    for name in ("erin", "frank"):
        other = make_person(name)
        api.post(f"/users/{other.id}/relationship", action="follow")
    sealed = api.get("/users/self/follows", count=1).body["pagination"]["next_cursor"]
    assert api.get("/users/self/follows", cursor=sealed).status == 200
    assert api.get("/users/self/followed-by", cursor=sealed).status == 400
    assert api.get(f"/users/{alice.id}/follows", cursor=sealed).status == 400
    assert api.get("/users/self/feed", max_id=sealed).status == 400
    assert (
        api.get("/users/self/follows", cursor=sealed[:-1] + ("A" if sealed[-1] != "A" else "B")).status == 400
    )


@pytest.mark.parametrize("count", ["0", "-5", "1000000", "9" * 400, "", "1"])
def test_any_count_is_a_count(alice: Somebody, photo: str, count: str) -> None:
    api = Speaker(alice)
    for path in (
        "/users/self/feed",
        "/users/self/media/recent",
        "/users/self/follows",
        f"/media/{photo}/comments",
    ):
        assert api.get(path, count=count).status == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a" * 2200, 200),
        ("a" * 2201, 400),
        ("a" * 10_000, 400),
        ("👩‍👩‍👧 " * 200, 200),
        ("\u202eright to left\u202c שלום", 200),
        ("e\u0301" * 2200, 200),  # as many letters when composed
        ("a\0b", 400),
        ("tab\tand\r\nlines\n", 200),
        ("\x1b[31mred", 400),
        ("<script>alert(1)</script>", 200),
        ("'; DROP TABLE photo; --", 200),
        ("%s %(id)s {s} {shard}", 200),
        ("", 200),
    ],
)
def test_captions(alice: Somebody, photo: str, text: str, status: int) -> None:
    api = Speaker(alice)
    said = api.post(f"/media/{photo}", caption=text)
    assert said.status == status
    if status == 200 and text.isprintable() and text and "e\u0301" not in text:
        assert said.data["caption"]["text"] == text.strip()


@pytest.mark.parametrize(
    ("text", "status"),
    [("fine", 200), ("", 400), ("   ", 400), ("a" * 301, 400), ("NOT ALL CAPITALS PLEASE", 400), ("\0", 400),
     ("#a #b #c #d", 200), ("#a #b #c #d #e", 400), ("http://a.example http://b.example", 400)],
)  # fmt: skip
def test_comments(alice: Somebody, photo: str, text: str, status: int) -> None:
    assert Speaker(alice).post(f"/media/{photo}/comments", text=text).status == status


@pytest.mark.parametrize(
    "value",
    [[], {}, 5, 1.5, True, [["x"]], {"a": {"b": "c"}}, "\0"],
)  # fmt: skip
def test_json_of_wrong_types(alice: Somebody, photo: str, value: Any) -> None:
    said = Speaker(alice).post_json(f"/media/{photo}", {"caption": value})
    assert said.why == (400, "APIInvalidParametersError")
    assert "caption" in said.meta["fields"]


@pytest.mark.parametrize(
    "body", [b"[" * 50_000, b'{"caption":' * 5000, b"{", b"[]", b"null", b'{"caption": NaN}']
)
def test_json_that_is_none(alice: Somebody, photo: str, body: bytes) -> None:
    assert Speaker(alice).post_json(f"/media/{photo}", body).why == (400, "APIInvalidParametersError")


def test_json_says_things_twice(alice: Somebody, photo: str) -> None:
    said = Speaker(alice).post_json(f"/media/{photo}", b'{"caption": "one", "caption": "two"}')
    assert said.data["caption"]["text"] == "two"


@pytest.mark.parametrize("action", ["", "poke", "FOLLOW", "follow\0", "follow unfollow"])
def test_unknown_deeds(alice: Somebody, bob: Somebody, action: str) -> None:
    said = Speaker(alice).post(f"/users/{bob.id}/relationship", action=action)
    assert said.why == (400, "APIInvalidParametersError")
    assert set(said.meta["fields"]) == {"action"}


def test_nothing_is_done_to_oneself(alice: Somebody) -> None:
    for action in ("follow", "block"):
        assert Speaker(alice).post("/users/self/relationship", action=action).status == 400


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"", 400, "no_file"),
        (b"hello, I am no photo", 415, "unsupported_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_type"),
        (corpus.jpeg(100, 100), 422, "too_small"),
        (corpus.jpeg()[:3000], 422, "damaged"),
        (corpus.apng(), 422, "animated"),
        (corpus.pixel_bomb(), 422, "too_many_pixels"),
    ],
    ids=["empty", "text", "svg", "small", "cut", "moving", "bomb"],
)  # fmt: skip
def test_bad_photos_have_a_code_and_a_sentence(alice: Somebody, file: bytes, status: int, code: str) -> None:
    api = Speaker(alice)
    for path in ("/uploads", "/media"):
        said = api.post(path, photo=file)
        assert (said.status, said.meta["error_code"]) == (status, code)
        assert said.meta["error_type"] == "APIInvalidParametersError"
    assert api.get("/users/self/media/recent").data == []


def test_no_photo_at_all(alice: Somebody) -> None:
    assert Speaker(alice).post("/media", caption="only words").meta["error_code"] == "no_file"
    assert Speaker(alice).post("/uploads").meta["error_code"] == "no_file"
    assert Speaker(alice).post("/media", photo=corpus.jpeg(), filter="sepia").status == 400


def test_a_body_of_another_kind(alice: Somebody, photo: str) -> None:
    api = Speaker(alice)
    for kind in ("text/plain", "application/xml", "image/jpeg"):
        said = api._ask("POST", f"/media/{photo}", {}, b"caption=x", kind)
        assert said.why == (415, "APIInvalidParametersError")
