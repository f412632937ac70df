"""`/ops`: how the network is doing, for administrators alone. Whoever else asks learns that there is nothing.

It asks Valkey three things and nobody else, so that it opens also while a node hangs (core/watched.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from heliograph.core import clock, history, missing, watched
from heliograph.core.errors import NotFound, Unavailable
from heliograph.flows import administrators
from heliograph.web import ops_graphs
from heliograph.web.rendering import render
from heliograph.web.session import PageRequest, open_to_all

_NOBODY_LOOKS_SECONDS = 180
_FAILED, _PATHS = 8, 10


@require_safe
@open_to_all
def ops(request: PageRequest) -> HttpResponse:
    """Graphs, what is wrong, what is asked for in vain, which jobs have failed. `span`: hour or day."""
    if request.viewer is None or not administrators.is_one(request.viewer.person_id):
        raise NotFound()
    span = history.SPANS.get(request.GET.get("span", ""), history.HOUR)
    known: dict[str, object] = {"span": span.name, "width": ops_graphs.WIDTH, "height": ops_graphs.HEIGHT}
    try:
        known |= _known(span)
    except Unavailable:
        known["away"] = True
    return render(request, "web/ops.html", known)


def _known(span: history.Span) -> dict[str, object]:
    slots, found = history.read(span), watched.read()
    graphs = ops_graphs.every(slots, span)
    latest = max(slots.latest, found.at)  # numbers alone do not say that all is well
    return {
        "graphs": graphs,
        "graphs_odd": [graph for graph in graphs if graph.bad],
        "compared": any(slot is not None for slot in slots.before),
        "looked": datetime.fromtimestamp(latest, UTC) if latest else None,
        "unwatched": clock.now_ms() / 1000 - found.at > _NOBODY_LOOKS_SECONDS,
        "troubles": found.troubles,
        "failed": [(job, datetime.fromtimestamp(job.at, UTC)) for job in found.failed[:_FAILED]],
        "again": f"heliograph jobs retry {found.failed[0].name}" if found.failed else "",
        "missing": missing.top(_PATHS),
    }
