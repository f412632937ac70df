"""The addresses of what is around the pages: the app, its worker, its icon, and what this network is."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from heliograph.web import about_views, install_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("about", about_views.about, name="about"),
    path("manifest.webmanifest", install_views.manifest, name="manifest"),
    path("sw.js", install_views.worker, name="worker"),
    path("offline", install_views.offline, name="offline"),
    path("favicon.ico", install_views.favicon, name="favicon"),
]
