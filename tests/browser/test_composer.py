"""The composer draws what the server makes, in colours and in cut; nothing is lost on the way."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page, Route, expect

from heliograph.accounts.models import Person as Account
from heliograph.media import checks, filters, renditions
from heliograph.media.filters import table
from heliograph.media.frames import Crop, Frame
from heliograph.media.recipes import Recipe
from heliograph.pages import profile
from tests import corpus
from tests.browser.person import NO_WEBGL, Person
from tests.harness.cage import wait_until

Visitor = Callable[..., Person]
Pixels = npt.NDArray[np.uint8]

STAGE = 390  # pixels: the stage is square on a phone of this width
_WAITING = """() => new Promise(done => {
    const opening = indexedDB.open("heliograph-waiting", 1);
    opening.onupgradeneeded = () => done(0);
    opening.onsuccess = () => {
        const asked = opening.result.transaction("posts").objectStore("posts").count();
        asked.onsuccess = () => done(asked.result);
    };
})"""
_BUTTON = 60  # pixels of the corner in which a button lies


def colours(side: int = STAGE) -> bytes:
    """A PNG with all kinds of colours, flat and in between."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    block = (np.floor(x * 13) * 5 + np.floor(y * 13) * 3) % 13 / 12
    pixels = np.stack([x, y, block], axis=-1) * 255
    return corpus.encode(Image.fromarray(np.round(pixels).astype(np.uint8)), "PNG")


