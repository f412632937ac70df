"""Every address: health, the API, the pages."""

from __future__ import annotations

from django.urls import include, path

from heliograph.api.urls import door
from heliograph.ops import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("v1", door, {"path": ""}),
    path("v1/", include("heliograph.api.urls")),
    path("", include("heliograph.web.urls")),
]

handler400 = "heliograph.web.errors.bad_request"
handler403 = "heliograph.web.errors.forbidden"
handler404 = "heliograph.web.errors.not_found"
handler500 = "heliograph.web.errors.broken"
