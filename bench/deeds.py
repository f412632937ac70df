"""What a deed costs, in every process of the real network: liking, following, commenting, signing up, posting.

    python -m bench.deeds [--times 300] [--rate 50] [--only like]

Over HTTP, on `bin/up` with new data, one deed after the other at a fixed rate; then until nothing waits any more, so
that mirrors, fan-outs and pictures are in it. Processor time by process, less what the network uses while nobody does
anything. A password costs 12 MiB and three rounds of argon2id by design: what that alone takes is told beside it.
"""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from bench import hashing, rows
from bench.launch import pictures, stack, watch
from bench.launch.seed import Databases
from bench.rows import Row, Rows
from heliograph.config.hashers import Argon2

PEOPLE = 60
_IDLE_SECONDS = 8.0
_TOLD = ("web", "worker", "postgres", "valkey", "cage")

Seconds = dict[str, float]


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--times", type=int, default=300, help="of each deed (photos: a quarter of that)")
    parser.add_argument(
        "--rate", type=float, default=50, help="a second, at most (photos, sign-ups: a fifth)"
    )
    parser.add_argument("--only", choices=("like", "follow", "comment", "sign-up", "photo", "feed"))
    asked = parser.parse_args()
    told = Rows()
    with stack.up(stack.Wish()) as running:
        _measure(running, asked, told)
    told.save(asked.json)


def _measure(running: stack.Stack, asked: Any, told: Rows) -> None:
    network = Network(running)
    network.settle()
    idle = network.idle()
    print("while nobody does anything, ms of processor a second:", _text(idle, 1000))
    for name, (deed, times, rate) in _deeds(network, asked.times, asked.rate).items():
        if asked.only not in (None, name):
            continue
        spent = network.spent(deed, times, rate, idle)
        total = sum(spent.values())
        print(f"{name:10} {total * 1e6:7.0f} us: {_text(spent, 1e6)}", flush=True)
        told.say(
            Row(f"{name}, whole network", f"{total * 1e6:.0f} us CPU ({_text(spent, 1e6)})", total * 1e6)
        )
    alone = hashing.seconds(Argon2.memory_cost, Argon2.time_cost, times=10)
    told.say(Row("argon2id of one password alone", f"{alone * 1000:.1f} ms CPU", alone * 1e6))


def _deeds(network: Network, times: int, rate: float) -> dict[str, tuple[Callable[[], Any], int, float]]:
    people, photos = network.people, network.photos
    pairs = itertools.cycle(itertools.product(photos, people))
    edges = itertools.cycle((a, b) for a in people for b in people if a is not b)
    turn, number = itertools.cycle(people), itertools.count()
    bodies = itertools.cycle(pictures.made(8, 2))

    def like() -> None:
        photo, person = next(pairs)
        network.ask(f"/media/{photo}/likes", person, b"")

    def follow() -> None:
        actor, owner = next(edges)
        network.ask(f"/users/{owner['user']['id']}/relationship", actor, b"action=follow")

    def comment() -> None:
        said = f"text=The+light+on+the+water+{next(number)}".encode()
        network.ask(f"/media/{photos[next(number) % len(photos)]}/comments", next(turn), said)

    return {
        "like": (like, min(times, len(photos) * len(people)), rate),
        "follow": (follow, min(times, len(people) * (len(people) - 1)), rate),
        "comment": (comment, times, rate),
        "sign-up": (lambda: network.sign_up(f"later{next(number)}"), times // 3, rate / 5),
        "photo": (lambda: network.post(next(turn), next(bodies)), times // 4, rate / 5),
        "feed": (lambda: network.ask("/users/self/feed", next(turn)), times, rate),
    }


class Network:
    """The running network, with some people in it and a photo of each."""

    def __init__(self, running: stack.Stack) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        self._processes = watch.Processes(running.pid, {})
        self._databases = watch.Waiting(Databases(running.data))
        self.people = [self.sign_up(f"person{n}") for n in range(PEOPLE)]
        photo = pictures.made(1, 1)[0]
        self.photos = [self.post(person, photo)["id"] for person in self.people[:20]]

    def sign_up(self, name: str) -> Any:
        said = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
        return self.ask("/accounts", None, json.dumps(said).encode(), "application/json")

    def post(self, person: Any, photo: bytes) -> Any:
        border = uuid4().hex
        said = 'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg'
        body = f"--{border}\r\n{said}\r\n\r\n".encode() + photo + f"\r\n--{border}--\r\n".encode()
        return self.ask("/media", person, body, f"multipart/form-data; boundary={border}")

    def ask(
        self,
        path: str,
        person: Any,
        body: bytes | None = None,
        kind: str = "application/x-www-form-urlencoded",
    ) -> Any:
        headers = {"Accept-Encoding": "identity"}
        if person:
            headers["Authorization"] = f"Bearer {person['access_token']}"
        if body is not None:
            headers["Content-Type"] = kind
        self._line.request("GET" if body is None else "POST", f"/v1{path}", body, headers)
        answer = self._line.getresponse()
        said = json.loads(answer.read())
        if answer.status >= 400:
            raise SystemExit(f"{path}: {said}")
        return said["data"]

    def settle(self) -> None:
        """Until nothing waits any more."""
        until = time.monotonic() + 120
        while any(self._databases.look()["waiting"].values()):
            if time.monotonic() > until:
                raise SystemExit("two minutes later there is still work waiting")
            time.sleep(0.1)

    def idle(self) -> Seconds:
        """Processor seconds a second while nobody does anything."""
        time.sleep(1)
        with self._counted() as spent:
            time.sleep(_IDLE_SECONDS)
        return {name: seconds / _IDLE_SECONDS for name, seconds in spent.items()}

    def spent(self, deed: Callable[[], Any], times: int, rate: float, idle: Seconds) -> Seconds:
        """Processor seconds of one deed, by process."""
        deed()
        self.settle()
        started = time.monotonic()
        with self._counted() as spent:
            for number in range(times):
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
                deed()
            self.settle()
            time.sleep(0.5)
        took = time.monotonic() - started
        return {
            name: max(0.0, seconds - idle.get(name, 0.0) * took) / times for name, seconds in spent.items()
        }

    @contextmanager
    def _counted(self) -> Iterator[Seconds]:
        before, spent = self._processes.seconds(), Seconds()
        yield spent
        after = self._processes.seconds()
        spent.update({name: after[name] - before.get(name, 0.0) for name in after})


def _text(seconds: Seconds, unit: float) -> str:
    order = [*(n for n in _TOLD if n in seconds), *(n for n in seconds if n not in _TOLD)]
    return ", ".join(f"{name} {seconds[name] * unit:.0f}" for name in order if seconds[name] * unit >= 1)


if __name__ == "__main__":
    main()
