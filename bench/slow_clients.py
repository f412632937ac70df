"""How long a home feed takes while others do their worst: the whole network of `bin/up`, over real HTTP.

    python -m bench.slow_clients [--seconds 8] [--rounds 3] [--only NAME]

Somebody reads their feed over the API, thirty times a second, over four connections: quiet, and under each attack in
turn, rounds interleaved; all on loopback, bounded in count and time. Budget: p99 at most twice the quiet one. Whoever
attacks is a process of its own that steps back for all others: elsewhere it would have its own machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import multiprocessing
import os
import random
import socket
import statistics
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

from bench.launch import ledger, pictures, seed, stack
from heliograph.core import background

RATE = 30  # feeds a second
READERS = 4
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_BORDER = b"--x\r\nContent-Disposition: form-data; name=photo; filename=a.jpg\r\n\r\n"
_PEOPLE, _FOLLOWS, _PHOTOS = 400, 40, 10
_SEED = 1
_CROWD = 200

_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Site:
    """What is attacked: its port, somebody who reads, others who post."""

    port: int
    reader: str
    posters: list[str]


#: Ends when it is told to; a crowd says how often it was answered, by status.
Attack = Callable[[Site, Event], Counter[int] | None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[name for name in ATTACKS if name != "quiet"], help="besides quiet")
    asked = parser.parse_args()
    attacks = {name: act for name, act in ATTACKS.items() if asked.only in (None, name) or act is None}
    with _site() as (site, until_idle):
        _under(None, site, 3)  # the first look makes the feed
        taken: dict[str, list[Round]] = {}
        for _ in range(asked.rounds):
            for name, attack in attacks.items():
                taken.setdefault(name, []).append(_under(attack, site, asked.seconds))
                until_idle()
        _report(taken)


@dataclass(frozen=True)
class Round:
    """Milliseconds of each feed, from when it was due; answers of a crowd, by status, and for how many seconds."""

    took: list[float]
    answers: Counter[int]
    seconds: float


@contextmanager
def _site() -> Iterator[tuple[Site, Callable[[], None]]]:
    """The network with some people in it, and what waits until it has nothing left to do."""
    knobs = {"HELIOGRAPH_BODIES_BY_ADDRESS": "500"}  # here all of them come from one
    with stack.up(stack.Wish(knobs=knobs)) as network:
        where = seed.Databases(network.data)
        there = seed.write(where, _PEOPLE, _FOLLOWS, _PHOTOS, random.Random(_SEED))
        tokens = [token.decode() for _, token in there]

        def until_idle() -> None:
            until = time.monotonic() + 120
            while ledger.waiting(where) and time.monotonic() < until:
                time.sleep(0.5)
            time.sleep(1)

        yield Site(network.port, tokens[-1], tokens[:_CROWD]), until_idle


def _under(attack: Attack | None, site: Site, seconds: float) -> Round:
    stop, answers = _fork.Event(), _fork.SimpleQueue()
    enemy = _fork.Process(target=_attacking, args=(attack, site, stop, answers)) if attack else None
    attacked = time.monotonic()
    if enemy:
        enemy.start()
        time.sleep(1)
    took: list[float] = []
    began = time.perf_counter() + 0.1
    readers = [
        threading.Thread(target=_read, args=(site, began, number, seconds, took)) for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    stop.set()
    attacked = time.monotonic() - attacked
    if not enemy:
        return Round(took, Counter(), attacked)
    enemy.join()
    if enemy.exitcode:
        raise SystemExit("nobody attacked: see above")
    return Round(took, answers.get(), attacked)


def _attacking(attack: Attack, site: Site, stop: Event, answers: Any) -> None:
    os.setsid()
    background.step_group(background.NICENESS)
    answers.put(attack(site, stop) or Counter())


def _read(site: Site, began: float, number: int, seconds: float, took: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    for turn in range(number, int(seconds * RATE), READERS):
        due = began + turn / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("GET", "/v1/users/self/feed", headers={"Authorization": f"Bearer {site.reader}"})
        answer = connection.getresponse()
        answer.read()
        took.append((time.perf_counter() - due) * 1000 if answer.status == 200 else 30_000.0)
    connection.close()


def _hold(site: Site, stop: Event, count: int, said: bytes, again: bytes = b"") -> None:
    """So many connections on which this is said, and `again` twice a second; new ones for those that end."""
    held: list[socket.socket] = []
    while not stop.wait(0.5):
        for each in held[:]:
            try:
                each.send(again)
                if not each.recv(65536):
                    raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                held.remove(each)
                each.close()
        while len(held) < count and not stop.is_set():
            fresh = socket.create_connection(("127.0.0.1", site.port))
            fresh.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                fresh.send(said)
            held.append(fresh)
    for each in held:
        each.close()


def _silent(site: Site, stop: Event) -> None:
    photo = b"POST /v1/media HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    form = b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + FORM
    halves = [
        threading.Thread(
            target=_hold, args=(site, stop, 100, head + b"Content-Length: 900000\r\n\r\n" + _BORDER)
        )
        for head in (photo, form)
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()


def _trickling(site: Site, stop: Event) -> None:
    head = b"POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
    _hold(site, stop, 200, head, again=b"x" * 100)


def _half_open(site: Site, stop: Event) -> None:
    _hold(site, stop, 500, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")


def _not_reading(site: Site, stop: Event) -> None:
    """Each asks for 144 KB ten times, and takes nothing of it."""
    page = urllib.request.urlopen(f"http://127.0.0.1:{site.port}/").read().decode()
    release = page.partition("/static/")[2].partition("/")[0]
    asked = f"GET /static/{release}/luts/linen.bin HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 10
    held = []
    for _ in range(100):
        each = socket.socket()
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.connect(("127.0.0.1", site.port))
        each.send(asked)
        held.append(each)
    stop.wait()
    for each in held:
        each.close()


def _signing_in(site: Site, stop: Event) -> Counter[int]:
    """Two hundred people at once, wrong passwords: each costs a hash."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _crowd(
        site, stop, lambda n: ("/v1/sessions", f"username=person{n}&password=wrong+horse".encode(), headers)
    )


