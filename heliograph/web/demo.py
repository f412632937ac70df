"""Whether this network is a demo, and who may look around in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest

from heliograph.core import addresses, environment

#: What proxies add. Whoever sends one of these came a longer way than from this machine, or says so.
_SIGNS_OF_PROXIES: Final = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Original-Host",
    "X-Real-IP",
    "CF-Connecting-IP",
    "True-Client-IP",
)


def may_look_around(request: HttpRequest) -> bool:
    """Whether this visitor may be one of the demo's people without a password."""
    env = environment.get()
    return (
        env.demo == "open"
        and not env.trusted_proxies
        and addresses.is_loopback(urlsplit(env.url).hostname or "")
        and addresses.is_loopback(request.META.get("REMOTE_ADDR", ""))
        and addresses.is_loopback(urlsplit(f"//{request.get_host()}").hostname or "")
        and not any(name in request.headers for name in _SIGNS_OF_PROXIES)
    )


def has_photographs() -> bool:
    """Whether the demo's photographs are in this network."""
    return environment.get().demo in ("open", "credits")
