"""The addresses of this door: its documentation, and one view for everything else."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, re_path

from heliograph.api import docs, endpoints
from heliograph.api.callers import identify
from heliograph.api.door import Door
from heliograph.api.endpoint import API

__all__ = ["door", "endpoints", "urlpatterns"]

door = Door(API, identify)

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^openapi(?:\.json)?/?$", docs.document),
    re_path(r"^docs/?$", docs.page),
    re_path(r"^docs\.css$", docs.style),
    re_path(r"^(?P<path>[\s\S]*)\Z", door, name="api"),  # also with a line break: the answer is JSON
]
