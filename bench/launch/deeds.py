"""What people do, as bytes on the wire, and what the answers mean for what they do next."""

from __future__ import annotations

import itertools
import json
import math
import re
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from bench.launch.engine import Engine, Request
from bench.launch.population import Population

KINDS = ("feed", "sign_up", "photo", "like", "follow", "comment")
FEED, SIGN_UP, PHOTO, LIKE, FOLLOW, COMMENT = range(6)

#: A second, at scale 1. The first three are the sources'; see docs/benchmarks/launch-day.md for the others.
RATES = {"sign_up": 23.0, "photo": 25.0, "like": 90.0, "follow": 46.0, "comment": 12.0}
READS_PER_WRITE = 10
_FOLLOWS_OF_NEWCOMER = 2
_PHOTO_ID = re.compile(rb'"id":"(\d{10,}_\d{10,})"')
_BORDER = b"heliographlaunchday7f3a9c"
_WORDS = tuple("light morning harbour quiet street after rain the old bridge again so good".split())  # noqa: SIM905


@dataclass
class Tally:
    """What became of the requests of one kind, in one phase."""

    times: array[float]
    refused: dict[int, int]
    asked: int = 0


class Deeds:
    """Makes requests at random moments and keeps count. `second` is the bin of the running second, for graphs."""

    def __init__(self, engine: Engine, people: Population, photos: list[bytes], run: str) -> None:
        self._engine = engine
        self._people = people
        self._chance = people.chance
        self._photos = photos
        self._run = run
        self._number = itertools.count()
        self._rates: list[float] = [0.0] * len(KINDS)
        self._round = 0
        self._make: list[Callable[[float], Request | None]] = [
            self._feed, self._sign_up, self._photo, self._like, self._follow, self._comment,
        ]  # fmt: skip
        self.tallies = [_tally() for _ in KINDS]
        self.second: list[list[float]] = [[] for _ in KINDS]
        self.second_refused = 0
        self.missed = 0  # likes and comments that nobody made, because nobody had seen a photo yet
        #: what was acknowledged, since the beginning: to be found in the databases afterwards
        self.kept: dict[str, int] = defaultdict(int)
        self.liked: set[tuple[bytes, bytes]] = set()
        self.feed_bytes = 0
        self.followed: set[tuple[int, int]] = set()

    def start(self, rates: dict[str, float], now: float) -> None:
        """From now on at these rates a second, each by lot (Poisson). Earlier rates are forgotten."""
        self._round += 1
        for kind, name in enumerate(KINDS):
            self._rates[kind] = rates.get(name, 0.0)
            if self._rates[kind]:
                self._plan(kind, now, self._round)

    def stop(self) -> None:
        self._round += 1

    def forget(self) -> None:
        """Begin to count anew: the next phase."""
        self.tallies = [_tally() for _ in KINDS]

    def _plan(self, kind: int, after: float, turn: int) -> None:
        due = after - math.log(1.0 - self._chance.random()) / self._rates[kind]

        def act(moment: float) -> None:
            if turn != self._round:
                return
            self._plan(kind, moment, turn)
            request = self._make[kind](moment)
            if request is None:
                self.missed += 1
                return
            self.tallies[kind].asked += 1
            self._engine.ask(request)

        self._engine.at(due, act)

    def join_at_once(self, count: int, at_once: int, due: float) -> list[int]:
        """So many sign-ups, `at_once` of them under way at any time. The list holds how many are left to ask."""
        left = [count]

        def another(moment: float) -> None:
            if left[0] <= 0:
                return
            left[0] -= 1
            request = self._sign_up(moment)
            heard = request.answered

            def answered(status: int, head: bytes, body: bytes, asked: Request) -> None:
                heard(status, head, body, asked)
                now = monotonic()
                if status == 503 or status == 0:  # as told: later
                    left[0] += 1
                    self._engine.at(now + 1.0, another)
                else:
                    another(now)

            request.answered = answered
            self.tallies[SIGN_UP].asked += 1
            self._engine.ask(request)

        for _ in range(at_once):
            another(due)
        return left

    def _done(self, status: int, request: Request) -> bool:
        """Count an answer; whether it was a good one."""
        took = monotonic() - request.due
        tally = self.tallies[request.kind]
        if status == 200:
            tally.times.append(took)
            self.second[request.kind].append(took)
            return True
        tally.refused[status] = tally.refused.get(status, 0) + 1
        self.second_refused += 1
        return False

    def _feed(self, due: float) -> Request:
        _, token = self._people.visitor()
        return Request(FEED, (_get(b"/v1/users/self/feed", token),), due, self._feed_came, token)

    def _feed_came(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if not self._done(status, request):
            return
        self.feed_bytes += len(body)
        seen = self._people.seen
        if len(seen) > 1000 and self._chance.random() > 0.05:
            return  # enough for the likes to come: the generator need not read every answer
        if b"ontent-Encoding: gzip" in head or b"ontent-encoding: gzip" in head:
            body = zlib.decompress(body, 47)
        token: bytes = request.about  # type: ignore[assignment]
        photos = _PHOTO_ID.findall(body)[:12]
        for photo in self._chance.sample(photos, min(4, len(photos))):
            seen.append((token, photo))

    def _sign_up(self, due: float) -> Request:
        name = f"{self._run}{next(self._number):x}"
        said = {
            "username": name,
            "email": f"{name}@example.org",
            "password": f"correct horse {self._chance.random()}",
            "full_name": f"Person {name}",
        }
        return Request(SIGN_UP, (_post_json(b"/v1/accounts", said),), due, self._signed_up)

    def _signed_up(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if self._done(status, request):
            self.kept["people"] += 1
            told = json.loads(body)["data"]
            self._people.join(int(told["user"]["id"]), told["access_token"].encode(), _FOLLOWS_OF_NEWCOMER)

    def _photo(self, due: float) -> Request:
        photo = self._photos[next(self._number) % len(self._photos)]
        caption = f"{self._words()} #{self._chance.choice(_WORDS)}".encode()
        return Request(PHOTO, _post_photo(self._people.poster(), photo, caption), due, self._photo_came)

    def _photo_came(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if self._done(status, request):
            self.kept["photos"] += 1

    def _like(self, due: float) -> Request | None:
        pair = self._seen()
        if pair is None:
            return None
        token, photo = pair
        return Request(LIKE, (_post_form(b"/v1/media/%b/likes" % photo, token, b""),), due, self._liked, pair)

    def _liked(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if self._done(status, request):
            self.liked.add(request.about)  # type: ignore[arg-type]

    def _follow(self, due: float) -> Request | None:
        id, token = self._people.follower()
        other = self._people.famous()
        if other == id:
            return None
        form = _post_form(b"/v1/users/%d/relationship" % other, token, b"action=follow")
        return Request(FOLLOW, (form,), due, self._followed, (id, other))

    def _followed(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if self._done(status, request):
            self.followed.add(request.about)  # type: ignore[arg-type]

    def _comment(self, due: float) -> Request | None:
        pair = self._seen()
        if pair is None:
            return None
        token, photo = pair
        form = _post_form(b"/v1/media/%b/comments" % photo, token, b"text=" + self._words("+").encode())
        return Request(COMMENT, (form,), due, self._commented)

    def _commented(self, status: int, head: bytes, body: bytes, request: Request) -> None:
        if self._done(status, request):
            self.kept["comments"] += 1

    def _seen(self) -> tuple[bytes, bytes] | None:
        return self._people.seen.popleft() if self._people.seen else None

    def _words(self, between: str = " ") -> str:
        return between.join(self._chance.choices(_WORDS, k=self._chance.randint(1, 6)))


def _tally() -> Tally:
    return Tally(array("f"), {})


def rates(scale: float, reads: float = READS_PER_WRITE) -> dict[str, float]:
    """Deeds a second at this scale, with so many feed reads for each write."""
    writes = {name: rate * scale for name, rate in RATES.items()}
    return {**writes, "feed": sum(writes.values()) * reads}


_HOST = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n"


def _get(path: bytes, token: bytes) -> bytes:
    return b"GET %b%bAuthorization: Bearer %b\r\n\r\n" % (path, _HOST, token)


def _post_form(path: bytes, token: bytes, body: bytes) -> bytes:
    return (
        b"POST %b%bAuthorization: Bearer %b\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (path, _HOST, token, len(body), body)
    )


def _post_json(path: bytes, said: dict[str, str]) -> bytes:
    body = json.dumps(said).encode()
    return b"POST %b%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        path, _HOST, len(body), body,
    )  # fmt: skip


def _post_photo(token: bytes, photo: bytes, caption: bytes) -> tuple[bytes, ...]:
    before = (
        b'--%b\r\nContent-Disposition: form-data; name="caption"\r\n\r\n%b\r\n--%b\r\n'
        b'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    ) % (_BORDER, caption, _BORDER)
    after = b"\r\n--%b--\r\n" % _BORDER
    head = (
        b"POST /v1/media%bAuthorization: Bearer %b\r\nContent-Type: multipart/form-data; boundary=%b\r\n"
        b"Content-Length: %d\r\n\r\n%b"
        % (_HOST, token, _BORDER, len(before) + len(photo) + len(after), before)
    )
    return head, photo, after
