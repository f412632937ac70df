"""What templates show of the demo: nothing at all where there is none."""

from __future__ import annotations

from typing import Any

from django import template

from heliograph.web import demo_views

register = template.Library()


@register.inclusion_tag("web/parts/look_around.html", takes_context=True)
def look_around(context: template.Context, plain: bool = False) -> dict[str, Any]:
    """The button that signs a visitor in as one of the demo's people, where they may. `plain`: beside a greater one."""
    request = context["request"]
    return {
        "open": demo_views.may_look_around(request),
        "photographs": demo_views.has_photographs(),
        "plain": plain,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def has_demo_photographs() -> bool:
    """Whether the page that says who made them is there."""
    return demo_views.has_photographs()
