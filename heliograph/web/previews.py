"""What other places show of a public page: its title, words and picture, in the tags that they read.

A preview is the same for everybody, so it is made of what somebody sees who is not signed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.http import urlencode
from django.utils.translation import gettext

from heliograph.core import environment
from heliograph.media import recipes
from heliograph.pages.cards import PhotoCard
from heliograph.pages.profile import Profile
from heliograph.sharding.ids import short_code

LARGEST = max(recipes.SIZES)
_MOST = 200  # letters of a description


@dataclass(frozen=True)
class Picture:
    """A picture under an address that stays, with the size it is shown in."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Preview:
    """A page in short. `properties` are Open Graph's, `names` those of cards; `links` lead to other forms of it."""

    title: str
    description: str
    url: str
    kind: str
    picture: Picture | None = None
    links: list[tuple[str, str]] = field(default_factory=list)  # media type, address

    @property
    def properties(self) -> list[tuple[str, str]]:
        said = [
            ("og:site_name", "Heliograph"),
            ("og:type", self.kind),
            ("og:title", self.title),
            ("og:description", self.description),
            ("og:url", self.url),
        ]
        if self.picture:
            said += [
                ("og:image", self.picture.url),
                ("og:image:type", "image/jpeg"),
                ("og:image:width", str(self.picture.width)),
                ("og:image:height", str(self.picture.height)),
                ("og:image:alt", self.picture.alt),
            ]
        return [(name, value) for name, value in said if value]

    @property
    def names(self) -> list[tuple[str, str]]:
        card = "summary_large_image" if self.picture else "summary"
        return [("twitter:card", card), *([("description", self.description)] if self.description else [])]


def of_photo(photo: PhotoCard) -> Preview | None:
    """The preview of a photo's page; None for photos that are not for everybody."""
    if photo.owner.private or photo.state != "published":
        return None
    url = absolute(f"/p/{short_code(photo.id)}")
    return Preview(
        title=title_of(photo),
        description=_short(photo.caption or photo.alt_text),
        url=url,
        kind="article",
        picture=picture(photo),
        links=[("application/json+oembed", oembed_of(url))],
    )


def of_profile(profile: Profile, newest: PhotoCard | None) -> Preview | None:
    """The preview of a person's page; None for private people. Its picture is their newest photo."""
    person = profile.person
    if person.private:
        return None
    name = f"{person.full_name} (@{person.username})" if person.full_name else f"@{person.username}"
    return Preview(
        title=name,
        description=_short(profile.bio) or gettext("Photographs by %(name)s") % {"name": person.username},
        url=absolute(f"/@{person.username}"),
        kind="profile",
        picture=picture(newest) if newest else None,
        links=[("application/atom+xml", absolute(f"/@{person.username}/feed.atom"))],
    )


def title_of(photo: PhotoCard) -> str:
    """A photo has no title; this stands where one is needed."""
    return gettext("Photo by %(name)s") % {"name": photo.owner.full_name or f"@{photo.owner.username}"}


def picture(photo: PhotoCard, size: int = LARGEST) -> Picture:
    """One size of a photo, under an address that lasts as long as the photo is public."""
    shown = photo.renditions[str(size)]
    name = "og.jpg" if size == LARGEST else f"og-{size}.jpg"
    return Picture(
        absolute(f"/p/{short_code(photo.id)}/{name}"),
        shown.width,
        shown.height,
        photo.alt_text or title_of(photo),
    )


def oembed_of(url: str) -> str:
    """Where the oEmbed document of a page is."""
    return f"{absolute('/oembed')}?{urlencode({'url': url, 'format': 'json'})}"


def absolute(path: str) -> str:
    """The whole address of one of our pages."""
    return environment.get().url + path


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST else line[: _MOST - 1].rstrip() + "…"
