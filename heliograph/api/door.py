"""One request of the API, from its path to its bytes. Always JSON, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from heliograph.api import answers, callers
from heliograph.api.allowance import Allowance
from heliograph.api.answers import Listing
from heliograph.api.body import Arrived, body_of, query_of
from heliograph.api.callers import Viewer
from heliograph.api.endpoint import Call, Endpoint
from heliograph.api.errors import CRASH, ScopeMissing, WrongMethod, refusal
from heliograph.api.routes import Routes
from heliograph.core import addresses, environment, metrics, redaction, refused
from heliograph.core.errors import HeliographError, Limited, Unavailable
from heliograph.core.limits import Remaining

log = logging.getLogger(__name__)

#: Who a token belongs to, and their feed when the endpoint wants it; raises NotAllowed for a token that is none.
Identify = Callable[[str, bool], tuple[Viewer, "list[bytes] | None"]]

_CREDENTIALS = ("access_token", "client_id")
_NOTHING = Arrived({})


@dataclass
class _Question:
    """What is known of a request so far; an error is answered with it."""

    request: HttpRequest
    method: str
    route: str = "unknown"
    remaining: Remaining | None = None


class Door:
    """The one view of this door."""

    csrf_exempt = True  # no cookie counts here, so nobody's browser can be made to act

    def __init__(self, routes: Routes[Endpoint], identify: Identify) -> None:
        self._routes = routes
        self._identify = identify
        self._by_token = Allowance("api")
        self._by_address = Allowance("api_address")

    def __call__(self, request: HttpRequest, path: str) -> HttpResponse:
        started = perf_counter()
        question = _Question(request, request.method or "GET")
        if question.method == "OPTIONS":
            return answers.response(b"", headers=answers.PREFLIGHT.items())
        try:
            answer = self._answer(question, path)
        except HeliographError as error:
            answer = _refused(question, error)
        except (OperationalError, InterfaceError) as error:  # the directory, asked through Django's models
            answer = _refused(question, Unavailable(cause=error))
        except Exception as error:
            answer = _crashed(question, error)
        metrics.observe("api_seconds", perf_counter() - started, route=question.route)
        metrics.count("api_answers_total", status=str(answer.status_code))
        return answer

    def forget(self) -> None:
        """Give up the calls that were taken from the hour's allowances; for tests."""
        self._by_token.forget()
        self._by_address.forget()

    def _answer(self, question: _Question, path: str) -> HttpResponse:
        headers = question.request.META
        refusal = refused.why(headers)
        if refusal is not None:
            raise refusal
        endpoint, said_in_path, query, call = self._open(question, path, headers)
        arrived = _NOTHING
        if question.request.method == "POST":
            arrived = body_of(question.request, files=endpoint.files)
        try:
            said = {**query, **arrived.values} if arrived.values else query
            answer = endpoint.function(call, **endpoint.arguments(said_in_path, said, call))
        finally:
            arrived.close()
        if isinstance(answer, Listing):
            body = answers.success_page(answer, endpoint.pages or "", f"/v1/{path}", _again(endpoint, query))
        else:
            body = answers.success(answer)
        return answers.response(
            body, remaining=question.remaining, accepts=headers.get("HTTP_ACCEPT_ENCODING", "")
        )

    def _open(
        self, question: _Question, path: str, headers: Mapping[str, Any]
    ) -> tuple[Endpoint, dict[str, str], dict[str, str], Call]:
        """Find the endpoint and who asks, and count the call: by token, or by address where there is no good one."""
        call = Call(address=callers.address_of(headers), idempotency_key=headers.get("HTTP_IDEMPOTENCY_KEY"))
        counted = False
        try:
            query = query_of(headers)
            endpoint, said_in_path = self._routes.find(_method(question.method, query), path)
            question.route = endpoint.template
            if endpoint.scope is not None:
                call.token = callers.token_of(headers, query)
                call.viewer, call.feed = self._identify(call.token, endpoint.feed)
                counted = True
                self._spend(question, self._by_token, callers.name_of(call.token))
                if endpoint.scope not in call.viewer.scopes:
                    raise ScopeMissing(f"This request requires the scope {endpoint.scope}.")
                return endpoint, said_in_path, query, call
        finally:
            if not counted:
                self._spend(question, self._by_address, addresses.household(call.address) or "unknown")
        return endpoint, said_in_path, query, call

    def _spend(self, question: _Question, allowance: Allowance, who: str) -> None:
        allowed = environment.get().api_per_hour
        try:
            question.remaining = allowance.spend(who, allowed)
        except Limited:
            question.remaining = Remaining(allowed, 0)
            raise


def _method(method: str, query: Mapping[str, str]) -> str:
    if method == "HEAD":
        return "GET"
    if method == "POST" and query.get("_method", "").upper() == "DELETE":
        return "DELETE"
    return method


def _again(endpoint: Endpoint, query: Mapping[str, str]) -> dict[str, str]:
    """What the next page's address repeats: known parameters, and credentials that came in the query."""
    known = {parameter.name for parameter in endpoint.parameters}
    return {name: said for name, said in query.items() if name in known or name in _CREDENTIALS}


def _refused(question: _Question, error: HeliographError) -> HttpResponse:
    told = refusal(error)
    if told is CRASH:
        return _crashed(question, error)
    wordy = error.cause is not None and not isinstance(error, WrongMethod)
    if wordy or (told.status >= 500 and refused.why(question.request.META) is None):
        level = logging.WARNING if told.status >= 500 else logging.DEBUG
        log.log(level, "%s %s: %s", question.method, question.route, redaction.clean(str(error)))
    return _told(question, told.status, told.meta(), told.headers)


def _crashed(question: _Question, error: BaseException) -> HttpResponse:
    metrics.count("api_crashes_total", route=question.route)
    log.error("%s %s failed", question.method, question.route, exc_info=error)
    return _told(question, CRASH.status, CRASH.meta(), {})


def _told(
    question: _Question, status: int, meta: Mapping[str, object], headers: Mapping[str, str]
) -> HttpResponse:
    return answers.response(
        answers.failure(meta), status=status, headers=headers.items(), remaining=question.remaining
    )
