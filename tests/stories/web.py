"""A browser without a screen: signed in, and knowing what is on a page."""

from __future__ import annotations

import io
import re
from typing import Any

import heliograph.flows.catalogue  # noqa: F401 - all jobs are known, whichever test runs alone
from heliograph.flows import web_sessions
from heliograph.web.session import COOKIE
from tests.harness.client import TestClient
from tests.harness.people import Somebody


def browser_of(person: Somebody | None, **options: Any) -> TestClient:
    """A browser in which this person is signed in (None: nobody is)."""
    browser = TestClient(viewer_id=person.id if person else None, **options)
    if person is not None:
        browser.cookies[COOKIE] = web_sessions.open(person.id)
    return browser


def text_of(response: Any) -> str:
    """The page's words."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class Source(io.BytesIO):
    """Bytes as an upload's source."""

    @property
    def length(self) -> int:
        return len(self.getbuffer())
