"""A request that was refused before it reached the application: it comes without its body, to be answered in our words.

The front door (gate/) receives bodies. What is wrong with one is told like any other error, by the door whose address
it was sent to: as JSON, or as a page in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heliograph.core.errors import HeliographError

KEY = "heliograph.refusal"  # in the environment of a WSGI request; no header can have this name


def why(environ: Mapping[str, Any]) -> HeliographError | None:
    """The error that is to be told; None for a request like any other."""
    error = environ.get(KEY)
    return error if isinstance(error, HeliographError) else None
