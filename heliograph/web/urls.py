"""The addresses of this door."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path, register_converter

from heliograph.web import home_views, media_views, post_views
from heliograph.web.converters import PhotoCode, Username

register_converter(PhotoCode, "code")
register_converter(Username, "name")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home_views.home, name="home"),
    path("post", post_views.compose, name="post"),
    path("post/uploads", post_views.upload, name="upload"),
    path("post/uploads/<int:upload_id>/previews", post_views.previews, name="previews"),
    path("m/<str:token>/<str:size>.jpg", media_views.picture, name="picture"),
    path("", include("heliograph.web.accounts_urls")),
]
if all(find_spec(f"heliograph.{name}") for name in ("pages.profile", "pages.photo", "flows.edit_profile")):
    urlpatterns.append(path("", include("heliograph.web.more_urls")))
