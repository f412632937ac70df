"""The first page of somebody without an account: new photos of public people, and of nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core import environment, valkey
from heliograph.flows import delete_photo, edit_profile, suspend
from heliograph.pages import landing
from heliograph.sharding.ids import short_code
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of, text_of

MakePerson = Callable[..., Somebody]


def shown() -> set[str]:
    page = browser_of(None).get("/").content.decode()
    return set(re.findall(r'class="tile" href="/p/([^"]+)"', page))


def test_an_empty_network_has_a_first_page_too(network: Any) -> None:
    page = browser_of(None).get("/")
    assert "Signals sent with light" in text_of(page)
    assert shown() == set()


def test_new_photos_of_public_people_are_shown(
    alice: Somebody, carol: Somebody, make_person: MakePerson
) -> None:
    erin, frank = make_person("erin"), make_person("frank")
    photos = {person.id: short_code(album.post(person.id)) for person in (alice, carol, erin, frank)}
    gone = album.post(alice.id)
    delete_photo.delete(alice.id, gone)
    album.draft(alice.id)
    assert shown() == {photos[alice.id], photos[erin.id], photos[frank.id]}
    # The list of ids is kept for a minute; who may be seen is asked every time.
    edit_profile.edit(erin.id, private=True)
    suspend.suspend(frank.id)
    assert shown() == {photos[alice.id]}


def test_one_person_does_not_fill_it_while_there_are_others(alice: Somebody, make_person: MakePerson) -> None:
    erin = short_code(album.post(make_person("erin").id))
    hers = [album.post(alice.id) for _ in range(5)]
    found = [card.id for card in landing.newest()]
    assert found[:2] == hers[:2:-1]
    assert short_code(found[2]) == erin
    assert found[3:] == hers[2::-1]


def test_the_nodes_are_asked_once_a_minute_and_it_can_be_switched_off(
    alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    album.post(alice.id)
    asked: list[int] = []
    ask = landing.photos.newest_of_all

    def counted(*args: Any, **options: Any) -> list[tuple[int, int]]:
        asked.append(1)
        return ask(*args, **options)

    monkeypatch.setattr(landing.photos, "newest_of_all", counted)
    for _ in range(2):
        assert len(landing.newest()) == 1
    assert asked == [1]
    environment.use(replace(environment.get(), landing_photos=0))
    try:
        assert landing.newest() == []
    finally:
        environment.use(None)


def test_without_memory_there_are_words_alone(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    album.post(alice.id)

    def away(*_: object) -> None:
        raise valkey.Unavailable()

    monkeypatch.setattr(landing.valkey, "call", away)
    assert landing.newest() == []
