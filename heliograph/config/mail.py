"""HELIOGRAPH_MAIL as Django wants it."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from heliograph.core.environment import BadEnvironment

_CONSOLE = "django.core.mail.backends.console.EmailBackend"
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_NEITHER = "HELIOGRAPH_MAIL is neither console: nor smtp://user:password@host:587?tls=1"


def mail(address: str) -> tuple[str, str, int, str, str, bool]:
    """(backend, host, port, user, password, tls) of `console:` or `smtp://user:password@host:587?tls=1`."""
    try:
        parts = urlsplit(address)
        port = parts.port or 587
    except ValueError as error:
        raise BadEnvironment(_NEITHER) from error
    if parts.scheme == "console":
        return _CONSOLE, "", 0, "", "", False
    if parts.scheme != "smtp" or not parts.hostname:
        raise BadEnvironment(_NEITHER)
    tls = parse_qs(parts.query).get("tls", ["1"])[-1] not in {"0", "false", "no"}
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _SMTP, parts.hostname, port, user, password, tls
