"""A client that speaks HTTP to the application in this process, and shows every answer to whoever listens.

on_response.append(scanner)     scanner(client, response) is called for each answer
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

#: Called with (client, response) for every answer of every client; the leak scanner is one of them.
on_response: list[Callable[[TestClient, Any], None]] = []


class TestClient(Client):
    """Django's test client. `viewer_id` is who it is signed in as, for those who look at its answers."""

    __test__ = False

    def __init__(self, *, viewer_id: int | None = None, token: str | None = None, **defaults: Any) -> None:
        if token is not None:
            defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        # Exceptions stay inside, as in production: a test sees the 500 that people would see.
        super().__init__(raise_request_exception=defaults.pop("raise_request_exception", True), **defaults)
        self.viewer_id = viewer_id
        self.token = token

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        for listener in on_response:
            listener(self, response)
        return response
