"""Setting up Django, once, for a command that touches the network."""

from __future__ import annotations

import os


def ready() -> None:
    """Every command that touches the network calls this first; imports of the house follow it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heliograph.config.settings")
    import django

    django.setup()
