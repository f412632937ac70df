"""The web application, for Granian or any other WSGI server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from heliograph.config import static
from heliograph.core import environment

static.build(environment.get().static)  # before the settings look for it
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heliograph.config.settings")

application = get_wsgi_application()

# Every view now: a mistake in one of them stops the start, not the first visitor, who need not wait for it either.
_ = get_resolver().url_patterns
