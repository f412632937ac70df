"""A token comes in the header or in the query; nothing else counts, and it never comes back by itself."""

from __future__ import annotations

import pytest

from tests.parts.api.fake import ERIN, REVOKED_TOKEN, TOKEN, WEAK_TOKEN, ask


def test_it_may_come_in_the_query() -> None:
    assert ask("GET", f"/users/self?access_token={TOKEN}", token=None).data["asked_by"] == str(ERIN)


def test_it_may_come_in_the_query_of_every_method() -> None:
    assert ask("DELETE", f"/media/12?access_token={TOKEN}", token=None).status == 200
    assert ask("POST", f"/media/12?access_token={TOKEN}", token=None).status == 200


def test_without_one_nothing_is_said() -> None:
    answer = ask("GET", "/users/self", token=None)
    assert (answer.status, answer.meta["error_type"]) == (400, "OAuthParameterException")


def test_cookies_say_nothing() -> None:
    answer = ask("GET", "/users/self", token=None, HTTP_COOKIE=f"session={TOKEN}; access_token={TOKEN}")
    assert answer.meta["error_type"] == "OAuthParameterException"


@pytest.mark.parametrize("token", ["x", "1.2.3", "٣", "a b", "Bearer"])
def test_what_is_no_token_is_told(token: str) -> None:
    answer = ask("GET", "/users/self", token=token.encode().decode("latin-1"))
    assert (answer.status, answer.meta["error_type"]) == (400, "OAuthParameterException")


def test_a_revoked_one_is_told_apart() -> None:
    assert ask("GET", "/users/self", token=REVOKED_TOKEN).meta["error_type"] == "OAuthAccessTokenException"


def test_it_must_be_for_what_is_asked() -> None:
    answer = ask("GET", "/users/self", token=WEAK_TOKEN)
    assert (answer.status, answer.meta["error_type"]) == (400, "OAuthPermissionsException")
    assert "basic" in answer.meta["error_message"]


def test_the_feed_comes_with_the_record_only_where_it_is_wanted() -> None:
    assert ask("GET", "/users/self/feed").data[0]["feed"] is True


def test_nobody_needs_one_to_sign_in() -> None:
    answer = ask("POST", "/sessions?username=erin", token=None, REMOTE_ADDR="192.0.2.7")
    assert answer.data == {"username": "erin", "address": "192.0.2.7"}
