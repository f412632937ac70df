"""The first look at the home feed, counted in bytes on the wire: HTML, styles and scripts, beside the photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from heliograph.accounts.models import Person as Account
from heliograph.feed import home as feeds
from tests.browser.person import Person
from tests.oracle import album

MOST = 60 * 1024  # bytes
_COUNTED = {"Document", "Stylesheet", "Script", "Font", "Other"}


def test_a_first_look_at_twenty_photos_is_small(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    alice.expected = {404}  # these photos are rows without pictures
    person_id = Account.objects.get(username="alice").id
    for number in range(20):
        album.post(person_id, caption=f"Number {number}: wind, and forty minutes of waiting #dunes")
    feeds.forget([person_id])  # it is made anew, with these
    alice.page.goto("/find")
    wire = alice.page.context.new_cdp_session(alice.page)
    kinds: dict[str, str] = {}
    sent: Counter[str] = Counter()
    wire.on("Network.responseReceived", lambda said: kinds.update({said["requestId"]: _kind(said)}))
    wire.on(
        "Network.loadingFinished",
        lambda said: sent.update({kinds.get(said["requestId"], ""): int(said["encodedDataLength"])}),
    )
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    alice.page.goto("/", wait_until="networkidle")
    assert alice.cards.count() == 20
    counted = {kind: size for kind, size in sent.items() if kind in _COUNTED}
    print("bytes on the wire:", counted)
    assert sum(counted.values()) <= MOST, counted


def _kind(said: dict[str, object]) -> str:
    response = said["response"]
    assert isinstance(response, dict)
    # The sprite of icons counts as what it is to people: part of the page.
    return "Other" if response["mimeType"] == "image/svg+xml" else str(said["type"])
