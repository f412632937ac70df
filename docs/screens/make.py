"""Takes the pictures of this folder, from a demo that runs: feed, profile and photo, on a desk and on a phone.

    bin/up --demo                             and wait until it is ready
    .venv/bin/python docs/screens/make.py     [http://127.0.0.1:8000]

Wants Chromium and Playwright, which the tests want as well.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
HEIGHT = 860
DESK, PHONE = 1280, 390  # pixels wide
GAP = 28
SHOWN = 1240  # pixels wide, both together
MOST_BYTES = 150_000
RADIUS = 20  # of the corners
_TO_THE_SECOND = """() => {
    const second = document.querySelectorAll("main article")[1];
    scrollBy(0, second.getBoundingClientRect().top - document.querySelector("header").getBoundingClientRect().height);
}"""
_ALL_SEEN = """() => [...document.images].every(image => {
    const at = image.getBoundingClientRect();
    return image.complete || at.top > innerHeight || at.bottom < 0;
})"""
_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGS)
        desk = look_around(browser, address, DESK, "light")
        phone = look_around(browser, address, PHONE, "dark")
        desk.goto(f"{address}/@ines")
        photo = desk.locator("main a[href^='/p/']").first.get_attribute("href") or "/"
        for name, path in {"home": "/", "profile": "/@hana", "photo": photo}.items():
            second = name == "home"  # the desk shows the first photo, the phone the second
            save(name, [taken(desk, address + path), taken(phone, address + path, second=second)])
        guests = [guest(browser, DESK, "light"), guest(browser, PHONE, "dark")]
        save("landing", [taken(page, address) for page in guests])
        browser.close()


def look_around(browser: Browser, address: str, width: int, scheme: str) -> Page:
    """A browser in which Alice looks at her feed."""
    page = guest(browser, width, scheme)
    page.goto(address)
    page.get_by_role("button", name="Look around as Alice").click()
    page.wait_for_load_state("networkidle")
    return page


def guest(browser: Browser, width: int, scheme: str) -> Page:
    """A browser in which nobody is signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        device_scale_factor=2,
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    return context.new_page()


def taken(page: Page, address: str, *, second: bool = False) -> Image.Image:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    if second:
        page.evaluate(_TO_THE_SECOND)
    page.wait_for_function(_ALL_SEEN)
    page.wait_for_timeout(600)  # photos fade in
    return Image.open(io.BytesIO(page.screenshot())).convert("RGBA")


def save(name: str, shots: list[Image.Image]) -> None:
    """Side by side, as small as they are shown, in at most MOST_BYTES."""
    gap = 2 * GAP
    width = sum(shot.width for shot in shots) + gap * (len(shots) - 1)
    whole = Image.new("RGBA", (width, shots[0].height), (0, 0, 0, 0))
    at = 0
    for shot in shots:
        mask = Image.new("L", shot.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, shot.width - 1, shot.height - 1), 2 * RADIUS, fill=255)
        whole.paste(shot, (at, 0), mask)
        at += shot.width + gap
    whole = whole.resize((SHOWN, round(whole.height * SHOWN / whole.width)), Image.Resampling.LANCZOS)
    for quality in range(86, 30, -4):
        body = io.BytesIO()
        whole.save(body, "WEBP", quality=quality, method=6)
        if body.tell() <= MOST_BYTES:
            break
    (HERE / f"{name}.webp").write_bytes(body.getvalue())
    sys.stdout.write(f"{name}.webp: {body.tell():,} bytes, quality {quality}\n")


if __name__ == "__main__":
    main()
