"""A nudge for the workers after a commit, through Valkey; polling is the guarantee, this is the speed.

Why not NOTIFY: PostgreSQL takes one lock for all commits that notify, so they commit one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from heliograph.core import valkey
from heliograph.core.errors import Unavailable

CHANNEL = "heliograph:wake"
DIRECTORY = 0  # the directory's number among the nodes


def up(node_number: int, lanes: Sequence[str], *, outbox: bool) -> None:
    """Tell the workers that a node has new jobs in these lanes, or rows to mirror."""
    words = [*lanes, "outbox"] if outbox else list(lanes)
    try:
        valkey.pipeline([("PUBLISH", CHANNEL, f"{node_number}:{','.join(words)}")])
    except Unavailable:
        pass  # they look by themselves within HELIOGRAPH_JOB_POLL_MS
