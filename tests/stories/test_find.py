"""Finding people by the beginning of a name, and completing names and tags while somebody writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.accounts import finding
from heliograph.accounts.models import PersonWord
from heliograph.core import trips
from heliograph.flows import block, edit_photo, edit_profile, suspend
from heliograph.pages import search, suggestions
from tests.harness import people
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of, text_of


def names(viewer: Somebody, query: str, **options: Any) -> list[str]:
    return [person.username for person in search.people(viewer.id, query, **options)]


def post(owner: Somebody, caption: str) -> int:
    """A published photo whose tags are marked."""
    photo_id = album.post(owner.id, caption=caption)
    edit_photo.edit(owner.id, photo_id, caption=caption)
    return photo_id


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("al", ["al"]),
        ("  @Maria.G ", ["maria.g"]),
        ("Özgür", ["ozgur"]),
        ("MARÍA garc", ["maria", "garc"]),
        ("o'hara", ["o", "hara"]),
        ("%_\\", []),
        ("... ", []),
        ("", []),
        ("\0\ud800", []),
        ("李小", ["李小"]),
        ("𝐌𝐚𝐫𝐢𝐚 №5", ["maria", "no5"]),
        ("عبد\u200fالله", ["عبدالله"]),
        ("a b c d e f", ["a", "b", "c", "d"]),
        ("x" * 500, ["x" * 30]),
    ],
)
def test_a_question_is_the_beginnings_of_a_few_words(query: str, words: list[str]) -> None:
    assert finding.asked_words(query) == words


@pytest.mark.parametrize(
    ("username", "full_name", "queries"),
    [
        ("ronald", "J.R.R. Tolkien anna_lena", ["J.R.R.", "j.r", "J.R.R. Tolkien", "anna_l", "lena", "tolk"]),
        ("maria", "𝐌𝐚𝐫𝐢𝐚 Ｋａｔｅ", ["kate", "Maria kate", "𝐤𝐚𝐭𝐞"]),
        ("a.b.c.d.e.f.g.h.i.j.k.l", "Zed Yvonne", ["zed", "yvonne", "a.b.c"]),
        ("many", "aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp", ["nn", "pp"]),
    ],
)
def test_words_are_found_as_they_are_written(
    bob: Somebody, make_person: Callable[..., Somebody], username: str, full_name: str, queries: list[str]
) -> None:
    make_person(username, full_name=full_name)
    assert {query: names(bob, query) for query in queries} == {query: [username] for query in queries}


def test_people_are_found_by_the_beginning_of_any_of_their_names(
    bob: Somebody, make_person: Callable[..., Somebody]
) -> None:
    make_person("m.garcia_99", full_name="María-José García", shard=3)
    for query in ("m.g", "garc", "GARCÍA", "maria", "jose", "jose gar", "99", "@m.garcia_99"):
        assert names(bob, query) == ["m.garcia_99"], query
    for query in ("arcia", "maria bob", "m.garcia_999", "%", "_", "", "  @ "):
        assert names(bob, query) == [], query


def test_the_exact_name_stands_first_then_whom_one_follows_then_the_alphabet(
    bob: Somebody, make_person: Callable[..., Somebody], run_jobs: Callable[..., Any]
) -> None:
    for name in ("ann.b", "ann", "ann.c", "anna"):
        make_person(name)
    people.follow(bob, Somebody(search.people(bob.id, "ann.c")[0].id, "ann.c"))
    run_jobs()
    assert names(bob, "ann") == ["ann", "ann.c", "ann.b", "anna"]
    assert names(bob, "ann", count=2) == ["ann", "ann.c"]


def test_private_people_are_found_suspended_and_blocked_ones_are_not(
    alice: Somebody, carol: Somebody, dave: Somebody, run_jobs: Callable[..., Any]
) -> None:
    assert names(dave, "carol") == ["carol"]
    assert names(dave, "alice") == [] and names(alice, "dave") == []
    suspend.suspend(carol.id)
    run_jobs()
    assert names(dave, "carol") == []
    suspend.restore(carol.id)
    run_jobs()
    block.block(carol.id, dave.id)
    run_jobs()
    assert names(dave, "carol") == [] and names(carol, "dave") == []


def test_who_changes_their_name_is_found_by_the_new_one_only(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    edit_profile.edit(alice.id, full_name="Åsa Öberg")
    run_jobs()
    assert names(bob, "oberg") == ["alice"] and names(bob, "alice") == ["alice"]
    edit_profile.edit(alice.id, full_name="")
    run_jobs()
    assert names(bob, "oberg") == []
    assert set(PersonWord.objects.filter(person_id=alice.id).values_list("word", flat=True)) == {"alice"}


def test_the_page_shows_who_was_found_with_a_button(alice: Somebody, bob: Somebody) -> None:
    browser = browser_of(bob)
    page = text_of(browser.get("/find?q=ali"))
    assert "alice" in page and "Following" in page
    assert "Nobody by that name" in text_of(browser.get("/find?q=nobody.at.all"))
    fragment = browser.get("/find/results?q=ali").content.decode()
    assert 'data-person="alice"' in fragment and "<html" not in fragment


def test_names_and_tags_are_completed_from_what_the_writer_may_see(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: Callable[..., Any]
) -> None:
    post(alice, "Up early #sunrise #sun")
    post(bob, "#sunrise again")
    post(carol, "#sunset of nobody's business")
    run_jobs()
    browser = browser_of(bob)
    browser.get("/")  # his feed is there now
    found = browser.get("/find/people.json?q=AL").json()["people"]
    assert found == [{"username": "alice", "full_name": "Alice", "avatar": ""}]
    assert browser.get("/find/tags.json?q=SU").json()["tags"] == [
        {"name": "sunrise", "photos": 2},
        {"name": "sun", "photos": 1},
    ]
    for what in ("people", "tags"):
        assert browser_of(None).get(f"/find/{what}.json?q=a").status_code == 303


def suggested(viewer: Somebody) -> list[str]:
    return [person.username for person in suggestions.people(viewer.id)]


def test_newcomers_are_told_whom_to_begin_with(
    alice: Somebody,
    bob: Somebody,
    carol: Somebody,
    dave: Somebody,
    make_person: Callable[..., Somebody],
    run_jobs: Callable[..., Any],
) -> None:
    erin, frank, _ = (make_person(name) for name in ("erin", "frank", "grace"))
    for owner in (alice, carol, erin, frank):
        album.post(owner.id)
    run_jobs()
    # Who came last; not who is private, or has posted nothing.
    assert suggested(dave) == ["frank", "erin"]  # Alice has blocked him
    page = text_of(browser_of(dave).get("/"))
    assert "Your feed fills when you follow people" in page and "People to begin with" in page
    assert "frank" in text_of(browser_of(dave).get("/find"))
    # Bob follows Alice: whom she follows stands first, whom he follows or asks not at all.
    people.follow(alice, erin)
    run_jobs()
    assert suggested(bob) == ["erin", "frank"]
    people.follow(bob, erin)
    assert suggested(bob) == ["frank"]
    assert suggested(frank) == ["erin", "alice"]


def test_whom_to_begin_with_is_kept_for_a_while_but_not_who_is_followed_hidden_or_blocked_since(
    bob: Somebody,
    make_person: Callable[..., Somebody],
    run_jobs: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suggestions, "SUGGESTED", 2)
    others = [make_person(name) for name in ("p1", "p2", "p3", "p4", "p5")]
    for owner in others:
        album.post(owner.id)
    run_jobs()
    assert suggested(bob) == ["p5", "p4"]
    with trips.counted() as made:
        assert suggested(bob) == ["p5", "p4"]
    assert made["directory"] == 0 and made["node"] <= 2, made
    people.follow(bob, others[4])
    block.block(others[3].id, bob.id)
    run_jobs()
    assert suggested(bob) == ["p3", "p2"]
    edit_profile.edit(others[2].id, private=True)
    run_jobs()
    assert suggested(bob) == ["p2", "p1"]
    people.follow(bob, others[1])
    run_jobs()
    assert suggested(bob) == ["p1"]
    people.follow(bob, others[0])
    run_jobs()
    assert suggested(bob) == []
    with trips.counted() as made:
        assert suggested(bob) == []  # that there is nobody is kept as well
    assert dict(made) == {"valkey": 1}
