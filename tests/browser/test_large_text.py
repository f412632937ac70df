"""Letters twice as large as usual, by the browser's own setting, and colours that are the reader's and not ours."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.browser.scene import build
from tests.browser.walk import PAGES

ARGS = ("--blink-settings=defaultFontSize=32",)

_STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_WHAT = """() => [...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.outerHTML.slice(0, 120)).slice(0, 3)"""
#: Words in buttons and titles of which a part is hidden; what is cut on purpose (.cut) says so with its dots.
_HIDDEN = """() => [...document.querySelectorAll("button, .button, h1, h2, label")]
    .filter(e => e.offsetParent && !e.closest(".unseen, .cut") && getComputedStyle(e).overflowX !== "visible")
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 120))"""


def test_every_page_at_twice_the_size_on_the_smallest_phone(visitor: Callable[..., Person]) -> None:
    scene = build()
    people = {"": visitor()}
    found: list[str] = []
    for name, (viewer, address, status) in PAGES.items():
        if viewer not in people:
            people[viewer] = visitor()
            people[viewer].sign_in(getattr(scene, viewer))
        person = people[viewer]
        person.expected = {status} if status >= 400 else set()
        person.page.set_viewport_size({"width": 320, "height": 640})
        person.page.goto(address.format(photo=scene.photo))
        if person.page.evaluate(_STICKS_OUT):
            found.append(f"{name} sticks out: {person.page.evaluate(_WHAT)}")
        found += [f"{name} hides: {element}" for element in person.page.evaluate(_HIDDEN)]
    assert not found, "\n" + "\n".join(found)


def _edge(element: Locator) -> str:
    return str(
        element.evaluate(
            "it => `${getComputedStyle(it).borderTopWidth} ${getComputedStyle(it).borderTopStyle}`"
        )
    )


def test_in_forced_colours_everything_to_press_has_an_edge(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice", forced_colors="active")
    page = alice.page
    page.goto("/settings/privacy")
    switch = page.get_by_role("switch")
    assert _edge(switch) == "2px solid"
    assert _edge(page.get_by_role("button", name="Save")) == "1px solid"
    off = switch.evaluate("it => getComputedStyle(it).backgroundColor")
    switch.check(force=True)
    expect(switch).not_to_have_css("background-color", off)
    page.goto("/settings/appearance")
    expect(page.locator(".themes label").first).to_have_css("outline-style", "solid")
