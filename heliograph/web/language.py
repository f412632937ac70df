"""The language of a page. Pictures and the API have none: they skip the search for it, and vary by nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

_SPEECHLESS = ("/m/", "/v1/")


class Language(LocaleMiddleware):
    """Django's choice by Accept-Language, for pages alone."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(_SPEECHLESS):
            translation.deactivate()  # the thread may still speak the language of its last page
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(_SPEECHLESS):
            return response
        return super().process_response(request, response)
