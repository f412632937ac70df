"""The main story in Firefox, where one is installed: it has another engine, wakes no worker, and here no WebGL."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.accounts.models import Person as Account
from heliograph.pages import profile
from tests import corpus
from tests.browser.fox import Fox
from tests.browser.stack import Stack
from tests.harness.people import PASSWORD, make_person

_READY = "document.documentElement.classList.contains('scripted')"
_UPLOADED = "document.querySelector('[name=upload_id]')?.value"
_WORDS = """(it => [it.caption.value, it.alt_text.value, it.filter.value, it.straighten.value].join(" | "))(
    document.querySelector("[data-composer]").elements)"""


@pytest.fixture
def fox(site: Stack) -> Iterator[Fox]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed: apt-get install firefox-esr")
    fox = Fox(program, site.url)
    yield fox
    fox.close()


def test_a_photo_is_begun_gone_on_with_posted_liked_and_spoken_about(fox: Fox, tmp_path: Path) -> None:
    make_person("bob")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(1200, 900))
    fox.goto("/sign-up")
    for name, value in (("username", "alice"), ("email", "alice@example.org"), ("password", PASSWORD)):
        fox.fill(f"[name={name}]", value)
    fox.click("main form .button")
    fox.until(f"location.pathname === '/' && !document.body.classList.contains('guest') && {_READY}")

    fox.goto("/post")
    fox.until("Boolean(document.querySelector('form.live'))")
    fox.files("#photo", photo)
    fox.until(_UPLOADED)
    fox.click("input[name=filter][value=ember]")
    # drawn here, or by the server where there is no WebGL 2
    fox.until(
        "(stage => stage.dataset.drawn === 'ember 1' || stage.querySelector('img').naturalWidth > 0)"
        "(document.querySelector('[data-stage]'))"
    )
    fox.click("#tab-crop")
    fox.click("[name=shape][value=square]")
    fox.js("document.querySelector('[data-stage]').focus()")
    fox.keys("]", "]")
    fox.click("#tab-words")
    fox.fill("#caption", "From a fox")
    fox.fill("#alt_text", "A heron")
    begun = fox.js(_WORDS)
    assert begun == "From a fox | A heron | ember | 1.0"

    fox.until("new Promise(go => setTimeout(() => go(true), 1000))")  # it is written down after a calm moment
    fox.goto("/post")
    fox.click("form.drafted [data-draft-go]")
    fox.until(f"{_UPLOADED} && {_WORDS} === {json.dumps(begun)}")  # the cut is there once the photo is shown
    fox.click("[data-post]")
    fox.until(
        f"{_READY} && location.pathname === '/'"
        " && document.querySelector('article.card img[data-photo]')?.naturalWidth > 0"
    )
    author = Account.objects.get(username="alice").id
    (posted,) = profile.photos(author, author).items
    assert (posted.caption, posted.filter, posted.width == posted.height) == ("From a fox", "ember", True)

    fox.click("article.card form[data-toggle=like] button")
    fox.until("document.querySelector('[data-likes]').textContent === '1 like'")
    fox.js("document.querySelector('a.photo').click()")
    fox.until(f"location.pathname.startsWith('/p/') && {_READY}")
    fox.fill("#text", "So calm")
    fox.click("#say .button")
    fox.until("document.querySelector('.comment:not(.waits) p')?.textContent.includes('So calm')")
    fox.goto("/@bob")
    fox.until(_READY)
    fox.click("[data-toggle=follow] button")
    fox.until("document.querySelector('.counts').innerText.includes('1\\nfollower')")
    fox.goto("/settings")
    fox.until(_READY)
    fox.click("[data-sign-out] button")
    fox.until("document.body.classList.contains('guest')")
    assert fox.complaints == []
