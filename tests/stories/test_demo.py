"""A demo in small, made by the same code as the great one; and who may look around in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import heliograph.flows.catalogue  # noqa: F401 - all jobs are known, whichever test runs alone
from heliograph.accounts.models import Person, WebSession
from heliograph.core import environment
from heliograph.embedded.demo import cast
from heliograph.embedded.demo.ledger import Ledger
from heliograph.embedded.demo.making import Making
from heliograph.flows import delete_photo, look_around, sign_up
from heliograph.pages import cards, home, profile
from tests.harness.client import TestClient
from tests.stories.web import text_of

SMALL = cast.parse("""
[[person]]
name = "alice"
full_name = "Alice"
bio = "Mostly light."
face = "face-sheep"
follows = ["dave"]

[[person]]
name = "dave"
full_name = "Dave"
private = true
follows = ["alice"]

[[person]]
name = "trent"
full_name = "Trent"
follows = ["dave"]

[[photo]]
file = "clock"
by = "alice"
caption = "Late, but with good light. #clocks"
alt = "A clock."
filter = "graphite"
taken = "2026-11-08T17:05:00"
comments = [["dave", "Is it, @alice?"], ["alice", "It was."]]

[[photo]]
file = "heron"
by = "dave"
caption = "Early."
alt = "A heron."
comments = [["alice", "Like a drawing."]]

[[photo]]
file = "caterpillar"
by = "alice"
caption = "Small."
alt = "A caterpillar."
""")


class EndedHere(BaseException):
    """Somebody pressed Ctrl-C."""


@pytest.fixture
def demo(network: Any, cage: Any, run_jobs: Callable[..., Any], tmp_path: Path) -> Callable[..., None]:
    """Makes the small demo; `until`: and is ended before this step."""

    def make(until: int | None = None) -> None:
        def tell(done: int, of: int, about: str) -> None:
            if done == until:
                raise EndedHere

        Making(SMALL, Ledger(tmp_path / "demo.done"), wait=run_jobs, tell=tell).all()
        run_jobs()

    return make


def everything() -> dict[str, Any]:
    """What there is, in words and numbers."""
    ids = dict(Person.objects.values_list("username", "id"))
    alice = ids["alice"]
    feed = home.page(alice).items
    return {
        "people": sorted(ids),
        "feed": [
            (card.owner.username, card.caption, card.alt_text, card.filter, card.likes) for card in feed
        ],
        "comments": [[c.text for c in card.newest_comments] for card in feed],
        "taken": [card.taken_at is not None for card in feed],
        "faces": sorted(card.username for card in cards.people(None, ids.values()) if card.avatar_url),
    }


def test_it_makes_people_photos_and_what_they_say_and_twice_is_the_same(demo: Any) -> None:
    demo()
    made = everything()
    assert made["people"] == ["alice", "dave", "trent"]
    assert [(owner, caption) for owner, caption, *_ in made["feed"]] == [
        ("alice", "Small."),
        ("dave", "Early."),
        ("alice", "Late, but with good light. #clocks"),
    ]
    assert made["comments"] == [[], ["Like a drawing."], ["It was.", "Is it, @alice?"]]
    assert made["faces"] == ["alice"]
    dave = Person.objects.get(username="dave").id
    assert [one.username for one in profile.requested_by(dave).items] == [
        "trent"
    ]  # was not let in, and waits
    demo()
    assert everything() == made


def test_wherever_it_is_ended_it_goes_on_from_there(demo: Any, tmp_path: Path) -> None:
    for step in (2, 5, 8, 10, 13):
        with pytest.raises(EndedHere):
            demo(until=step)
        # The last deed was done, but the power went before it was noted.
        lines = (tmp_path / "demo.done").read_text().splitlines(keepends=True)
        (tmp_path / "demo.done").write_text("".join(lines[:-1]))
    demo()
    made = everything()
    assert len(made["people"]) == 3
    assert len(made["feed"]) == 3
    assert made["comments"][2] == ["It was.", "Is it, @alice?"]


def test_a_photo_that_was_deleted_does_not_come_back(demo: Any, run_jobs: Any) -> None:
    demo()
    alice = Person.objects.get(username="alice").id
    newest = home.page(alice).items[0]
    delete_photo.delete(alice, newest.id)
    run_jobs()
    demo()
    assert [card.caption for card in home.page(alice).items if card.owner.username == "alice"] == [
        "Late, but with good light. #clocks"
    ]


@pytest.fixture
def open_demo(network: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Alice of the demo lives here, and the network is an open demo; her id."""
    id = sign_up.sign_up(
        "alice", look_around.address_of("alice"), "correct horse battery", "Alice", address=None
    )
    monkeypatch.setenv("HELIOGRAPH_DEMO", "open")
    monkeypatch.setenv("HELIOGRAPH_URL", "http://127.0.0.1:8000")
    environment.use(None)
    yield id
    monkeypatch.undo()
    environment.use(None)


