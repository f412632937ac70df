"""Public pages for other programs: pictures under addresses that stay, oEmbed, Atom, and what robots may read.

Everything here is for everybody or for nobody: it is made of what is seen without signing in. Somebody who is signed
in, and does not see the photo, gets nothing here either.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET  # it writes here, and reads nothing

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from heliograph.core.errors import NotFound
from heliograph.media import recipes
from heliograph.pages import media as pictures
from heliograph.pages import photo as photos
from heliograph.pages import profile as profiles
from heliograph.pages.cards import PhotoCard
from heliograph.sharding.ids import PhotoId, from_short_code
from heliograph.web import atom, previews
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, open_to_all, viewer_id

_NEWEST = 20  # photos in a feed
_KEEP_SECONDS = 300  # that others may show what has gone meanwhile
_LONGEST = 500  # letters of an address that is asked about
_PAGE = re.compile(r"/p/([A-Za-z0-9_-]{1,11})/?")
_SCHEMES = ("http", "https")


@require_safe
@open_to_all
def picture(request: PageRequest, photo_id: PhotoId, size: int = previews.LARGEST) -> HttpResponseBase:
    """A public photo's picture, under an address that never runs out: its bytes, since not everybody follows on."""
    shown = _public(request, photo_id)
    if size not in recipes.SIZES[1:]:
        raise NotFound(cause=f"size {size}")
    allowed = _permission(shown.renditions[str(size)].url)
    response = get_conditional_response(request, f'"{allowed.name}"')
    if response is None:
        with allowed.open() as file:
            response = HttpResponse(file.read(), content_type="image/jpeg")
    response.headers["ETag"] = f'"{allowed.name}"'
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _kept(request, response)


def _permission(url: str) -> pictures.Permission:
    """The right to a picture, by its signed address: it is checked like everybody's."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    _, _, token, name = parts.path.split("/")
    return pictures.permission(token, name.removesuffix(".jpg"), query["e"][0], query["s"][0])


@require_safe
@open_to_all
def oembed(request: PageRequest) -> HttpResponseBase:
    """oEmbed 1.0 of a photo's page: `url`, `format` (json or xml), `maxwidth`, `maxheight`."""
    form = request.GET.get("format", "json")
    if form not in ("json", "xml"):
        return HttpResponse(
            gettext("There is JSON and XML."), status=501, content_type="text/plain; charset=utf-8"
        )
    shown = _public(request, _asked(request.GET.get("url", "")))
    told = _told(shown, _bound(request, "maxwidth"), _bound(request, "maxheight"))
    response = JsonResponse(told) if form == "json" else HttpResponse(_xml(told), content_type="text/xml")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return _kept(request, response)


def _asked(url: str) -> PhotoId:
    """The photo whose page this is an address of. NotFound for everything else."""
    try:
        parts = urlsplit(url[: _LONGEST + 1])
        ours = urlsplit(previews.absolute("/"))
        same = parts.scheme in _SCHEMES and parts.netloc.lower() == ours.netloc.lower()
    except ValueError:
        same = False
    found = _PAGE.fullmatch(parts.path) if same and len(url) <= _LONGEST else None
    if found is None:
        raise NotFound(cause=f"oembed of {url[:100]!r}")
    return from_short_code(found[1])


def _bound(request: PageRequest, name: str) -> int | None:
    asked = request.GET.get(name, "")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else None


def _told(photo: PhotoCard, most_width: int | None, most_height: int | None) -> dict[str, str | int]:
    """The smallest rendition that fills the asked size; what is told is never larger than was asked for."""
    whole = previews.picture(photo)
    share = min(1.0, (most_width or whole.width) / whole.width, (most_height or whole.height) / whole.height)
    width, height = max(1, int(whole.width * share)), max(1, int(whole.height * share))
    size = next(size for size in recipes.SIZES[1:] if photo.renditions[str(size)].width >= width)
    small = previews.picture(photo, recipes.SIZES[1])
    return {
        "type": "photo",
        "version": "1.0",
        "title": (photo.caption or previews.title_of(photo))[:200],
        "author_name": photo.owner.full_name or photo.owner.username,
        "author_url": previews.absolute(f"/@{photo.owner.username}"),
        "provider_name": "Heliograph",
        "provider_url": previews.absolute("/"),
        "cache_age": _KEEP_SECONDS,
        "url": previews.picture(photo, size).url,
        "width": width,
        "height": height,
        "thumbnail_url": small.url,
        "thumbnail_width": small.width,
        "thumbnail_height": small.height,
    }


def _xml(told: dict[str, str | int]) -> bytes:
    root = ET.Element("oembed")
    for name, value in told.items():
        ET.SubElement(root, name).text = atom.writable(str(value))
    return atom.document(root)


@require_safe
@open_to_all
def newest(request: PageRequest, username: str) -> HttpResponseBase:
    """A public person's newest photos as Atom."""
    person = profiles.one(None, username).person
    if person.private:
        raise NotFound(cause=f"a feed of @{username}")
    if request.viewer:
        profiles.one(viewer_id(request), person.id)
    shown = profiles.photos(None, person.id, count=_NEWEST).items
    updated = max(map(atom.moment, shown), default=None)
    body = atom.feed(person, shown, updated)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    modified = int(updated.timestamp()) if updated else None
    response = get_conditional_response(request, etag, modified) or HttpResponse(body)
    response.headers["ETag"] = etag
    if updated:
        response.headers["Last-Modified"] = http_date(updated.timestamp())
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return _kept(request, response)


@require_safe
def robots(request: PageRequest) -> HttpResponse:
    """What there is to read for robots: the pages of public photos and people."""
    return render(request, "web/robots.txt", content_type="text/plain; charset=utf-8")


def _public(request: PageRequest, photo_id: PhotoId) -> PhotoCard:
    """A photo that everybody sees, whoever asks included. NotFound for every other."""
    shown = photos.one(None, photo_id)
    if request.viewer:
        photos.one(viewer_id(request), photo_id)
    return shown


def _kept(request: PageRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Others may keep for some minutes what nobody has to sign in for."""
    whose = "private" if request.viewer else "public"
    response.headers["Cache-Control"] = f"{whose}, max-age={_KEEP_SECONDS}"
    return response
