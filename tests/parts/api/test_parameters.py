"""Parameters come by query, form, JSON or multipart form, and may be anything."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import orjson
import pytest

from tests.parts.api.fake import ask

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def edit(body: bytes, content_type: str = JSON, address: str = "/media/12", **extra: Any) -> Any:
    return ask("POST", address, data=body, content_type=content_type, **extra)


@pytest.mark.parametrize(
    ("said", "read"),
    [("5", 5), ("0", 1), ("-3", 1), ("1000", 100), ("9" * 5000, 100), ("-" + "9" * 5000, 1), ("", None)],
)
def test_a_count_is_what_it_can_be(said: str, read: int | None) -> None:
    assert ask("GET", f"/users/self/feed?count={said}").data[0]["count"] == read


@pytest.mark.parametrize("said", ["five", "1.5", "0x10", "١٢", "%C2%B2", "--1", "1_0", "+"])
def test_a_count_is_a_number(said: str) -> None:
    answer = ask("GET", f"/users/self/feed?count={said}")
    assert (answer.status, answer.meta["error_type"]) == (400, "APIInvalidParametersError")
    assert answer.meta["fields"] == {"count": "count must be a whole number."}


@pytest.mark.parametrize("said", ["-1", str(2**40), "9" * 30, "soon"])
def test_a_moment_is_in_seconds(said: str) -> None:
    assert ask("GET", f"/users/self/feed?min_timestamp={said}").status == 400


def test_a_text_may_come_by_query_form_and_json() -> None:
    assert edit(b"", FORM, "/media/12?caption=by+query").data["caption"] == "by query"
    assert edit(b"caption=by+form", FORM).data["caption"] == "by form"
    assert edit(b'{"caption": "by JSON"}').data["caption"] == "by JSON"


def test_the_body_goes_before_the_query() -> None:
    assert edit(b"caption=body", FORM, "/media/12?caption=query").data["caption"] == "body"


def test_a_form_that_does_not_say_what_it_is_is_read() -> None:
    assert edit(b"caption=sea", "").data["caption"] == "sea"


def test_an_empty_text_is_a_text_and_null_is_nothing() -> None:
    assert edit(b"caption=", FORM).data["caption"] == ""
    assert edit(b'{"caption": null}').data["caption"] is None


def test_every_letter_arrives() -> None:
    caption = "mar \u202eRTL\u202c 🌊 e\u0301 \ud55c"
    assert edit(orjson.dumps({"caption": caption})).data["caption"] == caption


def test_nul_is_refused() -> None:
    assert edit(b"caption=a%00b", FORM).meta["fields"] == {
        "caption": "caption holds a character that cannot be kept."
    }
    assert edit(b'{"caption": "a\\u0000b"}').status == 400


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["a"], {"a": 1}])
def test_a_text_is_a_text(value: object) -> None:
    assert edit(orjson.dumps({"caption": value})).meta["fields"] == {"caption": "caption must be text."}


@pytest.mark.parametrize(
    ("said", "read"), [(b"true", True), (b"false", False), (b'"1"', True), (b'"no"', False), (b"0", False)]
)
def test_yes_and_no(said: bytes, read: bool) -> None:
    assert edit(b'{"is_private": ' + said + b"}").data["is_private"] is read


@pytest.mark.parametrize("said", [b'"maybe"', b"2", b"[]", b"1.0", b"{}"])
def test_neither_yes_nor_no(said: bytes) -> None:
    assert edit(b'{"is_private": ' + said + b"}").status == 400


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"17", b"null", b"{'a': 1}", b'{"a": NaN}', b"\xff\xfe", b'{"a": "\\ud800"}',
     b"[" * 100_000, b'{"a":' * 100_000],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    answer = edit(body)
    assert (answer.status, answer.meta["error_code"]) == (400, "bad_body")


def test_of_two_keys_the_last_one_counts() -> None:
    assert edit(b'{"caption": "first", "caption": "second"}').data["caption"] == "second"
    assert edit(b"caption=first&caption=second", FORM).data["caption"] == "second"


def test_unknown_parameters_are_ignored() -> None:
    assert edit(b'{"colour": {"deep": [1]}}').status == 200


def test_too_many_parameters_are_refused() -> None:
    assert edit(b"&".join(b"a%d=1" % n for n in range(300)), FORM).status == 400


def test_a_form_that_is_not_utf8_is_refused() -> None:
    assert edit(b"caption=%ff%fe", FORM).status == 400
    assert ask("GET", "/users/self/feed?count=%ff").status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "image/jpeg", "application/json5"])
def test_other_content_types_are_refused(kind: str) -> None:
    answer = edit(b"caption=sea", kind)
    assert (answer.status, answer.meta["error_type"]) == (415, "APIInvalidParametersError")


def test_a_body_has_an_end() -> None:
    assert edit(b"caption=" + b"a" * (1024 * 1024), FORM).status == 413


def test_a_body_says_its_length() -> None:
    assert edit(b"", FORM, HTTP_TRANSFER_ENCODING="chunked").status == 411


@pytest.mark.parametrize("length", ["-1", "ten", "9" * 40, "1e3"])
def test_a_length_is_a_number(length: str) -> None:
    assert edit(b"", FORM, CONTENT_LENGTH=length).status == 400


def test_a_body_that_ends_early_is_refused() -> None:
    assert edit(b"", FORM, CONTENT_LENGTH="200", **{"wsgi.input": BytesIO(b"caption=sea")}).status == 400


def test_what_is_missing_is_named() -> None:
    answer = ask("POST", "/sessions", token=None)
    assert answer.meta["fields"] == {"username": "username is missing."}
    assert answer.meta["error_message"] == "username is missing."


def test_the_key_of_a_repeatable_request_arrives() -> None:
    assert edit(b"", FORM, HTTP_IDEMPOTENCY_KEY="k-1").data["key"] == "k-1"
