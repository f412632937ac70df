"""What can be wrong with a photo: one leaf per sentence that a person may read.

The codes are part of the public API; the doors turn them into statuses by their own table.
"""

from __future__ import annotations

from typing import ClassVar

from heliograph.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable


class NoFile(Invalid):
    """Choose a photo first."""

    code: ClassVar[str] = "no_file"


class TooLarge(Invalid):
    """Photos can be at most 25 MB."""

    code: ClassVar[str] = "too_large"


class UnsupportedType(Invalid):
    """Use a JPEG, PNG or WebP photo."""

    code: ClassVar[str] = "unsupported_type"


class TooManyPixels(Invalid):
    """Photos can have at most 50 megapixels, and 16,384 pixels on a side."""

    code: ClassVar[str] = "too_many_pixels"


class TooSmall(Invalid):
    """Photos need at least 150 pixels on each side."""

    code: ClassVar[str] = "too_small"


class Animated(Invalid):
    """Moving pictures cannot be posted here. Use a still photo."""

    code: ClassVar[str] = "animated"


class Damaged(Invalid):
    """The file is incomplete or damaged."""

    code: ClassVar[str] = "damaged"


class Unprocessable(Invalid):
    """This photo could not be processed."""

    code: ClassVar[str] = "unprocessable"


class TooSlow(Invalid):
    """The upload took too long. Try again with a better connection."""

    code: ClassVar[str] = "too_slow"


class Interrupted(Invalid):
    """The upload ended before the whole photo had arrived. Try again."""

    code: ClassVar[str] = "interrupted"


class TooSmallChunk(Invalid):
    """This part of the upload is too small."""

    code: ClassVar[str] = "too_small_chunk"


class WrongOffset(Conflict):
    """The upload goes on at another place."""

    code: ClassVar[str] = "wrong_offset"

    def __init__(self, offset: int, *, cause: object = None) -> None:
        super().__init__(cause=cause)
        self.offset = offset  # of the byte that is wanted next


class UploadGone(NotFound):
    """This upload is no longer here. Choose the photo again."""

    code: ClassVar[str] = "upload_gone"


class UnknownFilter(Invalid):
    """There is no such filter."""

    code: ClassVar[str] = "unknown_filter"


class BadCrop(Invalid):
    """The photo cannot be cut like this."""

    code: ClassVar[str] = "bad_crop"


class BadStrength(Invalid):
    """The strength of a filter is a whole number from 0 to 100."""

    code: ClassVar[str] = "bad_strength"


class BadPlace(Invalid):
    """This place cannot be used."""

    code: ClassVar[str] = "bad_place"


class UnknownTown(Invalid):
    """No town of this name was found."""

    code: ClassVar[str] = "unknown_town"


class BadText(Invalid):
    """This text cannot be used."""

    code: ClassVar[str] = "bad_text"


class Busy(Unavailable):
    """Many photos are arriving right now. Try again in a moment."""

    code: ClassVar[str] = "busy"


class NoRoom(Unavailable):
    """There is no room for more photos right now. Try again later."""

    code: ClassVar[str] = "no_room"


class CageAway(Unavailable):
    """Photos cannot be processed right now. Nothing was lost; try again in a moment."""

    code: ClassVar[str] = "busy"


class UrlExpired(NotAllowed):
    """This address has expired. Load the page again."""

    code: ClassVar[str] = "url_expired"


class UrlForged(NotFound):
    """There is no picture at this address."""

    code: ClassVar[str] = "no_picture"


#: What the cage may answer, by its code.
BY_CODE: dict[str, type[Invalid]] = {
    leaf.code: leaf
    for leaf in (
        NoFile,
        TooLarge,
        UnsupportedType,
        TooManyPixels,
        TooSmall,
        Animated,
        Damaged,
        Unprocessable,
        UnknownFilter,
    )
}
