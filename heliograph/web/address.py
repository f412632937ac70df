"""Where a request of a browser comes from, as far as it can be believed."""

from __future__ import annotations

from django.http import HttpRequest

from heliograph.core import addresses, environment


def of(request: HttpRequest) -> str:
    """The visitor's network address. X-Forwarded-For counts only behind HELIOGRAPH_TRUSTED_PROXIES."""
    return addresses.of_client(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        environment.get().trusted_proxies,
    )
