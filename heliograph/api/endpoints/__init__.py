"""Every endpoint, imported: a module registers its own at import. A view is: read, one call, render."""

from heliograph.api.endpoints import (
    activity,
    comments,
    feed,
    follows,
    likes,
    media,
    people,
    relationships,
    sessions,
    uploads,
)

__all__ = [
    "activity",
    "comments",
    "feed",
    "follows",
    "likes",
    "media",
    "people",
    "relationships",
    "sessions",
    "uploads",
]
