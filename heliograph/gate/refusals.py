"""Answers for whoever cannot be let in: made once at the start, so that turning somebody away costs no thread.

The application itself makes them, in each of its languages: as an answer of the API, as a sentence for our scripts, and
as a page, which tries again by itself.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from itertools import product

from django.conf import settings
from django.utils.translation import trans_real

from heliograph.core import refused
from heliograph.core.errors import Unavailable
from heliograph.gate import wsgi
from heliograph.gate.errors import Crowded, YourNetwork
from heliograph.gate.wsgi import Headers

log = logging.getLogger(__name__)

_API, _SCRIPT, _PAGE = "api", "script", "page"
_ASKED = {
    _API: ("/v1/", {}),
    _SCRIPT: ("/", {"accept": "application/json"}),
    _PAGE: ("/", {"accept": "text/html"}),
}
_LAST_RESORT = b"There is a crowd here right now. Try again in a few seconds.\n"


@dataclass
class _Asked:
    """A request that nobody sent."""

    path: str
    headers: dict[str, str]
    method: str = "POST"  # a page for a form names no address, so it fits them all
    http_version: str = "1.1"
    server: str = "localhost:80"
    client: str = "127.0.0.1:0"
    scheme: str = "http"
    query_string: str = ""
    authority: str | None = None


@dataclass
class _Kept:
    """Takes an answer, and keeps it."""

    status: int = 503
    headers: Headers = field(default_factory=lambda: [("content-type", "text/plain; charset=utf-8")])
    body: bytes = _LAST_RESORT

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = [
            (name, said) for name, said in headers if name.lower() not in ("retry-after", "set-cookie")
        ]

    # Anything but a page is a mistake of ours: the last resort stays.

    def response_empty(self, status: int, headers: Headers) -> None:
        return None

    def response_file(self, status: int, headers: Headers, file: str) -> None:
        return None

    def response_stream(self, status: int, headers: Headers) -> wsgi.Transport:
        return self

    def send_bytes(self, data: bytes) -> None:
        return None


class Refusals:
    """The answers, by who asked and in which language."""

    def __init__(self, application: wsgi.Application) -> None:
        self._application = application
        self._kept: dict[tuple[type[Unavailable], str, str], _Kept] = {}

    def prepare(self) -> None:
        """Make them, beside what else is done at a start."""
        threading.Thread(target=self.make, name="refusals", daemon=True).start()

    def make(self) -> None:
        """Make them now."""
        languages = [language for language, _ in settings.LANGUAGES]
        for kind, shape, language in product((Crowded, YourNetwork), _ASKED, languages):
            path, headers = _ASKED[shape]
            asked = _Asked(path, headers | {"accept-language": language, "host": "localhost"})
            kept = _Kept()
            wsgi.perform(self._application, wsgi.environ(asked, None) | {refused.KEY: kind()}, kept)
            self._kept[kind, shape, language] = kept

    def answer(self, scope: wsgi.Scope, proto: wsgi.Answering, error: Unavailable) -> None:
        """503, and when to come again."""
        shape = _shape(scope)
        kept = self._kept.get((type(error), shape, _language(scope))) or _Kept()
        again = str(error.retry_after_seconds)
        headers = [*kept.headers, ("retry-after", again)]
        if shape == _PAGE and scope.method == "GET":
            headers.append(("refresh", again))
        proto.response_bytes(kept.status, headers, kept.body)


def _shape(scope: wsgi.Scope) -> str:
    if scope.path.startswith("/v1"):
        return _API
    return _SCRIPT if scope.headers.get("accept") == "application/json" else _PAGE


def _language(scope: wsgi.Scope) -> str:
    wanted = scope.headers.get("accept-language", "")
    for language, _ in trans_real.parse_accept_lang_header(wanted):
        try:
            return trans_real.get_supported_language_variant(language)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)
