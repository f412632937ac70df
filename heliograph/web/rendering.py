"""From a template to an answer: what every page is given, and its own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse

from heliograph.web import forged, fragments, preferences, templating


def render(
    request: HttpRequest,
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    content_type: str | None = None,
) -> HttpResponse:
    """The template `name` for whoever asks, in their language."""
    template = templating.templates().get_template(name)
    given = {**_frame(request), **fragments.ROWS, **(values or {})}
    return HttpResponse(template.render(given), status=status, content_type=content_type)


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What is around a page. `viewer` is None for guests, `reader` where nobody asked who looks."""
    known = hasattr(request, "viewer")
    viewer = request.viewer if known else None  # type: ignore[attr-defined]
    told = get_messages(request)
    return {
        "request": request,
        "viewer": viewer,
        "reader": (str(viewer.person_id) if viewer else "") if known else None,
        "theme": preferences.theme(request),
        "tab": "settings" if request.path.startswith("/settings/") else "",
        "messages": told if len(told) else (),  # whoever walks through them has read them: a cookie to delete
        "csrf_input": forged.Token(request),
    }
