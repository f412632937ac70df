"""The next page's address is absolute, keeps what was asked, and carries credentials only where they were."""

from __future__ import annotations

from tests.parts.api.fake import TOKEN, ask

FROM = "http://testserver/v1"


def test_a_page_says_where_the_next_one_is() -> None:
    answer = ask("GET", "/users/self/feed?count=5&color=red")
    assert answer.body["pagination"] == {
        "next_url": f"{FROM}/users/self/feed?count=5&max_id=1234",
        "next_max_id": "1234",
    }


def test_the_last_page_says_nothing() -> None:
    assert ask("GET", "/users/self/feed?max_id=last").body["pagination"] == {}


def test_people_are_paged_by_a_cursor() -> None:
    answer = ask("GET", "/users/self/follows.json/")
    assert answer.body["pagination"] == {
        "next_url": f"{FROM}/users/self/follows.json/?cursor=after",
        "next_cursor": "after",
    }


def test_credentials_of_the_query_are_repeated() -> None:
    url = ask("GET", f"/users/self/feed?access_token={TOKEN}", token=None).body["pagination"]["next_url"]
    assert url == f"{FROM}/users/self/feed?access_token={TOKEN}&max_id=1234"


def test_credentials_of_the_header_never_are() -> None:
    answer = ask("GET", "/users/self/feed?count=1")
    assert TOKEN.encode() not in answer.raw


def test_the_host_header_is_not_believed() -> None:
    answer = ask("GET", "/users/self/feed", HTTP_HOST="evil.example")
    assert answer.body["pagination"]["next_url"].startswith(FROM)


def test_the_id_of_a_photo_is_a_cursor_too() -> None:
    assert ask("GET", "/users/self/feed?max_id=12345_678").data[0]["max_id"] == "12345"
