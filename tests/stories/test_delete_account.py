"""Deleting one's account: out of sight at once, kept for some days for whoever changes their mind, then gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heliograph.accounts import home
from heliograph.accounts.errors import BadCredentials, BadLink, Gone, Leaving, Suspended, WrongPassword
from heliograph.accounts.models import Person, PersonWord, Report, RetiredName, Token, WebSession
from heliograph.core import clock, environment
from heliograph.core.errors import Invalid, NotFound
from heliograph.flows import (
    block,
    comment,
    delete_account,
    empty_account,
    follow,
    like,
    report,
    sign_in,
    sign_up,
    suspend,
    upload_photo,
)
from heliograph.graph import lists
from heliograph.media import store
from heliograph.pages import photo as photo_page
from heliograph.pages import profile
from heliograph.sharding import sessions
from tests import corpus
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD, Somebody
from tests.oracle import album
from tests.stories.web import Source, browser_of

GRACE = timedelta(days=7)


@pytest.fixture
def moved() -> Callable[[timedelta], None]:
    """Moves the clock on; `network` puts it right again."""
    return clock.shift


def soon() -> datetime:
    """When no request can be under way any more that began before somebody was deleted at once."""
    return clock.now() + timedelta(minutes=1)


def _home(person: Somebody) -> home.Home:
    return home.load(sessions.reader(), [person.id])[person.id]


def _seen_by(viewer: Somebody, person: Somebody) -> bool:
    try:
        profile.one(viewer.id, person.id)
    except NotFound:
        return False
    return True


def test_the_password_is_asked(alice: Somebody, bob: Somebody) -> None:
    with pytest.raises(WrongPassword):
        delete_account.ask(alice.id, "not this one")
    assert _seen_by(bob, alice)


def test_nobody_sees_them_and_nothing_stands_for_them_any_more(
    alice: Somebody, bob: Somebody, run_jobs: Any
) -> None:
    photo = album.post(alice.id, caption="Soon gone")
    his = album.post(bob.id)
    said = comment.add(alice.id, his, "Hers")
    token = TestClient(viewer_id=alice.id, token=sign_in.issue_token(alice.id))
    browser = browser_of(alice)
    run_jobs()
    assert browser.get("/settings").status_code == 200
    leaves_at = delete_account.ask(alice.id, PASSWORD)
    assert leaves_at - clock.now() > GRACE - timedelta(minutes=1)
    # before any job has run
    assert not _seen_by(bob, alice)
    with pytest.raises(NotFound):
        photo_page.one(bob.id, photo)
    assert token.get("/v1/users/self").status_code == 400
    assert browser.get("/settings").status_code == 303
    assert said not in [it.id for it in photo_page.comments(bob.id, his).items]
    assert delete_account.ask(alice.id, PASSWORD) == leaves_at, "asked again it is the same day"


def test_who_signs_in_within_the_days_of_grace_may_stay(
    alice: Somebody, bob: Somebody, run_jobs: Any
) -> None:
    photo = album.post(alice.id, caption="Still here")
    delete_account.ask(alice.id, PASSWORD)
    run_jobs()
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", "a wrong one", address=None)
    with pytest.raises(Leaving) as leaving:
        sign_in.prove("alice", PASSWORD, address=None)
    seal, leaves_at = delete_account.question(leaving.value.person_id)
    assert leaves_at > clock.now()
    assert delete_account.keep(seal) == alice.id
    with pytest.raises(BadLink):
        delete_account.keep(seal)  # which would sign in whoever has it
    assert sign_in.prove("alice", PASSWORD, address=None).person_id == alice.id
    assert _seen_by(bob, alice) and photo_page.one(bob.id, photo).caption == "Still here"
    run_jobs(until=clock.now() + GRACE)
    assert photo_page.one(bob.id, photo).state == "published", "the job of that day finds that she has stayed"


def test_only_the_answer_to_a_question_keeps_it(alice: Somebody, moved: Any) -> None:
    delete_account.ask(alice.id, PASSWORD)
    seal, _ = delete_account.question(alice.id)
    with pytest.raises(BadLink):
        delete_account.keep(seal[:-1])
    moved(timedelta(hours=1))
    with pytest.raises(BadLink):
        delete_account.keep(seal)


def test_an_operator_decides_otherwise(alice: Somebody) -> None:
    delete_account.begin(alice.id)
    with pytest.raises(suspend.BeingDeleted):
        suspend.restore(alice.id)
    with pytest.raises(Gone):
        delete_account.stay(alice.id)


def test_who_is_suspended_while_asking_does_not_come_back_by_staying(alice: Somebody) -> None:
    suspend.suspend(alice.id)
    with pytest.raises(Suspended):
        delete_account.ask(alice.id, PASSWORD)
    assert _home(alice).state == "suspended"


def test_an_operator_does_not_wait_for_the_days_of_who_has_asked(alice: Somebody, run_jobs: Any) -> None:
    until = delete_account.ask(alice.id, PASSWORD)
    assert delete_account.ask(alice.id, PASSWORD) == until, "who asks again changes nothing"
    assert delete_account.begin(alice.id) <= clock.now()
    with pytest.raises(Gone):
        delete_account.stay(alice.id)
    run_jobs(until=soon())
    assert Person.objects.get(id=alice.id).state == "deleted"


def test_when_the_days_are_over_nothing_is_left(
    alice: Somebody, bob: Somebody, carol: Somebody, dave: Somebody, cage: Any, run_jobs: Any, moved: Any
) -> None:
    photo, other = album.post(alice.id, caption="Hers, with @bob"), album.post(bob.id, caption="His")
    follow.follow(alice.id, bob.id)
    follow.follow(alice.id, carol.id)  # a request
    like.add(bob.id, photo)
    comment.add(bob.id, photo, "On hers")
    like.add(alice.id, other)
    comment.add(alice.id, other, "From her to @carol")
    comment.add(carol.id, other, "About @alice")
    report.send(alice.id, report.photo(alice.id, other), reason="spam", words="Her words")
    report.send(bob.id, report.photo(bob.id, photo), reason="spam", words="His words")
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg(320, 320)))
    file = Path(environment.get().incoming) / upload.file
    Person.objects.filter(id=alice.id).update(email_verified=True, is_administrator=True)
    run_jobs()
    assert file.exists()
    delete_account.ask(alice.id, PASSWORD)
    run_jobs()
    moved(GRACE)
    run_jobs()

    gone, row = _home(alice), Person.objects.get(id=alice.id)
    assert (gone.state, row.state) == ("deleted", "deleted")
    assert (gone.full_name, gone.bio, gone.avatar, row.full_name, row.email) == ("", "", "", "", "")
    assert gone.username == row.username != "alice"
    assert not row.is_administrator and not row.has_usable_password()
    for model, mine in ((Token, "person_id"), (WebSession, "person_id"), (Report, "reporter_id")):
        assert not model.objects.filter(**{mine: alice.id}).exists()  # type: ignore[attr-defined]
    assert not PersonWord.objects.filter(word="alice").exists()
    assert [it.seen for it in Report.objects.filter(owner_id=alice.id)] == [""]
    assert not file.exists()

    reader = sessions.reader()
    his = photo_page.one(bob.id, other)
    assert (his.likes, his.comments) == (0, 1)
    assert lists.follower_ids(reader, bob.id) == [] == lists.following_ids(reader, bob.id)
    assert home.counters(reader, [bob.id])[bob.id] == home.Counters(photos=1)
    assert lists.requests(reader, carol.id) == []
    assert not rows_of(alice, photo), "what she said and showed"
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", PASSWORD, address=None)


def rows_of(person: Somebody, photo_id: int) -> list[Any]:
    """Texts that her shard still has of her, and what stands beside a photo."""
    sql = """
