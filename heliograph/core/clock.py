"""The time, asked for in one place, so that a test can move it.

Only wall-clock time that is stored or compared with stored time comes from here; durations are
measured with `time.monotonic`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_shift = timedelta()


def now() -> datetime:
    """The time now, in UTC, aware."""
    return datetime.now(UTC) + _shift


def now_ms() -> int:
    """The time now in whole milliseconds since 1970."""
    return int((time.time() + _shift.total_seconds()) * 1000)


def shift(by: timedelta) -> None:
    """Move this process's clock; tests only. `shift(timedelta())` puts it right again."""
    global _shift
    _shift = by
