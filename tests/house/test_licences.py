"""What we install may be given out with what we write, and the page that lists it is true."""

from __future__ import annotations

from tests.house import licences
from tests.house.licences import Package


def test_every_licence_is_one_that_we_may_install() -> None:
    refused = {it.name: it.unknown for lock in licences.LOCKS for it in licences.packages(lock) if it.unknown}
    assert refused == {}


def test_the_page_is_what_the_packages_say() -> None:
    """Names only of what is installed here: another system has a few others."""
    page = licences.PAGE.read_text()
    missing = [
        it.name
        for lock in licences.LOCKS
        for it in licences.packages(lock)
        if f"| {it.name} | {it.licence} |" not in page
    ]
    assert missing == [], "python -m tests.house.licences write"


def test_one_unknown_word_is_enough_to_be_refused() -> None:
    assert Package("a", "1", "MIT AND GPL-3.0-only").unknown == {"GPL-3.0-only"}
    assert Package("a", "1", "").unknown == {"nothing"}
    assert Package("a", "1", "MPL-2.0 AND (Apache-2.0 OR MIT)").unknown == set()
