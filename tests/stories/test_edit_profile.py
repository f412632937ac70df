"""What one says about oneself, who may see one's photos, and what an operator may do about it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from heliograph.accounts import home
from heliograph.accounts.errors import Suspended
from heliograph.accounts.models import Person
from heliograph.core.errors import Invalid, NotFound
from heliograph.flows import edit_profile, follow, suspend
from heliograph.graph import visibility
from heliograph.pages import cards, profile
from heliograph.sharding import sessions
from tests.parts.graph import rows
from tests.parts.graph.people import somebody
from tests.stories.web import browser_of, text_of


def _home(person: Any) -> home.Home:
    return home.load(sessions.reader(), [person.id])[person.id]


def test_what_is_given_changes_and_the_directory_hears_of_it(alice: Any, run_jobs: Any) -> None:
    cards.people(None, [alice.id])  # a face that is remembered
    edit_profile.edit(alice.id, full_name="Alice B.", bio="Light.\nMostly.", website="example.org/me")
    run_jobs()
    page = profile.one(alice.id, "Alice")
    assert (page.person.full_name, page.bio, page.website) == (
        "Alice B.",
        "Light.\nMostly.",
        "https://example.org/me",
    )
    assert Person.objects.get(id=alice.id).full_name == "Alice B."
    edit_profile.edit(alice.id, bio="")
    assert profile.one(None, alice.id).bio == ""
    assert _home(alice).full_name == "Alice B."


def test_the_same_again_changes_nothing(alice: Any) -> None:
    before = _home(alice)
    edit_profile.edit(alice.id, full_name=before.full_name, private=False)
    assert _home(alice) == before


@pytest.mark.parametrize(
    "website",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "https://me@example.org/",
        "https://example.org:99999/",
        "http://exa mple.org",
        'https://example.org/"><script>',
        "https://example.org/" + "a" * 200,
        "data://x",
        "https://[1",
        "https://example.org/\x00",
    ],
)
def test_a_website_is_an_address_and_nothing_else(website: str) -> None:
    with pytest.raises(edit_profile.BadWebsite):
        edit_profile.checked_website(website)


def test_all_mistakes_are_named_at_once(alice: Any) -> None:
    before = _home(alice)
    with pytest.raises(Invalid) as raised:
        edit_profile.edit(alice.id, full_name="a" * 61, bio="b" * 301, website="ftp://x")
    assert sorted(raised.value.fields) == ["bio", "full_name", "website"]
    assert _home(alice) == before


def test_going_private_voids_addresses_and_keeps_followers(alice: Any, bob: Any, run_jobs: Any) -> None:
    cards.people(None, [alice.id])
    before = _home(alice).media_generation
    edit_profile.edit(alice.id, private=True)
    assert _home(alice).media_generation == before + 1
    assert cards.people(None, [alice.id])[0].private
    run_jobs()
    assert Person.objects.get(id=alice.id).private
    assert rows.in_force(bob.id, alice.id)


def test_going_public_grants_everybody_who_asked_in_chunks(
    carol: Any, network: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.graph.follows.GRANT_CHUNK", 3)
    asking = [somebody(1 + n % 8) for n in range(8)]
    for person in asking:
        follow.follow(person.id, carol.id)
    run_jobs()
    assert len(profile.requested_by(carol.id).items) == 8
    edit_profile.edit(carol.id, private=False)
    run_jobs()
    assert rows.counts(carol.id) == (8, 0)
    assert all(rows.in_force(person.id, carol.id) for person in asking)


def test_whoever_goes_private_again_before_the_job_grants_nothing(
    alice: Any, carol: Any, run_jobs: Any
) -> None:
    follow.follow(alice.id, carol.id)
    run_jobs()
    edit_profile.edit(carol.id, private=False)
    edit_profile.edit(carol.id, private=True)
    run_jobs()
    assert rows.waits(rows.follower(carol.id, alice.id))


def test_a_switch_to_private_is_not_raced_by_a_wish(alice: Any, network: Any, run_jobs: Any) -> None:
    """The wish waits for the switch, and then meets somebody private."""
    erin = somebody(7)
    follow.follow(erin.id, alice.id)
    done = threading.Event()

    def arrive() -> None:
        run_jobs(only=lambda task: task == "outbox")
        done.set()

    def switch(tx: sessions.Tx) -> None:
        edit_profile.keep(tx, alice.id, lambda person: _private(person))
        thread.start()
        assert not done.wait(0.2)

    thread = threading.Thread(target=arrive)
    sessions.write(alice.id, switch)
    thread.join(10)
    assert done.is_set()
    assert rows.waits(rows.follower(alice.id, erin.id))


def _private(person: home.Home) -> home.Home:
    from dataclasses import replace

    return replace(person, private=True)


def test_a_suspended_person_is_seen_by_nobody_and_comes_back_as_before(
    alice: Any, bob: Any, run_jobs: Any
) -> None:
    cards.people(bob.id, [alice.id])
    suspend.suspend(alice.id)
    assert Person.objects.get(id=alice.id).state == "suspended"
    assert not Person.objects.get(id=alice.id).is_active
    assert visibility.known(sessions.reader(), bob.id, [alice.id]) == set()
    assert cards.people(bob.id, [alice.id]) == []
    with pytest.raises(NotFound):
        profile.one(bob.id, alice.id)
    with pytest.raises(Suspended):
        edit_profile.edit(alice.id, bio="hello")
    suspend.suspend(alice.id)
    run_jobs()
    suspend.restore(alice.id)
    run_jobs()
    assert Person.objects.get(id=alice.id).is_active
    assert rows.in_force(bob.id, alice.id)
    assert profile.one(bob.id, alice.id).relationship == profile.Relationship("follows", "none", False)


def test_suspending_nobody_is_not_found(alice: Any) -> None:
    with pytest.raises(NotFound):
        suspend.suspend(alice.id + 1)


def test_what_is_wrong_with_a_profile_is_said_at_its_field(alice: Any) -> None:
    browser = browser_of(alice)
    fine = {"full_name": "Alice", "bio": "Light and water", "website": "https://example.org"}
    browser.post("/settings/profile", fine)
    nul = "This text holds a character that cannot be shown (U+0000). Delete it, or type the text once more."
    damaged = "A part of this text did not arrive as it was written. Type it once more."
    website = "A website begins with http:// or https:// and has at most 200 characters."
    for wrong in (
        {"bio": ("a\0b", nul)},
        {"website": ("https://example.org/\0", website)},
        {"full_name": ("Al\ufffdce", damaged)},
        {"full_name": ("x\ufffd", damaged), "bio": ("\0", nul), "website": ("ftp://x", website)},
    ):
        answer = browser.post("/settings/profile", fine | {name: typed for name, (typed, _) in wrong.items()})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert page.count('class="mistake"') == len(wrong)
        for name, (_, sentence) in wrong.items():
            assert f'id="{name}-mistake">{sentence}</p>' in page
    page = browser.get("/@alice").content.decode()
    assert "Light and water" in page


def test_bytes_that_are_no_text_are_refused_and_not_kept(alice: Any) -> None:
    browser = browser_of(alice)
    sent = "application/x-www-form-urlencoded"
    answer = browser.post("/settings/profile", b"full_name=Alice&bio=caf%E9&website=", content_type=sent)
    assert answer.status_code == 400
    assert "did not arrive as it was written" in text_of(answer)


def test_a_switch_is_on_or_off(alice: Any) -> None:
    browser = browser_of(alice)
    assert browser.post("/settings/privacy", {"private": "1"}).status_code == 303
    answer = browser.post("/settings/privacy", {"private": "perhaps"})
    assert answer.status_code == 400
    assert "This is not among the choices. Nothing was changed; choose one of them." in text_of(answer)
    assert profile.one(alice.id, "alice").person.private
