"""The demo's own pages: a look around as one of its people, and who made the photographs. 404 everywhere else.

Looking around is signing in without a password. So it is there only when all of this is true: `bin/up --demo` says
that the network is an open demo, its public address is this machine's own, no proxy is trusted, and the request
comes from this machine, to a name of this machine, with no sign of a proxy on its way. Else the address does not exist.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from heliograph.core.errors import NotFound
from heliograph.flows import look_around as looking
from heliograph.web import accounts_views, demo
from heliograph.web.answers import see
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, open_to_all


@csrf_exempt  # until it is known that this address exists; _enter is protected
def look_around(request: HttpRequest) -> HttpResponseBase:
    """Sign this browser in as the demo's guide; an ordinary session."""
    if not demo.may_look_around(request):
        raise NotFound(cause="no open demo, or not from this machine")
    return _enter(request)


@csrf_protect
@require_POST
@open_to_all
def _enter(request: PageRequest) -> HttpResponse:
    return see("/") if request.viewer else accounts_views.let_in(request, looking.guide())


@require_safe
@open_to_all
def photographs(request: PageRequest) -> HttpResponse:
    """Who made the demo's photographs, and under which licences they are passed on."""
    if not demo.has_photographs():
        raise NotFound(cause="no demo here")
    return render(request, "web/demo_photographs.html", {"makers": makers(), "tab": ""})


@cache
def makers() -> list[tuple[str, list[dict[str, Any]]]]:
    """The works of each, who gave most first."""
    works: dict[str, list[dict[str, Any]]] = {}
    for work in credits():
        works.setdefault(work["author"], []).append(work)
    return sorted(works.items(), key=lambda one: (-len(one[1]), one[0].casefold()))


@cache
def credits() -> list[dict[str, Any]]:
    """One entry a file: title, author, licence, source, the package it came from, its SHA-256."""
    text = resources.files("heliograph.web").joinpath("demo_credits.json").read_text(encoding="utf-8")
    works: list[dict[str, Any]] = json.loads(text)
    return works
