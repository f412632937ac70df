"""The web application, for Granian or any other WSGI server."""

from __future__ import annotations

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from heliograph.config import static
from heliograph.core import environment

static.build(environment.get().static)  # before the settings look for it
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heliograph.config.settings")


class Request(WSGIRequest):
    """One whose Content-Type may be nonsense: Django raises before any of its middleware is asked."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (ValueError, LookupError):  # a*=utf-9''b: in an encoding that nobody knows, or in none
            meta["CONTENT_TYPE"] = meta["CONTENT_TYPE"].partition(";")[0]
            super()._set_content_type_params(meta)  # type: ignore[misc]


application = get_wsgi_application()
application.request_class = Request

from heliograph.web import templating  # noqa: E402 - once there are settings

# Every view and every template now: a mistake in one of them stops the start, not the first visitor, who need not
# wait for them either.
_ = get_resolver().url_patterns
templating.warm()
