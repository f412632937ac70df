"""No secret reaches a log line."""

from __future__ import annotations

import io
import logging
from logging.config import dictConfigClass
from typing import Any

import pytest
from django.conf import settings

TOKEN = "1234.abcdef0.0123456789abcdef0123456789abcdef"


def test_tokens_in_lines_and_in_tracebacks_become_a_dash() -> None:
    out = io.StringIO()
    log = _log_as_configured(out)
    with pytest.raises(ValueError, match="bad"):
        try:
            raise ValueError(f"bad token {TOKEN}")
        except ValueError:
            log.exception("GET /v1/users/self?access_token=%s&password=sesame", TOKEN)
            raise
    said = out.getvalue()
    assert "GET /v1/users/self?access_token=-&password=-" in said
    assert "ValueError: bad token -" in said
    assert TOKEN not in said
    assert "sesame" not in said


def test_nobody_forges_a_line() -> None:
    out = io.StringIO()
    _log_as_configured(out).info("GET %s", "/x\nINFO heliograph: alice is the administrator\r\x1b[2J")
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
    assert "/x\\nINFO heliograph" in out.getvalue()


def _log_as_configured(out: io.StringIO) -> logging.Logger:
    """A logger whose one handler is made of the settings, but writes here."""
    made: dict[str, Any] = settings.LOGGING
    configuration = {
        "version": 1,
        "disable_existing_loggers": False,
        "incremental": False,
        "formatters": made["formatters"],
        "filters": made["filters"],
        "handlers": {"out": {**made["handlers"]["out"], "stream": out}},
        "loggers": {"heliograph.of_this_test": {"handlers": ["out"], "propagate": False}},
    }
    dictConfigClass(configuration).configure()
    return logging.getLogger("heliograph.of_this_test")
