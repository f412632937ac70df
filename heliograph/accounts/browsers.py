"""How long a browser stays signed in."""

from __future__ import annotations

from datetime import timedelta

IDLE = timedelta(days=60)  # a browser that was not seen for so long has to sign in again
NOTED = timedelta(days=1)  # a visit is written down at most once in this time
