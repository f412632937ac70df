# ruff: noqa: E402 - Django is set up by the first import
"""What `python -m bench.door` serves: the web application and a view that does nothing, with and without the door."""

from __future__ import annotations

from heliograph.config import wsgi

application = wsgi.application

from django.urls import path  # noqa: TID251

from heliograph.api import answers
from heliograph.config import urls
from heliograph.gate.application import Gate

BODY = b'{"meta":{"code":200},"data":[]}'
urls.urlpatterns.insert(0, path("bench/empty", lambda request: answers.response(BODY, accepts="gzip")))

door = Gate(application)
