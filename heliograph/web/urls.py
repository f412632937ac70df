"""The addresses of this door."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from heliograph.web import media_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("m/<str:token>/<str:size>.jpg", media_views.picture, name="picture"),
]
if find_spec("heliograph.web.accounts_urls"):
    urlpatterns.append(path("", include("heliograph.web.accounts_urls")))
