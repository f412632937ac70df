"""The home feed: API and HTML views against an empty JSON view with the same middleware; cold; rebuilt; in memory.

    python -m bench.feed [--rounds 60] [--profile]

In this process, through Django's WSGI handler: processor time, rounds interleaved, medians.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench import network, rows
from bench.rows import Row, Rows

FOLLOWS = 200
LIKES = 12  # of every photo, of which the newest three are on its card; nobody is on many
GZIP = "gzip, deflate, br"
_NUMBERS = "heliograph.config.numbers.Numbers"  # with the watchdog
CSRF = "0123456789abcdefghijklmnopqrstuv"  # every browser that has seen a page brings one


def main() -> None:
    parser, told = rows.parser(__doc__), Rows()
    parser.add_argument("--rounds", type=int, default=60, help="of 20 calls of each view")
    parser.add_argument("--profile", action="store_true", help="where the time of a warm API view goes")
    asked = parser.parse_args()
    with network.running():
        bench = _Bench()
        views = bench.views()
        if asked.profile:
            where_time_goes(views["feed API, warm"])
            return
        _say_views(told, network.interleaved(asked.rounds, views, 20), bench.trips())
        _say_parts(told, network.interleaved(asked.rounds, bench.parts(), 20))
        _say_cold(told, bench, network.interleaved(max(5, asked.rounds // 4), bench.cold(), 3))
        told.say(Row("a feed of 500", f"{_list_bytes():,} bytes", _list_bytes(), 6000, "<= 6 KB"))
    told.save(asked.json)


def _say_views(told: Rows, measured: dict[str, network.Taken], trips: dict[str, int]) -> None:
    floor = measured["empty JSON view"][0]
    for name, (cpu, wall) in measured.items():
        print(f"{name:28} {cpu:7.0f} us CPU  {wall:7.0f} us wall  {cpu / floor:5.2f} x empty")
    for name, limit, goal in (("feed API, warm", 5, 3), ("feed HTML, warm", 10, 6)):
        ratio = measured[name][0] / floor
        quiet = measured[name].quiet / measured["empty JSON view"].quiet
        said = (
            f"{ratio:.1f}x ({measured[name][0]:.0f} us to {floor:.0f} us); {quiet:.1f}x in the quietest tenth"
        )
        told.say(
            Row(f"home {name}, 20 cards", said, ratio, limit, f"CPU <= {limit}x an empty view (goal {goal}x)")
        )
    number = 1 + sum(trips.values())
    told.say(Row("home feed, round trips", f"{number} (who is asking: 1, {trips})", number, 3, "<= 3"))


def _say_parts(told: Rows, measured: dict[str, network.Taken]) -> None:
    for name, (cpu, wall) in measured.items():
        print(f"{name:28} {cpu:7.0f} us CPU  {wall:7.0f} us wall")


def _say_cold(told: Rows, bench: _Bench, measured: dict[str, network.Taken]) -> None:
    warm, cold, rebuild = (measured[name] for name in ("page, warm", "page, cold", "rebuild"))
    ratio = cold[0] / warm[0]
    said = f"{ratio:.1f}x ({cold[0]:.0f} us to {warm[0]:.0f} us)"
    told.say(Row("cards cold", said, ratio, 10, "CPU <= 10x warm"))
    for where, made in bench.cold_trips.items():
        number = sum(made.values()) - 1  # the viewer's own facts are in every page
        said = f"{number} and the viewer's own facts ({made})"
        told.say(Row(f"cards cold, round trips, {where}", said, number, 2 + 2, "<= 2 + nodes (2)"))
    said = f"{rebuild[1] / 1000:.1f} ms by the clock, {rebuild[0] / 1000:.1f} ms CPU here"
    told.say(Row(f"feed rebuild, {FOLLOWS} follows", said, rebuild[1] / 1000, 60, "<= 60 ms"))


def _list_bytes() -> int:
    from heliograph.core import valkey
    from heliograph.feed import home as lists

    network.forget_lists([1])
    network.lists_for([1])
    return int(valkey.call("MEMORY", "USAGE", lists.key(1), "SAMPLES", 0))


class _Bench:
    """A reader, 200 people whom they follow, with ten photos each; and what is measured with them."""

    def __init__(self) -> None:
        from heliograph.flows import sign_in, web_sessions

        self.reader = network.person("reader", 1)
        owners = [network.person(f"owner{n}", 1 + n % 8) for n in range(FOLLOWS)]
        network.follow(self.reader, owners)
        for owner in owners:
            network.photos(owner, 10)
            network.likes(owner, owners, LIKES)
        network.settle()
        self.token, self.key = sign_in.issue_token(self.reader), web_sessions.open(self.reader)
        self.cold_trips: dict[str, dict[str, int]] = {}

    def views(self) -> dict[str, Callable[[], Any]]:
        get, unwatched = client(), client(without=(_NUMBERS,))
        me = f"Bearer {self.token}"
        views: dict[str, Callable[[], Any]] = {
            "empty JSON view": lambda: get("/bench/empty"),
            "feed API, warm": lambda: get("/v1/users/self/feed", HTTP_AUTHORIZATION=me),
            "feed HTML, warm": lambda: get("/", HTTP_COOKIE=f"session={self.key}; csrftoken={CSRF}"),
            "empty, unwatched": lambda: unwatched("/bench/empty"),
            "feed API, unwatched": lambda: unwatched("/v1/users/self/feed", HTTP_AUTHORIZATION=me),
        }
        for name, view in views.items():
            status, body = view()
            assert status.startswith("200"), (name, status, body[:300])
            print(f"{name:28} {len(body):6} bytes (compressed where it is)")
        return views

    def trips(self) -> dict[str, int]:
        """Of a warm page, but for the one that tells who is asking and brings the list."""
        from heliograph.core import trips
        from heliograph.pages import home

        raw = self._list()
        home.page(self.reader, feed=raw)
        with trips.counted() as made:
            home.page(self.reader, feed=raw)
        return dict(made)

    def parts(self) -> dict[str, Callable[[], Any]]:
        from heliograph.api import answers, render
        from heliograph.api.answers import Listing
        from heliograph.core import packing
        from heliograph.feed import home as lists
        from heliograph.pages import cards, home, memory, own, who
        from heliograph.sharding import sessions

        raw = self._list()
        items = home.page(self.reader, feed=raw).items
        ids, owners = [card.id for card in items], [card.owner.id for card in items]
        people = list({person.id for card in items for person in (card.owner, *card.newest_likers)})
        facts = sessions.reader()

        def rendered() -> bytes:
            return answers.success_page(
                Listing([render.photo(card) for card in items], "1"), "max_id", "", {}
            )

        body = rendered()
        return {
            "page, warm": lambda: home.page(self.reader, feed=raw),
            ". cards": lambda: cards.look(self.reader, ids, followed_only=True),
            ". . multi-get": lambda: memory.get(ids, people, holes={}),
            ". . the viewer's own facts": lambda: own.facts(facts, self.reader, ids, people, owners=owners),
            ". parse the list": lambda: lists.parse(raw),
            "who is asking, with list": lambda: who.from_token_and_feed(self.token),
            "20 cards to JSON": rendered,
            f"compress {len(body) / 1000:.0f} KB": lambda: packing.gzip(body),
        }

    def cold(self) -> dict[str, Callable[[], Any]]:
        from heliograph.core import trips
        from heliograph.feed import home as lists
        from heliograph.pages import home

        raw = self._list()

        def cold(where: str) -> None:
            with trips.counted() as made:
                home.page(self.reader, feed=raw)
            self.cold_trips[where] = dict(made)

        def rebuild() -> None:
            lists.forget([self.reader])
            home.rebuild(self.reader)

        return {
            "page, warm": lambda: home.page(self.reader, feed=raw),
            "page, lost by memory": network.After(network.lose_cards, partial(cold, "lost by memory")),
            "page, cold": network.After(network.forget_cards, partial(cold, "in a new process")),
            "rebuild": rebuild,
        }

    def _list(self) -> list[bytes]:
        from heliograph.feed import home as lists

        return lists.read(self.reader)


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


def where_time_goes(view: Callable[[], Any]) -> None:
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
