"""Whatever is damaged, the audit finds, names, and mends."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.accounts.models import Person
from heliograph.flows import block, catalogue, comment, edit_photo, follow, like
from heliograph.ops import audit
from heliograph.sharding import sessions
from tests.harness.invariants import damages
from tests.parts.engagement.photos import make_photo

#: kind -> (damage, whose shard it is done on). %(alice)s, %(bob)s, %(erin)s, %(photo)s, %(comment)s are ids.
DAMAGE: dict[str, tuple[str, str, str]] = {
    "a wish is lost": (
        "follow",
        "DELETE FROM {s}.follower WHERE owner_id = %(alice)s AND actor_id = %(bob)s",
        "alice",
    ),
    "a wish is made up": (
        "follow",
        "UPDATE {s}.follower SET wish_version = wish_version + 1 WHERE owner_id = %(alice)s AND actor_id = %(bob)s",
        "alice",
    ),
    "a permit is lost": (
        "follow",
        "UPDATE {s}.following SET state = 'denied' WHERE actor_id = %(bob)s AND owner_id = %(alice)s",
        "bob",
    ),
    "a follow exists on the far side only": (
        "follow",
        "DELETE FROM {s}.following WHERE actor_id = %(bob)s AND owner_id = %(alice)s",
        "bob",
    ),
    "a block is lost": ("block", "DELETE FROM {s}.blocked_by WHERE target_id = %(erin)s", "erin"),
    "a block is made up": (
        "block",
        'INSERT INTO {s}.blocked_by (target_id, actor_id, "on", version) VALUES (%(bob)s, %(erin)s, true, 7)',
        "bob",
    ),
    "a like is lost": ("like", "DELETE FROM {s}.photo_like WHERE photo_id = %(photo)s", "alice"),
    "a like is made up": (
        "like",
        'INSERT INTO {s}.photo_like (photo_id, actor_id, "on", version) VALUES (%(photo)s, %(erin)s, true, 7)',
        "alice",
    ),
    "a comment is not at its author's": (
        "commented",
        "DELETE FROM {s}.commented WHERE actor_id = %(bob)s",
        "bob",
    ),
    "a comment is at its author's only": (
        "commented",
        'UPDATE {s}.commented SET "on" = false WHERE actor_id = %(bob)s',
        "bob",
    ),
    "a mention in a caption is not with the person named": (
        "mention in a caption",
        "DELETE FROM {s}.mention WHERE comment_id = 0",
        "bob",
    ),
    "a mention in a comment is off with the person named": (
        "mention in a comment",
        'UPDATE {s}.mention SET "on" = false WHERE comment_id > 0',
        "bob",
    ),
    "a mention is with somebody whom no text names": (
        "mention in a comment",
        'INSERT INTO {s}.mention (person_id, photo_id, comment_id, actor_id, "on", version)'
        " VALUES (%(erin)s, %(photo)s, %(comment)s, %(bob)s, true, 1)",
        "erin",
    ),
    "a like does not know whose photo it is on": (
        "owner of-photo_like",
        "UPDATE {s}.photo_like SET owner_id = 0",
        "alice",
    ),
    "a comment does not know whose photo it is on": (
        "owner of-comment",
        "UPDATE {s}.comment SET owner_id = 1",
        "alice",
    ),
    "photos are miscounted": ("counter photos", "UPDATE {s}.counters SET photos = photos + 1", "alice"),
    "followers are miscounted": ("counter followers", "UPDATE {s}.counters SET followers = 5", "alice"),
    "followings are miscounted": ("counter following", "UPDATE {s}.counters SET following = 9", "bob"),
    "likes are miscounted": ("counter likes", "UPDATE {s}.photo_counts SET likes = 3", "alice"),
    "comments are miscounted": ("counter comments", "DELETE FROM {s}.photo_counts", "alice"),
    "a face is old": ("face", "UPDATE {s}.person SET full_name = 'Other' WHERE id = %(alice)s", "alice"),
    "a home is lost": ("home", "DELETE FROM {s}.person WHERE id = %(erin)s", "erin"),
}


assert catalogue  # imported for the mirrors it registers


@pytest.fixture
def world(alice: Any, bob: Any, make_person: Any, run_jobs: Any) -> dict[str, int]:
    """Bob follows Alice, likes and comments on her photo; Alice has blocked Erin."""
    erin = make_person("erin", shard=7)
    photo = make_photo(alice)
    like.add(bob.id, photo)
    said = comment.add(bob.id, photo, "What light!")
    edit_photo.edit(alice.id, photo, caption="With @bob")
    comment.add(alice.id, photo, "And a word for @bob")
    block.block(alice.id, erin.id)
    run_jobs()
    return {"alice": alice.id, "bob": bob.id, "erin": erin.id, "photo": photo, "comment": said}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAUSE_SECONDS", 0)


def test_nothing_is_found_where_nothing_is_wrong(world: dict[str, int]) -> None:
    assert audit.compare() == []


@damages("it damages each kind of pair and counter, to see the audit find and mend it")
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_named_and_mended(world: dict[str, int], run_jobs: Any, damage: str) -> None:
    kind, sql, place = DAMAGE[damage]
    sessions.write(world[place], lambda tx: tx.run(sql, world))
    found = audit.compare()
    assert kind in {difference.kind for difference in found}, found
    for _ in range(2):  # a home that was lost took its counters along: they are counted once it is there
        audit.repair(audit.compare())
        run_jobs()
    left = audit.compare()
    # What somebody typed has no second copy: the home is the truth, and the directory follows it.
    assert left == []


def test_a_name_that_was_changed_in_the_directory_comes_home(world: dict[str, int], run_jobs: Any) -> None:
    """What people type about themselves has its truth at home; their username has it in the directory."""
    Person.objects.filter(id=world["bob"]).update(username="robert")
    assert [difference.kind for difference in audit.compare()] == ["face"]
    audit.repair(audit.compare())
    run_jobs()
    assert audit.compare() == []
    at_home = (
        sessions.reader()
        .at(world["bob"])
        .value("SELECT username FROM {s}.person WHERE id = %s", (world["bob"],))
    )
    assert (at_home, Person.objects.get(id=world["bob"]).username) == ("robert", "robert")


@damages("a row is changed beside its store")
def test_missing_pictures_are_found(world: dict[str, int]) -> None:
    found = audit.compare(files=True)
    assert [(difference.kind, difference.key) for difference in found] == [("files", (world["photo"],))]


def test_what_is_under_way_is_not_a_difference(
    world: dict[str, int], make_person: Any, run_jobs: Any
) -> None:
    frank = make_person("frank", shard=2)
    run_jobs()
    follow.follow(frank.id, world["alice"])
    like.add(frank.id, world["photo"])
    assert audit.compare() == []
    run_jobs()
    assert audit.compare() == []
