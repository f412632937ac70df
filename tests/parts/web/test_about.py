"""What the network says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core import environment
from tests.harness.client import TestClient
from tests.stories.web import text_of


@pytest.fixture
def told(network: Any) -> Iterator[Any]:
    """The page, with these knobs."""
    before = environment.get()

    def told(**knobs: str) -> Any:
        environment.use(replace(before, **knobs))
        return TestClient().get("/about")

    yield told
    environment.use(before)


def test_it_is_there_without_being_told_anything(told: Any) -> None:
    page = told()
    assert page.status_code == 200
    assert "has not said so here yet" in text_of(page)
    assert "Heliograph 0.1.0" in text_of(page) and "Django" in text_of(page)


def test_it_says_what_the_operator_says(told: Any) -> None:
    page = told(operator="The harbour club", contact="post@example.org", rules="Be kind.\n\nNo adverts.")
    assert "The harbour club" in text_of(page)
    assert 'href="mailto:post@example.org"' in page.content.decode()
    assert "<p>Be kind.</p>" in page.content.decode()


def test_a_contact_is_a_link_only_when_it_is_one(told: Any) -> None:
    assert 'href="https://example.org/us"' in told(contact="https://example.org/us").content.decode()
    for contact in ("javascript:alert(1)", "room 4, second floor", "<b>us</b>"):
        page = told(contact=contact, source=contact).content.decode()
        assert "javascript:" not in page.replace(">javascript:alert(1)<", "") and "<b>us" not in page
