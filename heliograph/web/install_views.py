"""What makes pages an app: the manifest, the service worker, the page for when there is no connection, the icon.

The worker is js/worker.js with some facts in front of it: which release this is, which of its files make the shell
that is there without a connection, and what sends a post that waits. So its bytes differ from release to release, which
is how browsers notice one.
"""

from __future__ import annotations

from functools import cache

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from heliograph.web import shell
from heliograph.web.rendering import render

OFFLINE = "/offline"

_A_DAY = "public, max-age=86400"
_PAPER = "#fdfcfa"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """How the app is called and what it looks like on a home screen."""
    facts = {
        "id": "/",
        "name": "Heliograph",
        "short_name": "Heliograph",
        "description": gettext("A photo network that belongs to the people who run it."),
        "lang": get_language() or "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": _PAPER,
        "categories": ["photo", "social"],
        "icons": [
            _icon("icon-192.png", 192),
            _icon("icon-512.png", 512),
            _icon("maskable-512.png", 512, purpose="maskable"),
        ],
        "shortcuts": [
            {"name": gettext("New photo"), "url": "/post", "icons": [_icon("icon-192.png", 192)]},
            {"name": gettext("Find people"), "url": "/find", "icons": [_icon("icon-192.png", 192)]},
        ],
    }
    response = JsonResponse(facts, content_type="application/manifest+json")
    response.headers["Cache-Control"] = "private, max-age=3600"  # differs by language
    return response


def _icon(name: str, pixels: int, **more: str) -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": f"{pixels}x{pixels}", "type": "image/png", **more}


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of this release, for the whole site; `?sync`: a module, for browsers that wake workers."""
    response = HttpResponse(_worker("sync" in request.GET), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _worker(sends: bool) -> bytes:
    kept = [static(name) for name in shell.kept()]
    facts = {"address": settings.STATIC_URL, "shell": kept, "offline": OFFLINE}
    address = static("js/waiting.js")
    sender = f'import * as sender from "{address}";' if sends else "const sender = null;"
    return f"{sender}\nconst release = ".encode() + orjson.dumps(facts) + b";\n" + shell.worker()


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown of a page that was never seen, while there is no connection. It belongs to nobody."""
    response = render(request, "web/offline.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it whatever a page says."""
    response = HttpResponse(_favicon(), content_type="image/x-icon")
    response.headers["Cache-Control"] = _A_DAY
    return response


@cache
def _favicon() -> bytes:
    return shell.read("img/favicon.ico")
