"""A person's newest photos as an Atom feed (RFC 4287), with the pictures as enclosures and Media RSS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET  # it writes here, and reads nothing

from django.utils.html import escape, linebreaks

from heliograph.pages.cards import PersonCard, PhotoCard
from heliograph.sharding.ids import short_code
from heliograph.web import previews

_ATOM, _MEDIA = "http://www.w3.org/2005/Atom", "http://search.yahoo.com/mrss/"
#: What XML 1.0 cannot hold, however it is written.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # of a feed with nothing in it
_TITLE = 80  # letters

ET.register_namespace("", _ATOM)
ET.register_namespace("media", _MEDIA)


def feed(person: PersonCard, photos: Sequence[PhotoCard], updated: datetime | None) -> bytes:
    """The document; the same photos and words give the same bytes."""
    url = previews.absolute(f"/@{person.username}")
    root = ET.Element(f"{{{_ATOM}}}feed")
    _add(root, "id", url)
    _add(root, "title", person.full_name or f"@{person.username}")
    _add(root, "updated", _time(updated or _NEVER))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{url}/feed.atom")
    _add(root, "link", rel="alternate", type="text/html", href=url)
    author = _add(root, "author")
    _add(author, "name", person.username)
    _add(author, "uri", url)
    for photo in photos:
        _entry(root, photo)
    return document(root)


def _entry(root: ET.Element, photo: PhotoCard) -> None:
    url = previews.absolute(f"/p/{short_code(photo.id)}")
    picture = previews.picture(photo)
    entry = _add(root, "entry")
    _add(entry, "id", url)
    _add(entry, "title", _title(photo))
    _add(entry, "published", _time(moment(photo)))
    _add(entry, "updated", _time(moment(photo)))
    _add(entry, "link", rel="alternate", type="text/html", href=url)
    _add(entry, "link", rel="enclosure", type="image/jpeg", href=picture.url)
    _add(entry, "content", _html(photo, picture), type="html")
    media = _add(
        entry,
        "content",
        space=_MEDIA,
        url=picture.url,
        type="image/jpeg",
        medium="image",
        width=str(picture.width),
        height=str(picture.height),
    )
    if photo.alt_text:
        _add(media, "description", photo.alt_text, space=_MEDIA, type="plain")


def _html(photo: PhotoCard, picture: previews.Picture) -> str:
    size = f'width="{picture.width}" height="{picture.height}"'
    image = f'<p><img src="{picture.url}" {size} alt="{escape(photo.alt_text)}"></p>'
    return image + linebreaks(photo.caption, autoescape=True) if photo.caption else image


def _title(photo: PhotoCard) -> str:
    line = photo.caption.partition("\n")[0].strip()
    if not line:
        return previews.title_of(photo)
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"


def moment(photo: PhotoCard) -> datetime:
    """When a photo was published."""
    return photo.published_at or photo.created_at


def _time(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _add(
    parent: ET.Element, tag: str, text: str = "", *, space: str = _ATOM, **attributes: str
) -> ET.Element:
    clean = {name: writable(value) for name, value in attributes.items()}
    element = ET.SubElement(parent, f"{{{space}}}{tag}", clean)
    element.text = writable(text) or None
    return element


def document(root: ET.Element) -> bytes:
    """The bytes of a whole document."""
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def writable(text: str) -> str:
    """The text without what XML cannot hold."""
    return _UNWRITABLE.sub("", text)
