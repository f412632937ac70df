"""Addresses answer with and without `.json` and a slash, never by a redirect, and always in JSON."""

from __future__ import annotations

import pytest

from tests.parts.api.fake import ERIN, ask


@pytest.mark.parametrize("address", ["/media/12", "/media/12/", "/media/12.json", "/media/12.json/"])
def test_every_spelling_answers_itself(address: str) -> None:
    answer = ask("GET", address)
    assert (answer.status, answer.data) == (200, {"id": "12"})


def test_a_post_keeps_its_body_whatever_the_spelling() -> None:
    answer = ask(
        "POST", "/media/12.json/", data=b"caption=sea", content_type="application/x-www-form-urlencoded"
    )
    assert answer.data["caption"] == "sea"


def test_self_is_whoever_asks() -> None:
    assert ask("GET", "/users/self").data["id"] == str(ERIN)


def test_a_photo_is_known_by_both_of_its_names() -> None:
    photo, owner = 9 << 23 | 3 << 10, 8 << 23 | 3 << 10
    assert ask("GET", f"/media/{photo}_{owner}").data == {"id": str(photo)}


@pytest.mark.parametrize(
    "id",
    ["-1", "0", "007", "1.5", "abc", "1e3", str(2**63), "9" * 5000, "%C2%B2", "%D9%A3", "12_", "_12", "12_x",
     "1_2_3", "12_99999", "%00", "12%00", "self%20", "..", "%2e%2e"],
)  # fmt: skip
def test_what_can_be_no_id_is_not_found(id: str) -> None:
    answer = ask("GET", f"/media/{id}")
    assert (answer.status, answer.meta["error_type"]) == (404, "APINotFoundError")


@pytest.mark.parametrize("address", ["/", "/nothing", "/media", "/media/1/2/3/4", "/users//feed", "/media/"])
def test_an_unknown_address_is_told_in_json(address: str) -> None:
    answer = ask("GET", address, token=None)
    assert answer.status == 404
    assert answer.meta["error_type"] == "APINotFoundError"
    assert answer.headers["Content-Type"].startswith("application/json")


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = ask("PUT", "/media/12")
    assert answer.status == answer.meta["code"] == 405
    assert answer.headers["Allow"] == "DELETE, GET, POST"


def test_delete_can_be_said_by_a_post() -> None:
    assert ask("POST", "/media/12?_method=DELETE").body == {"meta": {"code": 200}, "data": None}


def test_get_cannot_be_turned_into_a_delete() -> None:
    assert ask("GET", "/media/12?_method=DELETE").data == {"id": "12"}


def test_a_browser_of_another_origin_may_ask() -> None:
    answer = ask("OPTIONS", "/media/12", token=None)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
