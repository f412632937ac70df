"""Follows and blocks that say nothing any more, on both sides: what the daily sweep looks for.

A follow is off when nobody wishes it, or the wish was refused. A wish that nobody has answered is on its way,
never off. The side of the wish comes first: were the refusal swept before the wish that it answers, a late
delivery of that wish would be answered anew.
"""

from __future__ import annotations

from typing import Final

from heliograph.sharding.off_rows import Side

_ENDED: Final = "NOT t.wish_on OR (t.state = 'denied' AND t.answers = t.wish_version)"

FOLLOW: Final = (
    Side(
        "following", "actor_id", "owner_id", _ENDED, (("wish_version", "home"), ("permit_version", "other"))
    ),
    Side("follower", "owner_id", "actor_id", _ENDED, (("wish_version", "other"), ("permit_version", "home"))),
)
BLOCK: Final = (
    Side("block", "actor_id", "target_id", 'NOT t."on"', (("version", "home"),)),
    Side("blocked_by", "target_id", "actor_id", 'NOT t."on"', (("version", "other"),)),
)
