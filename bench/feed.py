"""The home feed: API and HTML views against an empty JSON view with the same middleware; cold; rebuilt; in memory.

    python -m bench.feed [--rounds 15] [--profile]

In this process, through Django's WSGI handler: processor time, rounds interleaved, medians.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from typing import Any

import orjson

from bench import network

FOLLOWS = 200
LIKES = 12  # of every photo, of which the newest three are on its card; nobody is on many
GZIP = "gzip, deflate, br"
_NUMBERS = "heliograph.config.numbers.Numbers"  # with the watchdog
CSRF = "0123456789abcdefghijklmnopqrstuv"  # every browser that has seen a page brings one


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="where the time of a warm API view goes")
    asked = parser.parse_args()
    with network.running():
        _measure(asked.rounds, asked.profile)


def _measure(rounds: int, profile: bool) -> None:
    from heliograph.api import render
    from heliograph.core import trips, valkey
    from heliograph.feed import home as lists
    from heliograph.flows import sign_in, web_sessions
    from heliograph.pages import cards, home, memory, own, who
    from heliograph.sharding import sessions

    reader = network.person("reader", 1)
    owners = [network.person(f"owner{n}", 1 + n % 8) for n in range(FOLLOWS)]
    network.follow(reader, owners)
    for owner in owners:
        network.photos(owner, 10)
        network.likes(owner, owners, LIKES)
    network.settle()
    token, key = sign_in.issue_token(reader), web_sessions.open(reader)
    get, unwatched = client(), client(without=(_NUMBERS,))
    views: dict[str, Callable[[], Any]] = {
        "empty JSON view": lambda: get("/bench/empty"),
        "feed API, warm": lambda: get("/v1/users/self/feed", HTTP_AUTHORIZATION=f"Bearer {token}"),
        "feed HTML, warm": lambda: get("/", HTTP_COOKIE=f"session={key}; csrftoken={CSRF}"),
        "empty, unwatched": lambda: unwatched("/bench/empty"),
        "feed API, unwatched": lambda: unwatched("/v1/users/self/feed", HTTP_AUTHORIZATION=f"Bearer {token}"),
    }
    for name, view in views.items():
        status, body = view()
        assert status.startswith("200"), (name, status, body[:300])
        print(f"{name:28} {len(body):6} bytes (compressed where it is)")
    if profile:
        _profile(views["feed API, warm"])
        return
    measured = network.interleaved(rounds, views, 100)
    floor = measured["empty JSON view"][0]
    for name, (cpu, wall) in measured.items():
        print(f"{name:28} {cpu:7.0f} us CPU  {wall:7.0f} us wall  {cpu / floor:5.2f} x empty")

    def cold() -> None:
        network.forget_cards()
        with trips.counted() as made:
            home.page(reader)
        counted.update(made)

    def page() -> None:
        home.page(reader, feed=raw)

    def rebuild() -> None:
        lists.forget([reader])
        home.rebuild(reader)

    counted: dict[str, int] = {}
    raw = lists.read(reader)
    page()
    with trips.counted() as warm:
        page()
    print(f"round trips of a warm page, with who is asking: {1 + sum(warm.values())}  {dict(warm)}")
    ids = [card.id for card in home.page(reader, feed=raw).items]
    items = cards.photos(reader, ids)
    facts = sessions.reader()
    people = [card.owner.id for card in items]
    small: dict[str, Callable[[], Any]] = {
        "page, warm": page,
        ". who is asking, with list": lambda: who.from_token_and_feed(token),
        ". parse the list": lambda: lists.parse(raw),
        ". multi-get": lambda: memory.get(ids, people),
        ". the viewer's own facts": lambda: own.facts(facts, reader, ids, people),
        ". 20 cards to JSON": lambda: orjson.dumps([render.photo(card) for card in items]),
    }
    parts = network.interleaved(rounds, small, 100)
    parts |= network.interleaved(
        rounds, {"page, cold cards": cold, f"rebuild, {FOLLOWS} follows": rebuild}, 3
    )
    for name, (cpu, wall) in parts.items():
        print(f"{name:28} {cpu:7.0f} us CPU  {wall:7.0f} us wall")
    print(
        f"cold / warm: {parts['page, cold cards'][0] / parts['page, warm'][0]:.1f}; trips of a cold page: {counted}"
    )
    network.lists_for([reader + 1])
    used = int(valkey.call("MEMORY", "USAGE", lists.key(reader + 1), "SAMPLES", 0))
    print(f"a list of 500: {used} bytes")


def client(without: tuple[str, ...] = ()) -> Callable[..., tuple[str, bytes]]:
    """A function that asks this process's application, as a server would; `without` some of its middleware."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path  # noqa: TID251

    from heliograph.api import answers
    from heliograph.config import urls

    body = b'{"meta":{"code":200},"data":[]}'
    empty = path("bench/empty", lambda request: answers.response(body, accepts=GZIP))
    urls.urlpatterns.insert(0, empty)
    assert settings.ROOT_URLCONF == "heliograph.config.urls"
    whole = settings.MIDDLEWARE
    settings.MIDDLEWARE = [name for name in whole if name not in without]
    application = WSGIHandler()
    settings.MIDDLEWARE = whole

    def get(where: str, **headers: str) -> tuple[str, bytes]:
        answered: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": where,
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_HOST": "testserver",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_ACCEPT_ENCODING": GZIP,
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            **headers,
        }
        response = application(environ, lambda status, headers, exc_info=None: answered.append(status))
        try:
            return answered[0], b"".join(response)
        finally:
            response.close()

    return get


def _profile(view: Callable[[], Any]) -> None:
    import cProfile
    import pstats

    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    for _ in range(500):
        view()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    pstats.Stats(profiler).sort_stats("cumtime").print_stats(r"heliograph|middleware", 60)


if __name__ == "__main__":
    main()
