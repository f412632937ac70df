"""Every page on every width, by day and by night, in both directions of writing, looked at by axe.

SCREENS=folder keeps a picture of each; docs/screens/sheet.py lays them out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.browser.person import Person
from tests.browser.scene import build
from tests.browser.stack import Stack
from tests.browser.walk import PAGES
from tests.harness.cage import Cage
from tests.harness.servers import Network

WIDTHS = {320: 640, 390: 844, 768: 1024, 1280: 800}
SCHEMES = ("light", "dark")
#: Arabic has no catalogue of ours: the same words, written from the right.
DIRECTIONS = {"ltr": "en", "rtl": "ar"}
#: Where axe looks; colours and names are the same in both directions, so once is enough from the right.
AXE = {"ltr": {(390, "light"), (1280, "dark")}, "rtl": {(390, "light")}}

_STICKS_OUT = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
_NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), textarea, summary")]
    .filter(e => e.offsetParent && !e.closest("[aria-hidden=true]"))
    .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length
        || e.querySelector("img[alt]:not([alt=''])")))
    .map(e => e.outerHTML)"""
#: Ways to each element are not asked for, nor are style sheets fetched again, for a rule that is not run: a third less.
_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"],
    selectors: false, preload: {assets: ["media"]},
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}))
    .violations.filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).slice(0, 3).join(" | ")}`)"""


@pytest.fixture(scope="module")
def stack(servers: Network, _session_cage: Cage) -> Iterator[Stack]:
    """The site, offered in a language that is written from the right, too."""
    stack = Stack(HELIOGRAPH_CAGE=str(_session_cage.path), HELIOGRAPH_LANGUAGES="en,ja,ar")
    try:
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_page(direction: str, visitor: Callable[..., Person]) -> None:
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    scene = build()
    people = {"": visitor()}
    found: list[str] = []
    for name, (viewer, address, status) in PAGES.items():
        if viewer not in people:
            people[viewer] = visitor()
            people[viewer].sign_in(getattr(scene, viewer))
        person = people[viewer]
        person.expected = {status} if status >= 400 else set()
        person.page.set_extra_http_headers({"Accept-Language": DIRECTIONS[direction]})
        answer = person.page.goto(address.format(photo=scene.photo))
        assert answer is not None and answer.status == status, f"{name}: {answer and answer.status}"
        found += [f"{name}: {mistake}" for mistake in _mistakes(person, name, direction, axe)]
    assert not found, "\n" + "\n".join(found)


def _mistakes(person: Person, name: str, direction: str, axe: str) -> Iterator[str]:
    page = person.page
    page.evaluate(axe)
    if page.evaluate("document.documentElement.dir") != direction:
        yield "is written in the other direction"
    if page.locator("h1").count() != 1:
        yield f"has {page.locator('h1').count()} titles"
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate(_STICKS_OUT):
            yield f"sticks out by {page.evaluate(_STICKS_OUT)} px at {width}"
        if width in (390, 1280):
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                _picture(person, name, direction, width, scheme)
                if (width, scheme) in AXE[direction]:
                    yield from (f"{width} {scheme}: {said}" for said in page.evaluate(_AXE))
    yield from (f"nameless: {element}" for element in page.evaluate(_NAMELESS))


def _picture(person: Person, name: str, direction: str, width: int, scheme: str) -> None:
    folder = os.environ.get("SCREENS")
    if folder:
        path = Path(folder) / f"{name}.{width}.{scheme}.{direction}.jpg"
        person.page.screenshot(path=path, type="jpeg", quality=70)
