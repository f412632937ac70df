"""The addresses of static files in templates, each put together once: a page names ten of them."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage


class Remembered(StaticFilesStorage):
    """Django's storage, which joins prefix and name anew each time; neither changes while a process lives."""

    def __init__(self) -> None:
        super().__init__()
        self._urls: dict[str | None, str] = {}

    def url(self, name: str | None) -> str:
        known = self._urls.get(name)
        if known is None:
            known = self._urls[name] = super().url(name)
        return known
