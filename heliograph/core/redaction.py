"""Texts without the secrets that travel in addresses and headers: for every line that is logged.

GET /v1/users/self/feed?access_token=12.abcdef0.0123…&count=5   ->   …?access_token=-&count=5
"""

from __future__ import annotations

import logging
import re

_NAMES = "access_token|refresh_token|client_secret|password|otp|sig|code"
_PARAMETER = re.compile(rf"\b({_NAMES})(=|%3[dD]|[\"']?:\s*[\"']?)[^&\s\"'#]+", re.IGNORECASE)
#: Where somebody is, as the composer asks which towns are near.
_POINT = re.compile(r"\b(lat|lng)(=|%3[dD]|[\"']?:\s*[\"']?)-?[0-9][0-9.]*", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer\s+)[^\s\"',]+", re.IGNORECASE)
_TOKEN = re.compile(r"\b[0-9]{1,20}\.[0-9a-fA-F]{7}\.[0-9a-fA-F]{32}\b")

#: What comes by mail or on a terminal and lets whoever has it set a password (accounts/links.py).
_LINK = re.compile(r"(/(?:password/reset|email/verify|administrator)/)[^/\s?#&\"']+")


def clean(text: str) -> str:
    """The text with every credential replaced by a dash."""
    text = _PARAMETER.sub(r"\1\2-", text)
    text = _POINT.sub(r"\1\2-", text)
    text = _BEARER.sub(r"\1-", text)
    text = _LINK.sub(r"\1-", text)
    return _TOKEN.sub("-", text)


#: What would begin a new line, or tell a terminal to do something: an address may hold `%0a`.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """The text with its control characters written out: nobody forges a second line."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Redacting(logging.Filter):
    """A filter for log handlers: what a record says, in one line, and the message of its exception, cleaned."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = one_line(clean(record.getMessage())), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = clean(record.exc_text)
        return True
