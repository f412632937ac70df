"""What can be wrong before anybody has looked at a request, and the sentence for it."""

from __future__ import annotations

from typing import ClassVar

from heliograph.core.errors import Invalid, Unavailable


class ArrivedTooSlowly(Invalid):
    """What you sent took too long to arrive. Try again with a better connection."""

    code: ClassVar[str] = "too_slow"


class ArrivedInPart(Invalid):
    """Only a part of what you sent has arrived. Try again."""

    code: ClassVar[str] = "interrupted"


class FormTooLarge(Invalid):
    """A form here cannot be this large. Shorten it, and send it once more."""

    code: ClassVar[str] = "body_too_large"


class Crowded(Unavailable):
    """There is a crowd here right now. Nothing was lost; try again in a few seconds."""

    code: ClassVar[str] = "crowded"


class YourNetwork(Crowded):
    """Too much arrives from your network at once. Try again in a few seconds."""

    code: ClassVar[str] = "crowded"
