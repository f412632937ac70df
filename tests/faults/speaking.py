"""A person who speaks to the API of a running network, from outside, and expects nothing to go well."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

SECONDS = 20  # patience with one answer


class NoAnswer(Exception):
    """It was refused, broke off or took too long: it may have happened or not."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    data: Any

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Person:
    """Somebody, by their name and token."""

    port: int
    username: str = ""
    id: str = ""
    token: str = ""

    def ask(self, method: str, path: str, *, key: str = "", **told: str) -> Answer:
        """One request with a form; NoAnswer when it is not known what became of it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send(method, path, urlencode(told).encode(), headers, key)

    def look(self, path: str) -> Answer:
        """Read something, asking again while there is no answer: a look may be repeated."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                answer = self.ask("GET", path)
            except NoAnswer:
                if time.monotonic() > deadline:
                    raise
            else:
                if answer.status < 500 or time.monotonic() > deadline:
                    return answer
            time.sleep(0.2)

    def upload(self, photo: bytes, *, key: str) -> Answer:
        """POST /uploads with a file."""
        border = "heliograph-border"
        head = f'--{border}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
        body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + photo + f"\r\n--{border}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return self._send("POST", "/uploads", body, headers, key)

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str], key: str) -> Answer:
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, f"/v1{path}", body if method != "GET" else None, headers)
            answer = connection.getresponse()
            content = answer.read()
            told = json.loads(content) if content else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()
        return Answer(answer.status, told.get("data") if isinstance(told, dict) else None)


def sign_up(port: int, username: str) -> Person | None:
    """Somebody new; None when it is not known whether they are."""
    newcomer = Person(port, username)
    try:
        answer = newcomer.ask(
            "POST",
            "/accounts",
            username=username,
            email=f"{username}@example.org",
            password="under every fault",
        )
    except NoAnswer:
        return None
    if not answer.good:
        return None
    return Person(port, username, str(answer.data["user"]["id"]), answer.data["access_token"])