SELECT 'photo' FROM {s}.photo WHERE owner_id = %(me)s AND (state <> 'deleted' OR caption <> '' OR alt_text <> '')
UNION ALL SELECT 'comment' FROM {s}.comment WHERE photo_id = %(photo)s AND (text <> '' OR "on")
UNION ALL SELECT 'like' FROM {s}.photo_like WHERE photo_id = %(photo)s AND "on"
UNION ALL SELECT 'liked' FROM {s}.liked WHERE actor_id = %(me)s AND "on"
UNION ALL SELECT 'commented' FROM {s}.commented WHERE actor_id = %(me)s AND "on"
UNION ALL SELECT 'block' FROM {s}.block WHERE actor_id = %(me)s AND "on"
UNION ALL SELECT 'upload' FROM {s}.upload WHERE owner_id = %(me)s AND photo_id IS NULL
UNION ALL SELECT 'seen' FROM {s}.activity_seen WHERE person_id = %(me)s
"""
    return sessions.reader().at(person.id).rows(sql, {"me": person.id, "photo": photo_id})


def test_her_name_is_nobodys_for_a_month(alice: Somebody, run_jobs: Any, moved: Any) -> None:
    delete_account.begin(alice.id)
    run_jobs(until=soon())
    with pytest.raises(Invalid):
        sign_up.sign_up("alice", "other@example.org", PASSWORD, address=None)
    moved(timedelta(days=31))
    empty_account.free_names()
    assert not RetiredName.objects.exists()
    sign_up.sign_up("alice", "other@example.org", PASSWORD, address=None)


def test_her_name_leads_to_whoever_has_it_then(
    alice: Somebody, bob: Somebody, run_jobs: Any, moved: Any
) -> None:
    assert profile.one(bob.id, "alice").person.id == alice.id
    delete_account.begin(alice.id)
    run_jobs(until=soon())
    with pytest.raises(NotFound):
        profile.one(bob.id, "alice")
    moved(timedelta(days=31))
    empty_account.free_names()
    other = sign_up.sign_up("alice", "other@example.org", PASSWORD, address=None)
    assert profile.one(bob.id, "alice").person.id == other


def test_a_life_of_many_chunks_ends_too(
    alice: Somebody, bob: Somebody, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(empty_account, "CHUNK", 2)
    for number in range(5):
        photo = album.post(bob.id, caption=f"Number {number}")
        like.add(alice.id, photo)
        comment.add(alice.id, photo, f"Word {number}")
        album.post(alice.id)
    run_jobs()
    delete_account.begin(alice.id)
    run_jobs(until=soon())
    assert _home(alice).state == "deleted"
    assert rows_of(alice, 0) == []


def test_what_she_said_last_is_waited_for(alice: Somebody, bob: Somebody, run_jobs: Any, moved: Any) -> None:
    photo = album.post(bob.id)
    run_jobs()
    comment.add(alice.id, photo, "Just now")
    delete_account.begin(alice.id)
    run_jobs(only=lambda task: task == "empty_account.v1", until=soon())
    assert _home(alice).leaves_at is not None, "it waits for what is on its way"
    run_jobs()
    moved(empty_account.LATER)
    run_jobs()
    assert _home(alice).state == "deleted"
    assert rows_of(alice, 0) == []


def test_the_blocked_learn_nothing(alice: Somebody, dave: Somebody, run_jobs: Any) -> None:
    block.block(dave.id, alice.id)
    delete_account.begin(alice.id)
    run_jobs(until=soon())
    assert not _seen_by(dave, alice)


def test_the_photos_of_one_person_are_found_by_indexes(alice: Somebody) -> None:
    """A walk over the table is one over everybody's photos, once for each chunk."""

    def plan(tx: sessions.Tx) -> str:
        tx.run("SET LOCAL enable_seqscan = off")  # a table of a few rows is walked whatever there is
        values = {"owner_id": alice.id, "after": 0, "count": 200}
        return "\n".join(row[0] for row in tx.rows("EXPLAIN " + store.NOT_DELETED, values))

    found = sessions.write(alice.id, plan)
    assert "Seq Scan" not in found
    assert "photo_by_owner" in found and "photo_unfinished" in found and "photo_hidden" in found
