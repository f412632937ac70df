"""Smaller answers: pages and scripts by gzip on the way out; files that were made smaller beforehand (config/static.py)
to whoever takes them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from heliograph.core import packing

FROM = 2048  # bytes; less is one packet anyway

#: What is text and made anew for each request. Pictures are as small as they get; the API packs its own answers.
_KINDS = ("text/html", "text/javascript", "application/json", "application/manifest+json")


class Smaller:
    """Middleware: before the one that serves files, since that one understands no `gzip;q=0`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        taken = packing.taken(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        request.META["HTTP_ACCEPT_ENCODING"] = ", ".join(sorted(taken))
        response = self._get_response(request)
        if isinstance(response, HttpResponse) and _worth_it(response):
            patch_vary_headers(response, ["Accept-Encoding"])
            if "gzip" in taken:
                response.content = packing.gzip(response.content, padded=True)
                response.headers["Content-Encoding"] = "gzip"
        return response


def _worth_it(response: HttpResponse) -> bool:
    headers = response.headers
    return (
        headers.get("Content-Type", "").startswith(_KINDS)
        and "Content-Encoding" not in headers
        and len(response.content) >= FROM
    )
