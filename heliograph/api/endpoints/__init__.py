"""Every endpoint, imported: a module registers its own at import. A view is: read, one call, render."""

from heliograph.api.endpoints import comments, likes, media, sessions, uploads

__all__ = ["comments", "likes", "media", "sessions", "uploads"]
