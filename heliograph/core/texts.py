"""What cannot be seen in the texts of people, and what has not arrived as it was written."""

from __future__ import annotations

import re
from typing import Final

#: Stands in a text for bytes that are no UTF-8: whoever decoded it could not know what they meant.
UNREADABLE: Final = "\ufffd"

# Space and controls; what Unicode calls Default_Ignorable_Code_Point (joiners, marks of direction, variation
# selectors, the fillers of Hangul, tags); and three that are drawn and show nothing: marks of annotations, the blank
# of braille, the empty head of a note.
_BLANK: Final = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ufff9-\ufffb\u2800\U0001d159]*"
)


def blank(text: str) -> bool:
    """Whether nobody would see anything of this text."""
    return _BLANK.fullmatch(text) is not None
