"""How long a browser stays signed in, and what it is called in a list."""

from __future__ import annotations

import hashlib
from datetime import timedelta

IDLE = timedelta(days=60)  # a browser that was not seen for so long has to sign in again
NOTED = timedelta(hours=1)  # a visit is written down at most once in this time


def name_of(sha256: bytes) -> str:
    """The name of a session on pages: made from what is kept of its key, and good for nothing but finding it."""
    return hashlib.sha256(b"browser:" + sha256).hexdigest()[:20]
