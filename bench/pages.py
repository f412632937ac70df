"""Server time of every page against an empty view with the same middleware, warm; and its size, compressed.

    python -m bench.pages [--rounds 9]

In this process, through Django's WSGI handler: processor time, rounds interleaved, medians.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from bench import feed, network

FOLLOWS = 40
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
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    with network.running():
        _measure(asked.rounds)


def _measure(rounds: int) -> None:
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
    sizes: dict[str, int] = {}
    for name, view in list(views.items()):
        status, body = view()
        if not status.startswith("200"):
            print(f"{name:28} left out: {status}")
            del views[name]
        sizes[name] = len(body)
    measured = network.interleaved(rounds, views, 20)
    floor = measured["empty JSON view"][0]
    for name, (cpu, wall) in measured.items():
        print(
            f"{name:20} {cpu:7.0f} us CPU {wall:7.0f} us wall {cpu / floor:6.1f} x empty {sizes[name]:7} bytes"
        )


if __name__ == "__main__":
    main()
