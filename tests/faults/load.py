"""`python -m tests.faults.load PORT LEDGER SEED`: people who sign up, follow, post, like and comment, until SIGTERM.

Before each request that changes something a line `try` goes into the ledger, after its success a line `done`;
each line is in the file before the next step. Whatever has a `done` was promised.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from typing import Any

from tests import corpus
from tests.faults.speaking import NoAnswer, Person, sign_up

PEOPLE = 6
_over = threading.Event()
_lock = threading.Lock()


class Ledger:
    """The file of what was tried and what was promised."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.photos: list[str] = []

    def line(self, kind: str, deed: str, **told: Any) -> None:
        os.write(self._file, json.dumps({"line": kind, "deed": deed, **told}).encode() + b"\n")


class Actor(threading.Thread):
    """One person's life under faults."""

    def __init__(self, me: Person, everybody: list[Person], ledger: Ledger, seed: int) -> None:
        super().__init__(daemon=True)
        self.me, self.everybody, self.ledger = me, everybody, ledger
        self.chance = random.Random(seed)
        self.count = 0

    def run(self) -> None:
        deeds = [self.post, self.like, self.like, self.like, self.comment, self.comment, self.follow]
        while not _over.is_set():
            try:
                self.chance.choice(deeds)()
            except NoAnswer:
                time.sleep(0.05)
            time.sleep(self.chance.uniform(0, 0.1))

    def key(self) -> str:
        self.count += 1
        return f"{self.me.id}-{self.count}"

    def post(self) -> None:
        upload = self.me.upload(PHOTO, key=self.key())
        if not upload.good:
            return
        key = self.key()
        self.ledger.line("try", "post", actor=self.me.id, key=key)
        answer = self.me.ask("POST", "/media", key=key, upload_id=upload.data["upload_id"], caption=key)
        if answer.good:
            self.ledger.line("done", "post", actor=self.me.id, key=key, photo=answer.data["id"])
            with _lock:
                self.ledger.photos.append(answer.data["id"])

    def photo(self) -> str | None:
        with _lock:
            return self.chance.choice(self.ledger.photos[-20:]) if self.ledger.photos else None

    def like(self) -> None:
        photo = self.photo()
        if photo is not None:
            on = self.chance.random() < 0.75
            self.change("like", f"/media/{photo}/likes", "POST" if on else "DELETE", on, photo=photo)

    def comment(self) -> None:
        photo, key = self.photo(), self.key()
        if photo is not None:
            text = f"number {key}"
            answer = self.me.ask("POST", f"/media/{photo}/comments", key=key, text=text)
            if answer.good:
                self.ledger.line("done", "comment", photo=photo, comment=answer.data["id"], actor=self.me.id)

    def follow(self) -> None:
        other = self.chance.choice([person for person in self.everybody if person is not self.me])
        on = self.chance.random() < 0.7
        path = f"/users/{other.id}/relationship"
        self.change(
            "follow", path, "POST", on, form={"action": "follow" if on else "unfollow"}, owner=other.id
        )

    def change(
        self, deed: str, path: str, method: str, on: bool, form: dict[str, str] | None = None, **whom: str
    ) -> None:
        self.ledger.line("try", deed, actor=self.me.id, on=on, **whom)
        if self.me.ask(method, path, **(form or {})).good:
            self.ledger.line("done", deed, actor=self.me.id, on=on, **whom)


def main(port: int, path: str, seed: int) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: _over.set())
    ledger = Ledger(path)
    parent = os.getppid()
    everybody: list[Person] = []
    while len(everybody) < PEOPLE and not _over.is_set():
        person = sign_up(port, f"p{seed}x{len(everybody)}")
        if person is None:
            raise SystemExit("nobody can sign up")
        ledger.line("done", "sign_up", person=person.id, username=person.username, token=person.token)
        everybody.append(person)
    actors = [Actor(person, everybody, ledger, seed + i) for i, person in enumerate(everybody)]
    for actor in actors:
        actor.start()
    newcomers = 0
    # Who started us may have failed, and not have said so.
    while not _over.wait(1.5) and os.getppid() == parent:
        newcomers += 1
        newcomer = sign_up(port, f"n{seed}x{newcomers}")
        if newcomer is not None:
            ledger.line(
                "done", "sign_up", person=newcomer.id, username=newcomer.username, token=newcomer.token
            )
    _over.set()
    for actor in actors:
        actor.join(30)


PHOTO = corpus.jpeg()

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