def visitor(**more: Any) -> TestClient:
    return TestClient(HTTP_HOST="127.0.0.1:8000", **more)


def test_a_visitor_looks_around_as_alice_with_an_ordinary_session(open_demo: int) -> None:
    browser = visitor(enforce_csrf_checks=True)
    page = browser.get("/").content.decode()
    assert "Look around as Alice" in page
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert browser.post("/about/look-around").status_code == 403
    answer = browser.post("/about/look-around", {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert WebSession.objects.get().person_id == open_demo
    browser.viewer_id = open_demo
    assert "@alice" in browser.get("/settings").content.decode()
    assert "Look around as Alice" in visitor().get("/sign-in").content.decode()


@pytest.mark.parametrize(
    "sign",
    [
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 front"},
        {"HTTP_X_FORWARDED_PROTO": "http"},
        {"REMOTE_ADDR": "192.168.1.4"},
        {"REMOTE_ADDR": "::ffff:192.168.1.4"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "photos.example.org"},
        {"HTTP_HOST": "127.0.0.1.example.org"},
    ],
    ids=str,
)
def test_nobody_comes_in_from_elsewhere(open_demo: int, sign: dict[str, str]) -> None:
    browser = TestClient(**{"HTTP_HOST": "127.0.0.1:8000", **sign})
    assert browser.post("/about/look-around").status_code == 404
    assert "Look around" not in browser.get("/").content.decode()
    assert not WebSession.objects.exists()


@pytest.mark.parametrize(
    "told",
    [
        {"HELIOGRAPH_DEMO": "no"},
        {"HELIOGRAPH_DEMO": "credits"},
        {"HELIOGRAPH_URL": "https://photos.example.org"},
        {"HELIOGRAPH_TRUSTED_PROXIES": "10.0.0.1"},
    ],
    ids=str,
)
def test_there_is_no_such_address_on_a_network_that_is_no_open_demo(
    open_demo: int, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    environment.use(None)
    browser = visitor(enforce_csrf_checks=True)
    assert browser.post("/about/look-around").status_code == 404
    assert browser.get("/about/look-around").status_code == 404
    assert "Look around" not in browser.get("/sign-in").content.decode()
    assert not WebSession.objects.exists()


def test_an_alice_who_is_not_the_demos_is_nobodys_guide(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up.sign_up("alice", "alice@example.org", "correct horse battery", "Alice", address=None)
    monkeypatch.setenv("HELIOGRAPH_DEMO", "open")
    environment.use(None)
    assert visitor().post("/about/look-around").status_code == 404
    monkeypatch.undo()
    environment.use(None)
    assert not WebSession.objects.exists()


def test_who_made_the_photographs_is_told_in_every_demo_and_nowhere_else(
    open_demo: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = text_of(visitor().get("/about/photos"))
    for words in ("Aitzol Berasategi", "CC BY-SA 4.0", "gcompris-qt-data"):
        assert words in page
    monkeypatch.setenv("HELIOGRAPH_DEMO", "credits")
    environment.use(None)
    assert TestClient(HTTP_HOST="photos.example.org").get("/about/photos").status_code == 200
    monkeypatch.setenv("HELIOGRAPH_DEMO", "no")
    environment.use(None)
    assert visitor().get("/about/photos").status_code == 404
