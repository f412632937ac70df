"""One photo: comments that come and go, undo, sharing, the photos beside it, and who likes it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from heliograph.flows import comment, edit_profile, follow
from heliograph.pages import home, profile
from heliograph.pages import photo as photos
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.browser.person import Person
from tests.browser.test_feed_pages import id_of, with_pictures
from tests.harness import people
from tests.harness.cage import wait_until
from tests.oracle import album

Visitor = Callable[..., Person]


@pytest.fixture(scope="module")
def picture() -> bytes:
    return corpus.jpeg(320, 240)


def rows(page: Page) -> list[str]:
    return [
        text.split()[-1]
        for text in page.locator("[data-comments] > .comment:not([hidden]) p").all_inner_texts()
    ]


def test_a_comment_that_is_too_long_says_so_before_it_is_sent(visitor: Visitor, picture: bytes) -> None:
    alice = visitor("alice")
    photo = album.post(id_of("alice"))
    page = alice.page
    with_pictures(page, picture)
    page.goto(f"/p/{short_code(photo)}")
    field, left = page.get_by_label("Your comment"), page.locator(".say .counter")
    field.fill("x" * 200)
    expect(left).to_be_hidden()
    field.fill("x" * 250 + " 🌻" * 20)
    expect(left).to_have_text("10 characters left")
    field.fill("kind word " * 40)
    expect(left).to_have_text("99 characters too many")
    alice.expected = {400}
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".toast")).to_contain_text("300")
    expect(field).to_have_value(("kind word " * 40).strip())  # nothing was cut
    expect(left).to_have_text("99 characters too many")
    field.fill("kind word")
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comment")).to_contain_text("kind word")
    expect(left).to_be_hidden()


def test_comments_come_and_go(visitor: Visitor, picture: bytes) -> None:
    alice = visitor("alice")
    me = id_of("alice")
    photo = album.post(me)
    for number in range(53):
        comment.add(me, photo, f"remark {number}")
    page = alice.page
    with_pictures(page, picture)
    page.goto(f"/p/{short_code(photo)}")
    expect(page.locator(".comment:not([hidden])")).to_have_count(50)
    page.get_by_role("link", name="Earlier comments").click()
    expect(page.locator(".comment")).to_have_count(53)
    expect(page.locator("[data-earlier]")).to_have_count(0)
    assert rows(page) == [str(number) for number in range(53)]

    delete = page.get_by_role("button", name="Delete the comment by alice")
    delete.nth(10).click()
    assert "10" not in rows(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".comment:not([hidden])")).to_have_count(53)
    assert rows(page)[10] == "10"
    for left in (52, 51):
        with page.expect_response("**/delete"):
            delete.nth(10).click()
        assert len(rows(page)) == left
    page.mouse.move(5, 5)
    page.keyboard.press("u")  # takes the latest back
    expect(page.locator(".comment:not([hidden])")).to_have_count(52)
    assert rows(page)[9:12] == ["9", "11", "12"]
    with page.expect_response("**/delete"):
        delete.first.click()
    assert len(photos.comments(me, photo, count=100).items) == 51


def test_a_removal_that_is_refused_comes_back(visitor: Visitor, picture: bytes) -> None:
    alice = visitor("alice")
    photo = album.post(id_of("alice"))
    comment.add(id_of("alice"), photo, "stays")
    page = alice.page
    alice.expected = {503}
    with_pictures(page, picture)
    page.route("**/delete", lambda route: route.fulfill(status=503, json={"error": "We will be right back."}))
    page.goto(f"/p/{short_code(photo)}")
    page.get_by_role("button", name="Delete the comment by alice").click()
    expect(page.locator(".toast")).to_have_text("We will be right back.")
    assert rows(page) == ["stays"]


def test_sharing_says_for_whom_the_link_works(visitor: Visitor, picture: bytes) -> None:
    alice = visitor("alice", permissions=["clipboard-read", "clipboard-write"])
    me = id_of("alice")
    newer_to_older = [album.post(me) for _ in range(3)][::-1]
    page = alice.page
    with_pictures(page, picture)
    page.goto(f"/p/{short_code(newer_to_older[1])}")
    page.get_by_role("button", name="Share").click()
    sheet = page.get_by_role("dialog", name="Share")
    expect(sheet).to_contain_text("Anyone with this link can see it.")
    sheet.get_by_role("button", name="Copy link").click()
    expect(page.locator(".toast")).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(sheet).to_be_hidden()
    edit_profile.edit(me, private=True)
    page.reload()
    page.get_by_role("button", name="Share").click()
    expect(sheet).to_contain_text("only its followers can see it")
    page.keyboard.press("Escape")

    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/p/{short_code(newer_to_older[2])}")
    expect(page.get_by_role("link", name=re.compile("Older photo"))).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/p/{short_code(newer_to_older[1])}")
    page.get_by_role("link", name="Newer photo by alice").click()
    page.wait_for_url(f"**/p/{short_code(newer_to_older[0])}")

    page.get_by_role("link", name="No likes yet").click()
    expect(page.locator(".empty h2")).to_have_text("No likes yet")
    page.go_back()
    alice.like()
    page.get_by_role("link", name="1 like").click()
    expect(page.locator(".rows .name")).to_have_text("alice")


def test_a_follower_is_removed_and_put_back(visitor: Visitor) -> None:
    alice, _ = visitor("alice"), visitor("bob")
    follow.follow(id_of("bob"), id_of("alice"))
    wait_until(lambda: len(profile.followers(None, id_of("alice")).items) == 1, "he follows her")
    page = alice.page
    page.goto("/@alice/followers")
    row = page.locator(".row", has_text="bob")
    page.get_by_role("button", name="Remove bob as follower").click()
    expect(row).to_be_hidden()
    expect(page.locator(".toast")).to_contain_text("bob no longer follows you.")
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()


def test_the_number_of_followers_moves_with_the_button(visitor: Visitor) -> None:
    people.make_person("bob")
    alice = visitor("alice")
    page = alice.page
    page.goto("/@bob")
    counts, button = page.locator(".counts"), page.locator("[data-toggle=follow] button")
    expect(counts).to_contain_text("0 followers")
    with page.expect_response("**/follow"):
        button.click()
        expect(counts).to_contain_text("1 follower")
    page.reload()
    expect(counts).to_contain_text("1 follower")
    page.route("**/follow", lambda route: route.abort())
    alice.expected = {0}
    button.click()
    expect(page.locator(".toast")).to_be_visible()
    expect(counts).to_contain_text("1 follower")  # back where it was


def test_pictures_that_do_not_arrive_say_what_they_show(visitor: Visitor) -> None:
    alice = visitor("alice")
    posted = [album.post(id_of("alice")) for _ in range(2)]
    wait_until(lambda: len(home.page(id_of("alice")).items) == 2, "both are in the feed")
    page = alice.page
    alice.expected = {404}  # there are no files
    page.goto("/")
    expect(page.locator(".photo.missing .instead")).to_have_count(2)
    expect(page.locator(".instead").first).not_to_be_empty()
    assert page.locator("img[data-photo]:visible").count() == 0  # no torn pictures
    page.goto("/@alice")
    expect(page.locator(".grid .instead")).to_have_count(2)
    page.goto(f"/p/{short_code(posted[0])}")
    expect(page.locator(".photo .instead")).to_be_visible()
    expect(page.get_by_role("button", name="Like")).to_be_visible()


def test_words_run_in_the_direction_of_their_own_script(visitor: Visitor, picture: bytes) -> None:
    """Not in that of the Latin name that stands before them."""
    alice = visitor("alice")
    me = id_of("alice")
    photo = album.post(me, caption="שלום עולם, @bob")
    comment.add(me, photo, "@alice مرحبا بالعالم")
    comment.add(me, photo, "hello שלום")
    page = alice.page
    with_pictures(page, picture)
    page.goto(f"/p/{short_code(photo)}")
    caption, comments = page.locator(".caption"), page.locator(".comment:not(.waits) p")
    expect(caption).to_have_css("direction", "rtl")
    expect(comments.nth(0)).to_have_css("direction", "rtl")
    expect(comments.nth(1)).to_have_css("direction", "ltr")
    page.fill("#text", "عاجل")
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comments p", has_text="عاجل")).to_have_css("direction", "rtl")


def test_the_field_for_a_comment_is_not_cut_by_the_tabs(visitor: Visitor, picture: bytes) -> None:
    """Also where there are no comments yet, whose list would have it below the words."""
    alice = visitor("alice")
    page = alice.page
    with_pictures(page, picture)
    photo = album.post(
        id_of("alice"), caption="Two lines of words, which are long enough for that on a phone. " * 2
    )
    page.goto(f"/p/{short_code(photo)}")
    top = "selector => document.querySelector(selector).getBoundingClientRect().top"
    height = "selector => document.querySelector(selector).getBoundingClientRect().height"
    room = page.evaluate(height, ".say") + page.evaluate(height, ".tabs") + 10
    width = page.viewport_size["width"] if page.viewport_size else 390
    page.set_viewport_size({"width": width, "height": round(page.evaluate(top, ".words") + room)})
    assert page.evaluate("scrollY") == 0
    assert page.evaluate(top, ".say") + page.evaluate(height, ".say") <= page.evaluate(top, ".tabs") + 1
