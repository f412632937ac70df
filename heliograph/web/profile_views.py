"""A person: profile, photos, followers, following."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from heliograph.flows import homes
from heliograph.pages import profile as profiles
from heliograph.sharding.ids import PersonId
from heliograph.web import previews
from heliograph.web.answers import after, asked_count, see, wants_part
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, SignedInRequest, open_to_all, signed_in, viewer_id

PHOTOS = 30  # on one page: ten rows of the grid
PEOPLE = 50  # on one page
_EAGER = 9  # photos that are fetched before anybody scrolls


@require_safe
@open_to_all
def profile(request: PageRequest, username: str) -> HttpResponse:
    """Who somebody is, and the grid of their photos as far as the viewer may see it."""
    count, cursor = asked_count(request, PHOTOS), request.GET.get("after")
    person, photos = profiles.with_photos(viewer_id(request), username, count=count, cursor=cursor)
    mine = person.person.id == viewer_id(request)
    context = {
        "tab": "me" if mine else "",
        "profile": person,
        "photos": photos,
        "mine": mine,
        "eager": 0 if request.GET.get("after") else _EAGER,
        "next": after(photos.next_cursor),
        "preview": previews.of_profile(person, photos.items[0] if photos.items else None),
    }
    return render(request, "web/parts/grid.html" if wants_part(request) else "web/profile.html", context)


def own(person_id: PersonId) -> profiles.Profile:
    """Somebody as they see themself."""
    return homes.at_home(person_id, lambda: profiles.one(person_id, person_id))


@require_safe
@signed_in
def me(request: SignedInRequest) -> HttpResponse:
    """One's own profile, whatever one is called today."""
    mine = own(request.viewer.person_id)
    return see(f"/@{mine.person.username}")


@require_safe
@signed_in
def followers(request: SignedInRequest, username: str) -> HttpResponse:
    """Who follows somebody."""
    return _people(request, username, profiles.with_followers, gettext("Followers"))


@require_safe
@signed_in
def following(request: SignedInRequest, username: str) -> HttpResponse:
    """Whom somebody follows."""
    return _people(request, username, profiles.with_following, gettext("Following"))


def _people(
    request: SignedInRequest, username: str, read: Callable[..., profiles.WithPeople], title: str
) -> HttpResponse:
    count, cursor = asked_count(request, PEOPLE), request.GET.get("after")
    found = read(request.viewer.person_id, username, cursor=cursor, count=count)
    owner, people = found.profile.person, found.people
    mine = owner.id == request.viewer.person_id
    context = {
        "owner": owner,
        "people": people,
        "title": title,
        "mine": mine,
        "removable": mine and read is profiles.with_followers,
        "statuses": found.outgoing,
        "next": after(people.next_cursor),
    }
    return render(request, "web/parts/people.html" if wants_part(request) else "web/people.html", context)
