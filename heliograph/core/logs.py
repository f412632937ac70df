"""Lines of the log: for people or for machines, with their time in UTC, without secrets; and what concerns security.

    2026-11-29T11:20:03.412Z INFO heliograph.security: sign_in outcome=refused address=203.0.113.7 name=5b1f0c…
    {"time":"2026-11-29T11:20:03.412Z","level":"INFO","logger":"heliograph.security","event":"sign_in",…}

HELIOGRAPH_LOG_FORMAT chooses. People are numbers here, and names that somebody typed a keyed hash: enough to see that
the same one is tried again and again, and worth nothing to whoever finds the log. docs/howto/watch-it.md has a list.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime

from heliograph.core import environment, redaction

_security = logging.getLogger("heliograph.security")
_REASON = 200  # characters of why a request was refused


def event(name: str, /, **facts: str | int) -> None:
    """Something that whoever defends the network wants to find again. No secrets, no names in clear."""
    told = " ".join(f"{key}={value}" for key, value in facts.items())
    _security.info("%s %s", name, told, extra={"event": name, "facts": facts})


def disguised(name: str) -> str:
    """A name that somebody typed, so that two lines about the same one can be told from two about others."""
    key = environment.get().secret_key.encode()
    return hmac.new(key, b"log:" + name.encode(errors="replace"), hashlib.sha256).hexdigest()[:16]


class Brief(logging.Filter):
    """What somebody sent wrong is a line with its reason: a traceback would let anybody fill the disk with little."""

    def filter(self, record: logging.LogRecord) -> bool:
        theirs = record.name.startswith("django.security") or (
            record.name == "django.request" and record.levelno < logging.ERROR
        )
        if theirs and record.exc_info:
            reason = str(record.exc_info[1])[:_REASON]
            record.msg, record.args = f"{record.getMessage()} ({reason})", ()
            record.exc_info = record.exc_text = None
        return True


class Line(logging.Formatter):
    """For people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return _time(record)


class Json(logging.Formatter):
    """For machines: one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if hasattr(record, "event"):
            said |= {"event": record.event, **{key: _plain(value) for key, value in record.facts.items()}}  # type: ignore[attr-defined]
        if record.exc_text or record.exc_info:
            said["trace"] = record.exc_text or redaction.clean(
                self.formatException(record.exc_info or (None,) * 3)
            )
        return json.dumps(
            said, default=str, separators=(",", ":")
        )  # in ASCII: half a character breaks no line


def _plain(value: object) -> object:
    return redaction.clean(value) if isinstance(value, str) else value


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