def chart(width: int, height: int) -> bytes:
    """A JPEG that is different everywhere, soft enough to be scaled by anybody, with a colour in each corner."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [np.sin(x / 90 + y / 260), np.cos(y / 70 - x / 300), np.sin((x + y) / 120)]
    pixels = np.stack([128 + 100 * wave for wave in waves], axis=-1)
    corner = min(width, height) // 5
    for number, (top, left) in enumerate(((0, 0), (0, width - corner), (height - corner, 0))):
        pixels[top : top + corner, left : left + corner] = np.eye(3)[number] * 220
    return corpus.encode(Image.fromarray(pixels.astype(np.uint8)), "JPEG", quality=95, subsampling=0)


def made(data: bytes, recipe: Recipe, width: int) -> Pixels:
    """What the server makes of it, this wide, before it becomes a JPEG."""
    pixels = renditions._developed(data, checks.check(data), recipe, width, width)
    return table.apply(recipe.filter, pixels, recipe.strength)


def stage(page: Page) -> Pixels:
    """What is on the stage now."""
    shot = page.locator("[data-canvas]").screenshot(animations="disabled")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))


def choose(page: Page, file: Path) -> None:
    page.goto("/post")
    page.set_input_files("#photo", file)
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "")


def test_every_filter_looks_as_the_server_makes_it(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    page, data = alice.page, colours()
    file = tmp_path / "colours.png"
    file.write_bytes(data)
    choose(page, file)
    for name in filters.names():
        page.locator(f"input[name=filter][value='{name}']").check(force=True)
        for strength in (100, 60) if name else (100,):
            if name:
                page.locator("#strength").fill(str(strength))
            drawn = f"{name} {strength / 100:g}" if name else ""
            expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", drawn)
            seen, wanted = stage(page), made(data, Recipe(filter=name, strength=strength), STAGE)
            apart = np.abs(seen.astype(int) - wanted)
            apart[-_BUTTON:, -_BUTTON:] = 0
            assert apart.max() <= 3, f"{name} at {strength}: {apart.max()} apart"

    # the graphics card is taken away and given back
    before = stage(page)
    page.evaluate(
        """() => { const canvas = document.querySelector("[data-canvas]");
        window.card = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
        return new Promise(done => {
            canvas.addEventListener("webglcontextlost", () => setTimeout(() => card.restoreContext()));
            canvas.addEventListener("webglcontextrestored", () => done());
            card.loseContext();
        }) }"""
    )
    assert np.array_equal(stage(page), before)


def fields(page: Page) -> dict[str, float]:
    names = ("crop_x", "crop_y", "crop_w", "crop_h", "straighten", "turn")
    return {name: float(page.locator(f"[name={name}]").input_value()) for name in names}


def framed(page: Page) -> Frame:
    """What the form says about the frame."""
    said = fields(page)
    crop = Crop(said["crop_x"], said["crop_y"], said["crop_w"], said["crop_h"])
    return Frame(crop, said["straighten"], int(said["turn"]))


def in_frame(page: Page, ratio: float) -> Pixels:
    """The stage without what is beside the frame."""
    seen = stage(page)
    wide, high = min(STAGE, STAGE * ratio), min(STAGE, STAGE / ratio)
    left, top = round((STAGE - wide) / 2), round((STAGE - high) / 2)
    return seen[top : top + round(high), left : left + round(wide)]


def apart(one: Pixels, other: Pixels) -> float:
    """The mean difference of two pictures, but for a rim and the corner with the button."""
    height, width = (min(sides) for sides in zip(one.shape[:2], other.shape[:2], strict=True))
    difference = np.abs(one[:height, :width].astype(int) - other[:height, :width])
    difference[-_BUTTON:, -_BUTTON:] = 0
    return float(difference[2:-2, 2:-2].mean())


def test_the_keyboard_crops_and_what_was_shown_is_posted(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    page, data = alice.page, chart(1600, 1200)
    file = tmp_path / "chart.jpg"
    file.write_bytes(data)
    choose(page, file)
    assert page.locator("[name=crop_w]").input_value() == "", "untouched, it is the server's own crop"
    assert apart(in_frame(page, 4 / 3), made(data, Recipe(), STAGE)) < 2

    page.get_by_role("tab", name="Crop").click()
    page.get_by_role("button", name="Turn").click()
    page.locator("[name=shape][value=square]").check(force=True)
    page.locator("[data-stage]").focus()
    for key in (*["+"] * 4, *["]"] * 15, *["ArrowLeft"] * 6, *["ArrowDown"] * 4):
        page.keyboard.press(key)
    lines, around = page.locator("[data-thirds]").bounding_box(), page.locator("[data-stage]").bounding_box()
    assert lines and around
    assert lines["y"] + lines["height"] / 2 == around["y"] + around["height"] / 2, "drawn where the frame is"
    said = fields(page)
    assert (said["straighten"], said["turn"]) == (7.5, 90)
    assert said["crop_x"] < 0.5 < said["crop_y"] and said["crop_w"] < 0.7
    expect(page.locator("[data-straighten]")).to_have_attribute("aria-valuetext", "7.5°")
    expect(page.locator("[data-told]")).to_contain_text("turned 7.5°")

    page.get_by_role("tab", name="Filter").click()
    page.locator("input[name=filter][value=tide]").check(force=True)
    page.locator("#strength").fill("60")
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "tide 0.6")
    seen, recipe = in_frame(page, 1), Recipe(filter="tide", strength=60, frame=framed(page))
    assert apart(seen, made(data, recipe, STAGE)) < 2
    askew = Recipe(filter="tide", strength=60, frame=Frame(recipe.frame.crop, -7.5, 90))
    assert apart(seen, made(data, askew, STAGE)) > 8, "the chart would show a turn to the other side"

    alice.words()
    page.fill("#caption", "As it was shown")
    page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
    page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/")
    alice.sees("img[data-photo]")
    address = str(alice.cards.first.locator("img[data-photo]").evaluate("it => it.src"))
    posted = Image.open(io.BytesIO(page.request.get(address).body()))
    assert posted.width == posted.height
    small = posted.resize((STAGE, STAGE), Image.Resampling.BOX).convert("RGB")
    assert apart(seen, np.asarray(small)) < 4


def write_offline(alice: Person, file: Path, caption: str) -> None:
    """Choose a photo, lose the connection, press Post."""
    page = alice.page
    choose(page, file)
    page.context.set_offline(True)
    alice.words()
    page.fill("#caption", caption)
    page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/")
    expect(page.locator("article.waiting")).to_contain_text(caption)


def test_a_post_without_a_connection_waits_and_only_its_author_sends_it(
    visitor: Visitor, tmp_path: Path
) -> None:
    alice, bob = visitor("alice", service_workers="allow"), visitor("bob")
    page, context = alice.page, alice.page.context
    file = tmp_path / "chart.jpg"
    file.write_bytes(chart(800, 800))
    alice.expected = {0}  # what does not arrive
    alice.waits_for_a_worker()
    page.reload()  # the feed is kept, and so is the composer, once it was seen

    write_offline(alice, file, "Written in a tunnel")
    expect(page.locator("article.waiting img")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.locator(".toast")).to_contain_text("offline")

    # Bob at the same browser neither sees nor sends it
    hers, his = context.cookies(), bob.page.context.cookies()
    page.goto("about:blank")  # no script runs while the cookies change
    context.clear_cookies()
    context.add_cookies(his)  # type: ignore[arg-type]
    # The page asks who is signed in, or the worker does, whom the connection wakes: whoever is first.
    with context.expect_event("response", lambda it: it.request.method == "GET" and it.url.endswith("/post")):
        context.set_offline(False)
        page.goto("/")
    expect(page.locator("article.card")).to_have_count(0)

    page.goto("about:blank")
    context.clear_cookies()
    context.add_cookies(hers)  # type: ignore[arg-type]
    page.goto("/")
    expect(page.locator("article.card:not(.waiting)")).to_contain_text("Written in a tunnel")
    expect(page.locator("article.waiting")).to_have_count(0)

    # what waits when she signs out is forgotten
    write_offline(alice, file, "Thought better of")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Discard for good").click()
    expect(page.locator("article.waiting")).to_have_count(0)
    context.set_offline(False)
    write_offline(alice, file, "Never sent")
    page.route("**/post", lambda route: route.abort())
    context.set_offline(False)
    page.goto("/settings")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/")
    context.add_cookies(hers)  # type: ignore[arg-type]
    wait_until(lambda: page.evaluate(_WAITING) == 0, "nothing waits", seconds=15)


def test_the_browser_wakes_a_worker_that_sends_what_waits(visitor: Visitor, tmp_path: Path) -> None:
    """No page is open: the browser says when the connection is back."""
    alice = visitor("alice", service_workers="allow")
    page, context = alice.page, alice.page.context
    file = tmp_path / "chart.jpg"
    file.write_bytes(chart(800, 800))
    alice.expected = {0}
    alice.waits_for_a_worker()
    page.reload()
    write_offline(alice, file, "Sent while nobody looked")
    tools = context.new_cdp_session(page)
    workers: list[dict[str, Any]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda said: workers.extend(said["registrations"]))
    tools.send("ServiceWorker.enable")
    for _ in range(150):
        if workers:
            break
        page.wait_for_timeout(100)  # events come while Playwright waits
    page.goto("about:blank")
    context.set_offline(False)
    wake = {"origin": alice.site, "registrationId": workers[0]["registrationId"], "tag": "waiting"}
    tools.send("ServiceWorker.dispatchSyncEvent", {**wake, "lastChance": False})
    author = Account.objects.get(username="alice").id
    wait_until(lambda: bool(profile.photos(author, author).items), "it is posted", seconds=30)
    assert profile.photos(author, author).items[0].caption == "Sent while nobody looked"
    page.goto("/")
    expect(page.locator("article.waiting")).to_have_count(0)
    expect(alice.cards).to_have_count(1)


def noise(side: int) -> bytes:
    """A PNG that cannot be packed: as many bytes as it has."""
    pixels = np.random.default_rng(3).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return corpus.encode(Image.fromarray(pixels), "PNG")


def test_an_upload_goes_on_where_the_connection_was_cut(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    alice.expected = {0}
    page, data = alice.page, noise(700)
    file = tmp_path / "noise.png"
    file.write_bytes(data)
    arrived: list[int] = []
    tries: list[int] = []

    def piece(route: Route) -> None:
        if route.request.method == "PATCH":
            tries.append(int(route.request.headers["upload-offset"]))
            if len(tries) == 2:
                return route.abort("connectionreset")
            arrived.append(len(route.request.post_data_buffer or b""))
        return route.continue_()

    page.route("**/post/uploads/parts/**", piece)
    choose(page, file)
    expect(page.locator("[data-pause]")).to_contain_text("You are offline")
    done = page.locator("[name=upload_id]:not([value=''])")
    done.wait_for(state="attached")
    expect(page.locator("[data-pause]")).to_be_empty()
    assert sum(arrived) == len(data) and tries[1] == tries[2] == arrived[0], "nothing was sent twice"

    upload_id = done.get_attribute("value")
    leaving: list[str] = []
    page.on("dialog", lambda dialog: (leaving.append(dialog.type), dialog.accept()))
    choose(page, file)  # the same photo once more: the server has it already
    expect(done).to_have_value(str(upload_id))
    assert sum(arrived) == len(data)
    assert leaving == [], "what is kept on the device is not lost by leaving"


def test_a_refusal_keeps_what_was_written_and_leaving_asks_first(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice", viewport={"width": 1280, "height": 800})
    page = alice.page
    file = tmp_path / "chart.jpg"
    file.write_bytes(chart(900, 700))
    choose(page, file)
    page.fill("#caption", "x" * 2100)
    expect(page.locator(".counter:visible")).to_have_text("100 characters left")
    page.fill("#caption", "Not lost")
    alice.expected = {400}
    page.route(
        "**/post", lambda route: route.fulfill(status=400, json={"error": "That did not fit."}), times=1
    )
    page.get_by_role("button", name="Post").click()
    expect(page.locator("[data-mistake]")).to_have_text("That did not fit.")
    expect(page.locator("#caption")).to_have_value("Not lost")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Keep working").click()
    expect(page.locator("#caption")).to_have_value("Not lost")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/")
    expect(alice.cards).to_have_count(0)


def test_without_webgl_the_server_paints(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    page, data = alice.page, chart(1600, 1200)
    file = tmp_path / "chart.jpg"
    file.write_bytes(data)
    page.add_init_script(NO_WEBGL)
    choose(page, file)
    page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
    page.get_by_role("tab", name="Crop").click()
    page.locator("[name=shape][value=portrait]").check(force=True)
    page.locator("[data-stage]").focus()
    for key in ("+", "+", "+", "]", "]", "]", "]"):
        page.keyboard.press(key)
    page.get_by_role("tab", name="Filter").click()
    recipe = Recipe(frame=framed(page))
    wanted = made(data, recipe, round(STAGE * 4 / 5))
    assert apart(in_frame(page, 4 / 5), wanted) < 4, "the frame is drawn by the browser"
    page.locator("input[name=filter][value=graphite]").check(force=True)
    expect(page.locator("[data-stage] > img")).to_be_visible()
    wanted = made(data, Recipe(filter="graphite", frame=recipe.frame), round(STAGE * 4 / 5))
    assert apart(in_frame(page, 4 / 5), wanted) < 5, "and its colours come from the server"


def test_a_place_is_told_as_exactly_as_one_wants(visitor: Visitor, tmp_path: Path) -> None:
    here = {"latitude": 38.7139, "longitude": -9.1394}
    alice = visitor("alice", geolocation=here, permissions=["geolocation"])
    page = alice.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/places/" in request.url else None)
    page.add_init_script(
        "const real = navigator.geolocation.getCurrentPosition; window.located = 0;"
        "navigator.geolocation.getCurrentPosition = (...all) => {"
        " window.located += 1; real.apply(navigator.geolocation, all) }"
    )
    file = tmp_path / "chart.jpg"
    file.write_bytes(chart(600, 600))
    choose(page, file)
    alice.words()
    page.get_by_role("button", name="Add a place").click()
    assert asked == [] and page.evaluate("located") == 0, "nobody is asked before the button is pressed"

    page.fill("#place-search", "Lisbon")
    page.get_by_role("button", name="Lisbon, Portugal").click()
    expect(page.locator("[name=level][value=exact]")).to_be_disabled()
    page.get_by_role("button", name="Remove the place").click()
    expect(page.locator("[name=place_level]")).to_have_value("")

    page.get_by_role("button", name="Add a place").click()
    page.get_by_role("button", name="Find my place").click()
    expect(page.locator("[data-place-map]")).to_be_visible()
    expect(page.locator("[data-place-name]")).to_have_text("Lisbon, Portugal")
    expect(page.locator("[name=place_level]")).to_have_value("city")  # at first as little as can be told
    page.locator("[name=level][value=neighbourhood]").check(force=True)
    expect(page.locator("[data-place-means]")).to_contain_text("about a kilometre")
    page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
    page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/")
    expect(alice.cards.first.locator("header")).to_contain_text("Lisbon, Portugal")


def test_the_form_works_when_a_script_does_not_come(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    alice.expected = {0}
    page = alice.page
    file = tmp_path / "chart.jpg"
    file.write_bytes(chart(600, 600))
    page.route("**/composer/paint.js", lambda route: route.abort())
    page.goto("/post")
    page.set_input_files("#photo", file)
    expect(page.get_by_text("Choose another")).to_be_visible()
    page.check("input[name=filter][value=tide]")
    page.fill("#caption", "Without a stage")
    page.select_option("#place_level", "city")
    page.fill("#place_name", "Lisbon")
    page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/")
    expect(alice.cards.first).to_contain_text("Without a stage")
    expect(alice.cards.first).to_contain_text("Lisbon, Portugal")
