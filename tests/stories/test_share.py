"""Public pages for other programs: previews, pictures that stay, oEmbed and Atom; nothing of what is not public."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from heliograph.flows import delete_photo, edit_photo, edit_profile, post_photo, suspend, upload_photo
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import Source, browser_of

pytestmark = pytest.mark.usefixtures("cage")
RunJobs = Callable[..., Any]
SITE = "http://testserver"
ATOM = {"a": "http://www.w3.org/2005/Atom", "m": "http://search.yahoo.com/mrss/"}
HOSTILE = '<script>alert("1")</script> & \' \uffff end'


def posted(owner: Somebody, run_jobs: RunJobs, caption: str = "", alt_text: str = "") -> str:
    """A photo with pictures; its code."""
    upload = upload_photo.accept(owner.id, Source(corpus.jpeg(1600, 1200)))
    photo = post_photo.post(owner.id, upload_id=upload.id, caption=caption, alt_text=alt_text)
    run_jobs()
    return short_code(photo)


def tags_of(page: bytes) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', page.decode()))


def oembed(code: str, **more: object) -> str:
    asked = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/oembed?url={quote(f'{SITE}/p/{code}', safe='')}{asked}"


def test_a_photo_can_be_shown_elsewhere(alice: Somebody, run_jobs: RunJobs) -> None:
    code = posted(alice, run_jobs, "First light\nover the bay", "A bay at dawn")
    browser = browser_of(None)
    page = browser.get(f"/p/{code}").content
    tags = tags_of(page)
    assert tags["og:title"] == "Photo by Alice"
    assert tags["og:description"] == tags["description"] == "First light over the bay"
    assert tags["og:url"] == f"{SITE}/p/{code}"
    assert tags["og:image"] == f"{SITE}/p/{code}/og.jpg"
    assert (tags["og:image:width"], tags["og:image:height"]) == ("1080", "810")
    assert tags["og:image:alt"] == "A bay at dawn"
    assert tags["twitter:card"] == "summary_large_image"
    assert f'<link rel="canonical" href="{SITE}/p/{code}">'.encode() in page
    profile = tags_of(browser.get("/@alice").content)
    assert (profile["og:title"], profile["og:image"]) == ("Alice (@alice)", f"{SITE}/p/{code}/og.jpg")

    picture = browser.get(f"/p/{code}/og.jpg")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert corpus.Image.open(Source(picture.content)).size == (1080, 810)
    assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert picture.headers["Cache-Control"].startswith("public")
    again = browser.get(f"/p/{code}/og.jpg", HTTP_IF_NONE_MATCH=picture.headers["ETag"])
    assert again.status_code == 304
    assert corpus.Image.open(Source(browser.get(f"/p/{code}/og-320.jpg").content)).width == 320
    assert browser.get(f"/p/{code}/og-2160.jpg").status_code == 404


def test_oembed_tells_no_more_than_was_asked_for(alice: Somebody, run_jobs: RunJobs) -> None:
    code = posted(alice, run_jobs, HOSTILE)
    browser = browser_of(None)
    page = browser.get(f"/p/{code}").content.decode()
    [linked] = re.findall(r'type="application/json\+oembed" href="([^"]+)"', page)
    told = browser.get(linked.replace("&amp;", "&").removeprefix(SITE))
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    whole = told.json()
    assert (whole["type"], whole["version"], whole["width"], whole["height"]) == ("photo", "1.0", 1080, 810)
    assert whole["url"] == f"{SITE}/p/{code}/og.jpg"
    assert (whole["author_name"], whole["author_url"]) == ("Alice", f"{SITE}/@alice")
    small = browser.get(oembed(code, maxwidth=400, maxheight=200)).json()
    assert (small["width"], small["height"]) == (266, 200)
    assert small["url"] == f"{SITE}/p/{code}/og-320.jpg"
    assert browser.get(oembed(code, maxwidth=500)).json()["url"].endswith("og-640.jpg")
    assert browser.get(oembed(code, maxwidth="-3", maxheight="9" * 30)).json()["width"] == 1080
    assert browser.get(oembed(code, maxwidth=0)).json()["width"] == 1
    root = ET.fromstring(browser.get(oembed(code, format="xml")).content)
    assert root.findtext("title") == HOSTILE.replace("\uffff", "")
    assert browser.get(oembed(code, format="yaml")).status_code == 501


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://testserver",
        "http://testserver/",
        "http://testserver/@alice",
        "http://testserver@evil.example/p/{code}",
        "http://evil.example/p/{code}",
        "http://testserver:81/p/{code}",
        "//testserver/p/{code}",
        "/p/{code}",
        "javascript:alert(1)//testserver/p/{code}",
        "file:///etc/passwd",
        "http://[::1/p/{code}",
        "http://testserver/p/{code}/edit",
        "http://testserver/p/{code}%2f..",
        "http://testserver/m/p/{code}",
        "http://testserver/p/" + "A" * 600,
        "http://testserver/p/___________",
    ],
)
def test_oembed_knows_nothing_but_our_photos(url: str, alice: Somebody) -> None:
    code = short_code(album.post(alice.id))
    asked = quote(url.replace("{code}", code), safe="")
    assert browser_of(None).get(f"/oembed?url={asked}").status_code == 404


def test_a_feed_for_readers(alice: Somebody, run_jobs: RunJobs) -> None:
    for number in range(21):
        album.post(alice.id, caption=f"Number {number}")
    code = posted(alice, run_jobs, HOSTILE, "A scene & <more>")
    browser = browser_of(None)
    page = browser.get("/@alice").content.decode()
    assert f'type="application/atom+xml" href="{SITE}/@alice/feed.atom"' in page
    answer = browser.get("/@alice/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.content)
    entries = root.findall("a:entry", ATOM)
    assert len(entries) == 20
    assert root.findtext("a:updated", namespaces=ATOM) == entries[0].findtext("a:updated", namespaces=ATOM)
    newest = entries[0]
    assert newest.findtext("a:id", namespaces=ATOM) == f"{SITE}/p/{code}"
    assert newest.findtext("a:title", namespaces=ATOM) == HOSTILE.replace("\uffff", "")
    links = {link.get("rel"): link.get("href") for link in newest.findall("a:link", ATOM)}
    assert links == {"alternate": f"{SITE}/p/{code}", "enclosure": f"{SITE}/p/{code}/og.jpg"}
    html = newest.findtext("a:content", namespaces=ATOM) or ""
    assert 'alt="A scene &amp; &lt;more&gt;"' in html
    assert "<script" not in html
    media = newest.find("m:content", ATOM)
    assert media is not None
    assert media.findtext("m:description", namespaces=ATOM) == "A scene & <more>"

    known = {"HTTP_IF_NONE_MATCH": answer.headers["ETag"]}
    assert browser.get("/@alice/feed.atom", **known).status_code == 304
    since = {"HTTP_IF_MODIFIED_SINCE": answer.headers["Last-Modified"]}
    assert browser.get("/@alice/feed.atom", **since).status_code == 304
    edit_photo.edit(alice.id, album_id(code), caption="Better words")
    assert b"Better words" in browser.get("/@alice/feed.atom", **known).content


def album_id(code: str) -> int:
    from heliograph.sharding.ids import from_short_code

    return from_short_code(code)


def test_somebody_without_photos_has_an_empty_feed(alice: Somebody) -> None:
    answer = browser_of(None).get("/@alice/feed.atom")
    assert answer.status_code == 200
    assert ET.fromstring(answer.content).findall("a:entry", ATOM) == []


@pytest.mark.parametrize("how", ["private", "suspended", "deleted", "blocked"])
def test_what_is_not_public_is_nowhere(how: str, alice: Somebody, dave: Somebody, run_jobs: RunJobs) -> None:
    code = posted(alice, run_jobs, "Not for everybody")
    ways = [f"/p/{code}/og.jpg", f"/p/{code}/og-320.jpg", oembed(code), oembed(code, format="xml")]
    assert {browser_of(None).get(way).status_code for way in [*ways, "/@alice/feed.atom"]} == {200}
    looker = None
    match how:
        case "private":
            edit_profile.edit(alice.id, private=True)
        case "suspended":
            suspend.suspend(alice.id)
        case "deleted":
            delete_photo.delete(alice.id, album_id(code))
        case "blocked":
            looker = dave
    run_jobs()
    if how != "deleted":
        ways.append("/@alice/feed.atom")
    # A private person does not get them either: what is told here is what everybody sees.
    for somebody in (looker, alice) if how == "private" else (looker,):
        assert {browser_of(somebody).get(way).status_code for way in ways} == {404}
    page = browser_of(looker).get("/@alice").content.decode()
    assert f"/p/{code}" not in page
    assert "og:image" not in page
    if how == "private":
        assert '<meta name="robots" content="noindex">' in page


def test_robots_are_told_what_is_there_to_read(alice: Somebody) -> None:
    told = browser_of(None).get("/robots.txt")
    assert told.headers["Content-Type"].startswith("text/plain")
    assert "Disallow: /settings" in told.content.decode()
    assert "Disallow: /p/" not in told.content.decode()
