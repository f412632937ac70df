"""`python -m tests.faults.load PORT LEDGER SEED`: people who sign up, follow, post, like, comment and delete, until
SIGTERM. SIGUSR1: they finish what they are at and rest; SIGUSR2: they go on.

Before each request that changes something a line `try` goes into the ledger, after its success a line `done`; each
line is in the file before the next step. Whatever has a `done` was promised. `began` and `at` are moments of the
monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests import corpus
from tests.faults.speaking import NoAnswer, Person, sign_up

PEOPLE = 6
PHOTOGRAPHERS = 3  # of them
#: What is counted of the ledger; deleting comments (`uncomment`) is in it besides.
DEEDS = ("sign_up", "post", "like", "follow", "comment", "delete")
_over = threading.Event()
_at_work = threading.Event()
_lock = threading.Lock()


class Ledger:
    """The file of what was tried and what was promised."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.photos: list[tuple[str, str]] = []  # (photo, owner), which nobody has tried to delete

    def line(self, kind: str, deed: str, **told: Any) -> None:
        said = {"line": kind, "deed": deed, "at": round(time.monotonic(), 3), **told}
        os.write(self._file, json.dumps(said).encode() + b"\n")


class Worker(threading.Thread):
    """Somebody doing something, again and again, but for when all are to rest."""

    def __init__(self, me: Person, ledger: Ledger, seed: str) -> None:
        super().__init__(daemon=True)
        self.me, self.ledger = me, ledger
        self.chance = random.Random(seed)
        self.count = 0
        self.idle = False

    def run(self) -> None:
        while not _over.is_set():
            self.idle = not _at_work.is_set()
            if self.idle:
                _at_work.wait(0.05)
                continue
            try:
                self.next()
            except NoAnswer:
                time.sleep(0.05)
            time.sleep(self.chance.uniform(*self.pause_seconds))
        self.idle = True

    pause_seconds = (0.0, 0.2)

    def next(self) -> None:
        raise NotImplementedError

    def key(self) -> str:
        self.count += 1
        return f"{self.me.id}x{self.count}"

    def change(
        self, deed: str, path: str, method: str, on: bool, form: dict[str, str] | None = None, **whom: str
    ) -> None:
        began = time.monotonic()
        self.ledger.line("try", deed, actor=self.me.id, on=on, **whom)
        if self.me.ask(method, path, **(form or {})).good:
            self.ledger.line("done", deed, actor=self.me.id, on=on, began=began, **whom)


class Photographer(Worker):
    """Posts. Apart from all other deeds: where photos hang, likes are to go on."""

    pause_seconds = (0.3, 0.9)

    def next(self) -> None:
        began = time.monotonic()
        upload = self.me.upload(PHOTO, key=self.key())
        if not upload.good:
            return
        key = self.key()
        self.ledger.line("try", "post", actor=self.me.id, key=key)
        answer = self.me.ask("POST", "/media", key=key, upload_id=upload.data["upload_id"], caption=key)
        if answer.good:
            photo = answer.data["id"]
            self.ledger.line("done", "post", actor=self.me.id, key=key, photo=photo, began=began)
            with _lock:
                self.ledger.photos.append((photo, self.me.id))


class Actor(Worker):
    """Does everything else, as a pack of cards says: so each deed has its turn, however slow they are."""

    def __init__(self, me: Person, everybody: list[Person], ledger: Ledger, seed: str) -> None:
        super().__init__(me, ledger, seed)
        self.everybody = everybody
        self.comments: list[tuple[str, str]] = []  # (photo, comment): mine, not yet tried to delete
        self.cards: list[Callable[[], None]] = []

    def next(self) -> None:
        if not self.cards:
            self.cards = [self.like] * 6 + [self.follow] * 4 + [self.comment] * 4 + [self.uncomment] * 2
            self.cards += [self.delete]
            self.chance.shuffle(self.cards)
        self.cards.pop()()

    def delete(self) -> None:
        """A photo of mine, while there are enough for others to like."""
        with _lock:
            mine = [entry for entry in self.ledger.photos if entry[1] == self.me.id]
            if len(mine) < 3:
                return
            entry = self.chance.choice(mine)
            self.ledger.photos.remove(entry)
        self.change("delete", f"/media/{entry[0]}", "DELETE", False, photo=entry[0])

    def photo(self) -> str | None:
        """One of the newest, or any: while photos do not come out, there are old ones."""
        with _lock:
            photos = self.ledger.photos[-20:] if self.chance.random() < 0.5 else self.ledger.photos
            return self.chance.choice(photos)[0] if photos else None

    def like(self) -> None:
        photo = self.photo()
        if photo is not None:
            on = self.chance.random() < 0.75
            self.change("like", f"/media/{photo}/likes", "POST" if on else "DELETE", on, photo=photo)

    def comment(self) -> None:
        photo, key = self.photo(), self.key()
        if photo is None:
            return
        began = time.monotonic()
        answer = self.me.ask("POST", f"/media/{photo}/comments", key=key, text=f"number {key}")
        if answer.good:
            comment = answer.data["id"]
            self.ledger.line("done", "comment", photo=photo, comment=comment, actor=self.me.id, began=began)
            self.comments.append((photo, comment))

    def uncomment(self) -> None:
        if self.comments:
            photo, comment = self.comments.pop(self.chance.randrange(len(self.comments)))
            path = f"/media/{photo}/comments/{comment}"
            self.change("uncomment", path, "DELETE", False, photo=photo, comment=comment)

    def follow(self) -> None:
        other = self.chance.choice([person for person in self.everybody if person is not self.me])
        on = self.chance.random() < 0.7
        path = f"/users/{other.id}/relationship"
        self.change(
            "follow", path, "POST", on, form={"action": "follow" if on else "unfollow"}, owner=other.id
        )


class Newcomers(Worker):
    """New people, one after the other."""

    pause_seconds = (0.5, 0.9)

    def next(self) -> None:
        self.count += 1
        self.one(f"n{self.key()}")

    def one(self, name: str) -> Person | None:
        began = time.monotonic()
        person = sign_up(self.me.port, name)
        if person is not None:
            who = {"person": person.id, "username": person.username, "token": person.token}
            self.ledger.line("done", "sign_up", began=began, **who)
        return person


def main(port: int, path: str, seed: int) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: _over.set())
    signal.signal(signal.SIGUSR1, lambda number, frame: _at_work.clear())
    signal.signal(signal.SIGUSR2, lambda number, frame: _at_work.set())
    ledger = Ledger(path)
    parent = os.getppid()
    newcomers = Newcomers(Person(port, id=str(seed)), ledger, f"newcomers {seed}")
    everybody: list[Person] = []
    while len(everybody) < PEOPLE and not _over.is_set():
        person = newcomers.one(f"p{seed}x{len(everybody)}")
        if person is None:
            raise SystemExit("nobody can sign up")
        everybody.append(person)
    crowd: list[Worker] = [newcomers]
    crowd += [Actor(person, everybody, ledger, f"{seed} {person.id}") for person in everybody]
    crowd += [Photographer(person, ledger, f"{seed} {person.id}") for person in everybody[:PHOTOGRAPHERS]]
    _at_work.set()
    for one in crowd:
        one.start()
    resting = False
    # Who started us may have failed, and not have said so.
    while not _over.wait(0.05) and os.getppid() == parent:
        now_resting = all(one.idle for one in crowd)
        if now_resting != resting:
            ledger.line("rest" if now_resting else "work", "")
            resting = now_resting
    _over.set()
    for one in crowd:
        one.join(30)


PHOTO = corpus.jpeg()

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
