"""What makes the pages an app: all of it is there, without anybody being signed in."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from PIL import Image

from heliograph.config import static
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.house import icons
from tests.stories.web import browser_of


def _file(address: str) -> bytes:
    path = address.removeprefix(static.address())
    assert path != address
    return (static.folder() / path).read_bytes()


def test_the_manifest_names_icons_that_are_what_it_says(network: Any) -> None:
    manifest = json.loads(TestClient().get("/manifest.webmanifest").content)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    for icon in manifest["icons"]:
        width = int(icon["sizes"].split("x")[0])
        assert Image.open(io.BytesIO(_file(icon["src"]))).size == (width, width)
    assert {icon.get("purpose", "any") for icon in manifest["icons"]} == {"any", "maskable"}
    assert "/post" in [shortcut["url"] for shortcut in manifest["shortcuts"]]


def test_there_is_an_icon_where_browsers_look_for_one(network: Any) -> None:
    icon = TestClient().get("/favicon.ico")
    assert icon.headers["Content-Type"] == "image/x-icon"
    assert Image.open(io.BytesIO(icon.content)).info["sizes"] == {(16, 16), (32, 32), (48, 48)}


def test_the_worker_knows_its_release_and_is_always_asked_for(network: Any) -> None:
    worker = TestClient().get("/sw.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.content.startswith(b"const sender = null;\n"), (
        "browsers that wake no worker have no modules there"
    )
    found = re.search(rb"^const release = (\{.*\});\n", worker.content, re.MULTILINE)
    assert found is not None
    release = json.loads(found[1])
    assert release["address"] == static.address()
    assert all(_file(address) for address in release["shell"])
    assert not [address for address in release["shell"] if "worker" in address or address.endswith(".bin")]


def test_a_worker_that_is_woken_brings_what_sends(network: Any) -> None:
    found = re.match(rb'import \* as sender from "(.*)";\n', TestClient().get("/sw.js?sync").content)
    assert found is not None and _file(found[1].decode())


def test_all_modules_are_asked_for_at_once(network: Any) -> None:
    page = TestClient().get("/sign-in").content.decode()
    linked = re.findall(r'<link rel="modulepreload" fetchpriority="low" href="([^"]+)">', page)
    assert {static.address() + "js/ask.js", static.address() + "js/away.js"} <= set(linked)
    assert len(linked) == len(set(linked)) and all(_file(address) for address in linked)


def test_the_offline_page_belongs_to_nobody(alice: Somebody) -> None:
    page = browser_of(alice).get("/offline")
    assert b"There is no connection" in page.content
    assert b"alice" not in page.content and b"data-reader" not in page.content
    assert "Heliograph-Reader" not in page.headers


@pytest.mark.parametrize("name", [*icons.ICONS, "favicon.ico"])
def test_icons_are_drawn_from_the_mark_and_small(name: str) -> None:
    assert len((icons.IMG / name).read_bytes()) < 10_000


class TestWhosePageItIs:
    def test_a_page_says_who_reads_it(self, alice: Somebody) -> None:
        browser = browser_of(alice)
        for path in ("/", "/settings", "/@alice", "/@nobody", "/no/such/page"):
            page = browser.get(path)
            assert page.headers["Heliograph-Reader"] == str(alice.id), path
            assert page.headers["Cache-Control"] == "private, no-store", path
        for path in ("/", "/sign-in", "/@alice"):
            assert browser_of(None).get(path).headers["Heliograph-Reader"] == "none", path
        assert browser_of(None).get("/settings").headers["Heliograph-Reader"] == "none"

    def test_signing_out_has_the_browser_forget(self, alice: Somebody) -> None:
        out = browser_of(alice).post("/sign-out")
        assert out.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert out.headers["Heliograph-Reader"] == "none"

    def test_an_error_of_ours_says_nothing(self, alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
        from heliograph.pages import home

        monkeypatch.setattr(home, "page", lambda *_, **__: 1 / 0)
        page = browser_of(alice, raise_request_exception=False).get("/")
        assert page.status_code == 500
        assert "Heliograph-Reader" not in page.headers
