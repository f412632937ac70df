"""Somebody at a browser: what people do on the pages, in a line each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, Response, expect

from heliograph.flows import web_sessions
from tests.harness.cage import wait_until
from tests.harness.people import PASSWORD, Somebody

#: A browser without WebGL 2: colours come from the server.
NO_WEBGL = """{ const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind === "webgl2" ? null : real.call(this, kind, ...more) } }"""


class Person:
    """One person, one browser. `complaints` is what that browser found wrong."""

    def __init__(self, name: str, page: Page, site: str = "") -> None:
        self.name = name
        self.site = site
        self.page = page
        self.complaints: list[str] = []
        self.expected: set[int] = set()  # statuses of answers that a test provokes
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("response", self._on_response)

    def sign_up(self) -> None:
        self.page.goto("/sign-up")
        self.page.fill("[name=username]", self.name)
        self.page.fill("[name=email]", f"{self.name}@example.org")
        self.page.fill("[name=password]", PASSWORD)
        self.page.get_by_role("button", name="Join").click()
        self.page.wait_for_url("**/")

    def sign_in(self, person: Somebody) -> None:
        """Open a session for somebody whom the flows have made: the pages' own way is in the main story."""
        self.name = person.username
        key = web_sessions.open(person.id, "a browser of the tests")
        self.page.context.add_cookies([{"name": "session", "value": key, "url": self.site}])

    def post(self, photo: Path, caption: str = "", alt_text: str = "", filter_name: str = "") -> None:
        """Post a photo, and wait until it is developed."""
        self.page.goto("/post")
        self.page.set_input_files("#photo", photo)
        self.page.wait_for_selector("[name=upload_id]:not([value=''])", state="attached")
        self.page.locator(f"input[name=filter][value='{filter_name}']").check(force=True)
        self.words()
        self.page.fill("#caption", caption)
        self.page.fill("#alt_text", alt_text)
        self.page.get_by_role("button", name="Post").click()
        self.page.wait_for_url("**/")
        expect(self.cards.first.locator("img[data-photo]")).to_be_visible()

    def words(self) -> None:
        """Turn to the words of the composer; on a desk they are there all the time."""
        tab = self.page.get_by_role("tab", name="Words")
        if tab.is_visible():
            tab.click()

    def waits_for_a_worker(self) -> None:
        """Until its service worker stands before its pages. A page asks for it once, and where that is lost, as on a
        busy machine, the next page asks: so it is loaded again and again."""

        def is_there() -> bool:
            self.page.reload()
            return bool(self.page.evaluate("navigator.serviceWorker.controller !== null"))

        wait_until(is_there, "a worker is there", seconds=60)

    def follow(self, name: str) -> None:
        """Find somebody by name and follow them."""
        self.page.goto("/find")
        self.page.fill("#q", name)
        self.taps(self.page.locator(f"[data-person='{name}'] [data-toggle=follow] button"))

    def like(self) -> None:
        """Like the photo of this page, until the server knows."""
        self.taps(self.page.get_by_role("button", name="Like"))
        expect(self.page.locator("[data-likes]")).to_have_text("1 like")

    def taps(self, toggle: Any) -> None:
        """Tap a button that changes under the finger, and wait until the server has answered: a page that is asked for
        before that shows what was."""
        with toggle.page.expect_response(lambda it: it.request.method == "POST") as answered:
            toggle.click()
        assert answered.value.ok

    @property
    def cards(self) -> Any:
        return self.page.locator("article.card")

    def sees(self, selector: str) -> None:
        """Wait until the first such picture has arrived and has pixels.

        Not by `wait_for_function`: that evaluates a string in the page, which our policy forbids.
        """
        image = self.page.locator(selector).first
        image.scroll_into_view_if_needed()
        wait_until(
            lambda: bool(image.evaluate("it => it.naturalWidth > 0")), f"{selector} is there", seconds=15
        )

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if "Service Worker registration blocked by Playwright" in message.text:
            return  # tests/browser/conftest.py says so
        if self.expected and "Failed to load resource" in message.text:
            return  # `_on_response` looks at the status
        if "GPU stall due to ReadPixels" in message.text:
            return  # the software that stands in for a graphics card: cards do not copy there
        self.complaints.append(f"{self.name}: console: {message.text}")

    def _on_error(self, error: Error) -> None:
        self.complaints.append(f"{self.name}: script: {error}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{self.name}: {response.status} {response.url}")