def _posting(site: Site, stop: Event) -> Counter[int]:
    """Two hundred photos at once, whole ones; whoever has an answer sends the next."""
    photos, border = pictures.made(8, _SEED), "heliographslowclients"
    before = f'--{border}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'.encode()
    bodies = [before + photo + f"\r\n--{border}--\r\n".encode() for photo in photos]

    def asked(n: int) -> Asked:
        headers = {
            "Content-Type": f"multipart/form-data; boundary={border}",
            "Authorization": f"Bearer {site.posters[n]}",
        }
        return "/v1/media", bodies[n % len(bodies)], headers

    return _crowd(site, stop, asked)


Asked = tuple[str, bytes, dict[str, str]]


def _crowd(site: Site, stop: Event, asked: Callable[[int], Asked]) -> Counter[int]:
    """Two hundred people, each with a connection, who ask again as soon as they are answered; the answers in time."""
    answers: Counter[int] = Counter()

    def one(n: int) -> None:
        path, body, headers = asked(n)
        while not stop.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                answer.read()
                connection.close()
                if not stop.is_set():
                    answers[answer.status] += 1
                if answer.status == 503:  # told to come later
                    stop.wait(1)
            except OSError:
                time.sleep(0.1)

    crowd = [threading.Thread(target=one, args=(n,)) for n in range(_CROWD)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return answers


ATTACKS: dict[str, Attack | None] = {
    "quiet": None,
    "200 bodies that fall silent": _silent,
    "200 bodies that trickle": _trickling,
    "500 halves of headers": _half_open,
    "100 readers that do not read": _not_reading,
    "200 sign-ins at once": _signing_in,
    "200 photos at once": _posting,
}


def _report(taken: dict[str, list[Round]]) -> None:
    rows = {name: [_percentiles(one.took) for one in rounds] for name, rounds in taken.items()}
    quiet = statistics.median(p99 for _, p99 in rows["quiet"])
    print(f"{'ms, medians of rounds':32} {'p50':>7} {'p99':>7} {'times quiet':>12}   p99 of each round")
    for name, measured in rows.items():
        p50 = statistics.median(p50 for p50, _ in measured)
        p99 = statistics.median(p99 for _, p99 in measured)
        each = ", ".join(f"{p99:.0f}" for _, p99 in measured)
        print(f"{name:32} {p50:7.1f} {p99:7.1f} {p99 / quiet:12.1f}   {each}")
    for name, rounds in taken.items():
        seconds = sum(one.seconds for one in rounds)
        answers = sum((one.answers for one in rounds), Counter())
        if answers:
            told = ", ".join(f"{count / seconds:.1f} x {status}" for status, count in sorted(answers.items()))
            print(f"answers a second to {name}: {told}")


def _percentiles(took: list[float]) -> tuple[float, float]:
    ordered = sorted(took)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


if __name__ == "__main__":
    main()
