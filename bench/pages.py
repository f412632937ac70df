"""Server time of every page against an empty view with the same middleware, warm; and its size, compressed.

    python -m bench.pages [--rounds 40]
    python -m bench.pages --profile "find, asked"

In this process, through Django's WSGI handler: processor time, rounds of five calls interleaved, medians; beside
them the fastest tenth, which says more on a machine that does other things, too. Round trips of a page are
counted once: Valkey, the nodes, and the directory, where questions through Django's models are counted by their cursor.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench import feed, network

FOLLOWS = 40
CALLS = 5  # of a page in one round
#: name: address. Looked at by somebody who follows forty people with ten photos each.
PAGES = {
    "home": "/",
    "home, older": "/?older",
    "photo": "{photo}",
    "profile": "/@owner1",
    "own profile": "/@reader",
    "followers": "/@owner1/followers",
    "following": "/@reader/following",
    "activity": "/activity",
    "requests": "/requests",
    "find": "/find",
    "find, asked": "/find?q=owner",
    "post": "/post",
    "settings": "/settings",
    "sessions": "/settings/devices",
    "about": "/about",
}
GUESTS = {"landing": "/", "photo, guest": "{photo}", "profile, guest": "/@owner1", "sign in": "/sign-in"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--profile", metavar="PAGE", help="where the time of one page goes")
    asked = parser.parse_args()
    with network.running():
        views = _views()
        if asked.profile:
            feed.where_time_goes(views[asked.profile])
        else:
            _measure(views, asked.rounds)


def _views() -> dict[str, Callable[[], Any]]:
    from heliograph.flows import comment, web_sessions
    from heliograph.pages import home
    from heliograph.sharding import ids

    reader = network.person("reader", 1)
    owners = [network.person(f"owner{n}", 1 + n % 8) for n in range(FOLLOWS)]
    network.follow(reader, owners)
    for owner in owners:
        network.photos(owner, 10)
        network.likes(owner, owners, feed.LIKES)
    network.settle()
    first = home.page(reader)
    photo = next(card.id for card in first.items if card.owner.id != reader)
    for owner in owners[:8]:
        comment.add(owner, photo, "The light on the water! I was there last year, in the rain.")
    network.settle()
    network.forget_cards()  # what was written a moment ago is not kept in memory yet (pages/memory.py)
    key = web_sessions.open(reader)
    get = feed.client()
    me = {"HTTP_COOKIE": f"session={key}; csrftoken={feed.CSRF}", "HTTP_ACCEPT_ENCODING": feed.GZIP}
    places = {"photo": f"/p/{ids.short_code(photo)}"}
    views: dict[str, Callable[[], Any]] = {"empty JSON view": lambda: get("/bench/empty")}
    for name, address in {**PAGES, **GUESTS}.items():
        path, _, query = address.format(**places).partition("?")
        if query == "older":
            query = f"after={first.next_cursor}"
        headers = {"QUERY_STRING": query, "HTTP_ACCEPT_ENCODING": feed.GZIP} | ({} if name in GUESTS else me)
        views[name] = lambda path=path, headers=headers: get(path, **headers)  # type: ignore[misc]
    return views


def _measure(views: dict[str, Callable[[], Any]], rounds: int) -> None:
    sizes: dict[str, int] = {}
    asked: dict[str, str] = {}
    for name, view in list(views.items()):
        status, body = view()
        if not status.startswith("200"):
            print(f"{name:28} left out: {status}")
            del views[name]
            continue
        sizes[name], asked[name] = len(body), _trips(view)
    taken: dict[str, list[float]] = {name: [] for name in views}
    for _ in range(rounds):
        for name, view in views.items():
            began = time.process_time()
            for _ in range(CALLS):
                view()
            taken[name].append((time.process_time() - began) / CALLS * 1e6)
    floor, low = (how(taken["empty JSON view"]) for how in (statistics.median, _fastest_tenth))
    for name, cpu in taken.items():
        median, fast = statistics.median(cpu), _fastest_tenth(cpu)
        print(
            f"{name:16} {median:6.0f} us CPU {median / floor:5.1f} x empty   fastest tenth {fast:6.0f} us "
            f"{fast / low:5.1f} x empty  {sizes[name]:6} bytes  {asked[name]}"
        )


def _fastest_tenth(cpu: list[float]) -> float:
    return sorted(cpu)[len(cpu) // 10]


def _trips(view: Callable[[], Any]) -> str:
    """How often a warm page asks whom."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from heliograph.core import trips

    view()
    with trips.counted() as made, CaptureQueriesContext(connection) as queries:
        view()
    said = {**made, "directory, Django": len(queries)}
    return ", ".join(f"{kind} {number}" for kind, number in said.items() if number)


if __name__ == "__main__":
    main()
