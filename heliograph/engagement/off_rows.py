"""Likes and comments that were taken back, truth and mirror: what the daily sweep looks for."""

from __future__ import annotations

from typing import Final

from heliograph.sharding.off_rows import Side

LIKE: Final = (
    Side("liked", "actor_id", "photo_id", 'NOT t."on"', (("version", "home"),)),
    Side("photo_like", "photo_id", "actor_id", 'NOT t."on"', (("version", "other"),)),
)
COMMENT: Final = (
    Side("comment", "id", "author_id", 'NOT t."on"', (("version", "home"),)),
    Side("commented", "actor_id", "comment_id", 'NOT t."on"', (("version", "other"),)),
)
