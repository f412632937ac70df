"""Photos: posting, seeing, editing and deleting one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from heliograph.api import parameters, render
from heliograph.api.endpoint import Call, delete, get, post
from heliograph.api.parameters import PhotoId, Upload
from heliograph.flows import delete_photo, edit_photo, post_photo, upload_photo
from heliograph.media import frames
from heliograph.media.errors import NoFile
from heliograph.media.places import spots
from heliograph.media.places.spots import Spot
from heliograph.pages import photo as page

_CAPTION = parameters.text(2200)
_PART = (
    "Of the photo's width (x, w) or height (y, h), once it stands upright and was turned. All four or none."
)
_CENTRE = parameters.number(0, 1, f"Middle of what is shown. {_PART}")
_SIDE = parameters.number(0, 1, f"Size of what is shown, between 4:5 and 1.91:1. {_PART}")
_STRAIGHTEN = parameters.number(-20, 20, "Degrees by which the picture is turned clockwise behind the crop.")
_TURN = parameters.whole({"enum": list(frames.TURNS)}, "Quarter turns, clockwise, before all else.")
_STRENGTH = parameters.whole({"minimum": 0, "maximum": 100}, "Of the filter.")
_LAT = parameters.number(-90, 90, "Where it was taken; needs lng. What the file itself says is never used.")
_LNG = parameters.number(-180, 180, "Where it was taken; needs lat.")
_PRECISION = parameters.choice(
    (*spots.LEVELS, "none"), "How much of lat and lng is kept: the point, a kilometre, the town, nothing."
)
_LOCATION = parameters.whole({"minimum": 1}, "A town, by the id of its Location; instead of lat and lng.")
_ALT_TEXT = parameters.text(1000, "What is to be seen, for those who cannot.")


@post("/media", gives="Media", repeats=True)
def create(
    call: Call,
    photo: Annotated[Upload | None, parameters.FILE] = None,
    upload_id: Annotated[int | None, parameters.UPLOAD] = None,
    caption: Annotated[str, _CAPTION] = "",
    alt_text: Annotated[str, _ALT_TEXT] = "",
    filter: Annotated[str, parameters.WORD] = "",
    strength: Annotated[int, _STRENGTH] = 100,
    crop_x: Annotated[float | None, _CENTRE] = None,
    crop_y: Annotated[float | None, _CENTRE] = None,
    crop_w: Annotated[float | None, _SIDE] = None,
    crop_h: Annotated[float | None, _SIDE] = None,
    straighten: Annotated[float, _STRAIGHTEN] = 0.0,
    turn: Annotated[int, _TURN] = 0,
    lat: Annotated[float | None, _LAT] = None,
    lng: Annotated[float | None, _LNG] = None,
    location_precision: Annotated[str, _PRECISION] = "exact",
    location_id: Annotated[int | None, _LOCATION] = None,
    taken_at: Annotated[datetime | None, parameters.SECONDS] = None,
) -> Any:
    """Post a photo, sent along or uploaded before. It is `processing` until its sizes are made."""
    frame = frames.of((crop_x, crop_y, crop_w, crop_h), straighten, turn)
    place = _place(lat, lng, location_precision, location_id)
    if photo is not None:
        upload_id = upload_photo.accept(call.viewer_id, photo, idempotency_key=call.idempotency_key).id
    if upload_id is None:
        raise NoFile()
    photo_id = post_photo.post(
        call.viewer_id,
        upload_id=upload_id,
        caption=caption,
        alt_text=alt_text,
        filter_name=render.filter_name(filter),
        strength=strength,
        frame=frame,
        place=place,
        taken_at=taken_at,
        idempotency_key=call.idempotency_key,
    )
    return render.photo(page.one(call.viewer_id, photo_id))


@get("/media/{photo_id}", gives="Media")
def show(call: Call, photo_id: PhotoId) -> Any:
    """A photo."""
    return render.photo(page.one(call.viewer_id, photo_id))


@get("/media/shortcode/{code}", gives="Media")
def show_by_code(call: Call, code: Annotated[int, parameters.CODE]) -> Any:
    """The photo at /p/{code}/."""
    return render.photo(page.one(call.viewer_id, code))


@post("/media/{photo_id}", gives="Media")
def edit(
    call: Call,
    photo_id: PhotoId,
    caption: Annotated[str | None, _CAPTION] = None,
    alt_text: Annotated[str | None, _ALT_TEXT] = None,
    lat: Annotated[float | None, _LAT] = None,
    lng: Annotated[float | None, _LNG] = None,
    location_precision: Annotated[str, _PRECISION] = "exact",
    location_id: Annotated[int | None, _LOCATION] = None,
) -> Any:
    """Change what is said about one's own photo; what is not sent stays."""
    said = lat is not None or lng is not None or location_id is not None or location_precision == "none"
    place: Spot | Literal["same"] | None = "same"
    if said:
        place = _place(lat, lng, location_precision, location_id)
    edit_photo.edit(call.viewer_id, photo_id, caption=caption, alt_text=alt_text, place=place)
    return render.photo(page.one(call.viewer_id, photo_id))


@delete("/media/{photo_id}", gives="null")
def remove(call: Call, photo_id: PhotoId) -> None:
    """Delete one's own photo."""
    delete_photo.delete(call.viewer_id, photo_id)


def _place(lat: float | None, lng: float | None, precision: str, location_id: int | None) -> Spot | None:
    """What is kept of where a photo was taken; None if nothing was said, or nothing is to be kept."""
    if precision == "none" or (lat is None and lng is None and location_id is None):
        return None
    return spots.reduced(precision, lat, lng, place_id=location_id)
