"""One photo: looking, liking, changing its words, taking it down, trying again."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heliograph.core.errors import Invalid, NotFound
from heliograph.engagement import words
from heliograph.flows import delete_photo, edit_photo, post_photo
from heliograph.flows import like as likes
from heliograph.media.places import spots
from heliograph.media.places.spots import Spot
from heliograph.pages import photo as photos
from heliograph.pages.cards import PhotoCard
from heliograph.sharding.ids import PhotoId, short_code
from heliograph.web import composing, previews
from heliograph.web.answers import done, see, wants_part
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, SignedInRequest, open_to_all, signed_in, viewer_id

COMMENTS = 50  # on one page
LIKERS = 100  # on one page, which is all there is


@require_safe
@open_to_all
def photo(request: PageRequest, photo_id: PhotoId) -> HttpResponse:
    """The photo, its words, its newest comments with the oldest of them first."""
    context = whole(request, photo_id, before=request.GET.get("before"))
    if wants_part(request):
        return render(request, "web/parts/comments.html", context)
    return render(request, "web/photo.html", context | {"preview": previews.of_photo(context["photo"])})


def whole(
    request: PageRequest | SignedInRequest, photo_id: PhotoId, *, before: str | None = None
) -> dict[str, Any]:
    """A photo for a template, with a page of comments, the oldest of them first; with the name of a comment to come,
    and the ways to the photos beside it."""
    found = photos.whole(viewer_id(request), photo_id, before=before, count=COMMENTS)
    published = found.photo.state == "published"
    return {
        "photo": found.photo,
        "comments": found.comments.items[::-1],
        "earlier": found.comments.next_cursor,
        "key": uuid.uuid4().hex,
        "longest": words.MAX_LENGTH,
        "newer": found.newer if published else None,
        "older": found.older if published else None,
    }


@require_safe
@signed_in
def likers(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Who likes a photo, the newest first."""
    shown, people, statuses = photos.with_likers(request.viewer.person_id, photo_id, count=LIKERS)
    others = max(0, shown.likes - len(people)) if len(people) >= LIKERS else 0
    context = {"photo": shown, "people": people, "others": others, "statuses": statuses}
    return render(request, "web/likers.html", context)


@require_safe
@signed_in
def card(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """The card alone: a page asks for it while its photo is being developed."""
    shown = photos.one(request.viewer.person_id, photo_id)
    own = shown.owner.id == request.viewer.person_id
    response = render(
        request, "web/parts/card.html", {"photo": shown, "own": own, "me": request.viewer.person_id}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@signed_in
def like(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Like (`on=1`) or no longer."""
    on = request.POST.get("on") == "1"
    (likes.add if on else likes.remove)(request.viewer.person_id, photo_id)
    return done(request, f"/p/{short_code(photo_id)}", on=on)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Change the caption, the description and the place."""
    shown = _own(request, photo_id)
    if request.method != "POST":
        return render(request, "web/edit_photo.html", _words_of(shown))
    caption, alt_text = request.POST.get("caption", ""), request.POST.get("alt_text", "")
    try:
        place = _place_said(request, shown)
        edit_photo.edit(request.viewer.person_id, photo_id, caption=caption, alt_text=alt_text, place=place)
    except Invalid as error:
        context = _words_of(shown) | {
            "caption": caption,
            "alt_text": alt_text,
            "place_name": request.POST.get("place_name", ""),
            "mistake": gettext(error.sentence),
        }
        return render(request, "web/edit_photo.html", context, status=400)
    messages.success(request, gettext("Saved."))
    return see(f"/p/{short_code(photo_id)}")


def _words_of(shown: PhotoCard) -> dict[str, object]:
    level = shown.place.level if shown.place else ""
    return {
        "photo": shown,
        "caption": shown.caption,
        "alt_text": shown.alt_text,
        "place_level": level,
        "place_levels": _levels_down_from(level),
    }


def _levels_down_from(level: str) -> list[tuple[str, str]]:
    """What a place can be changed to without asking where it was: the same, less exact, none."""
    titles = {
        "exact": gettext("The exact place"),
        "neighbourhood": gettext("About a kilometre around"),
        "city": gettext("Only the town"),
    }
    kept = spots.LEVELS[: spots.LEVELS.index(level) + 1] if level else ()
    return [*((name, titles[name]) for name in reversed(kept)), ("", gettext("No place"))]


def _place_said(request: SignedInRequest, shown: PhotoCard) -> Spot | Literal["same"] | None:
    """The town that was typed, or the present place less exactly, or none."""
    name = request.POST.get("place_name", "").strip()
    if name:
        return composing.town(name)
    level = request.POST.get("place_level")
    if shown.place is None or level is None or level == shown.place.level:
        return "same"
    return spots.coarser(shown.place, level) if level else None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Ask, then take it down."""
    shown = _own(request, photo_id)
    if request.method != "POST":
        return render(request, "web/delete_photo.html", {"photo": shown})
    delete_photo.delete(request.viewer.person_id, photo_id)
    messages.success(request, gettext("The photo is gone."))
    return see(f"/@{shown.owner.username}")


@require_POST
@signed_in
def retry(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Develop a failed photo once more."""
    post_photo.retry(request.viewer.person_id, photo_id)
    return done(request, "/")


def _own(request: SignedInRequest, photo_id: PhotoId) -> PhotoCard:
    shown = photos.one(request.viewer.person_id, photo_id)
    if shown.owner.id != request.viewer.person_id:
        raise NotFound()
    return shown
