"""The languages that pages are offered in, by the names their own speakers give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.conf.locale import LANG_INFO

from heliograph.core.environment import BadEnvironment

#: What the sentences of all parts are in the other languages (made by `python -m tests.house.messages write`).
FOLDER = Path(__file__).resolve().parents[1] / "locale"


def offered(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Code and own name of each, in order. A code that Django does not know is a mistake.

    A language without a catalogue of ours is allowed: its pages are in English, with dates, numbers and the direction
    of writing of that language. So a translation can be tried before it is begun.
    """
    unknown = [code for code in codes if code not in LANG_INFO or "name_local" not in LANG_INFO[code]]
    if unknown or not codes:
        raise BadEnvironment(
            f"HELIOGRAPH_LANGUAGES: {', '.join(unknown) or 'none is given'}; use codes such as en, ja, pt-br."
        )
    return [(code, str(LANG_INFO[code]["name_local"])) for code in codes]
