"""Was every promise of the ledger kept? Asked through the API, by the people themselves.

Whoever signed up is known. A posted photo and a comment are there, unless it was tried to delete them. What was deleted
is not there, neither by its address nor in a list. Of likes and follows the last word holds, unless something was tried
after it.
"""

from __future__ import annotations

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.faults.speaking import Person

SETTLE_SECONDS = 60.0  # for jobs whose worker died: found by a sweep, then done again
_AT_ONCE = 4  # people who look
_AGAIN = 40  # of what was right before, so many are looked at again each time
Line = dict[str, Any]
Thing = tuple[str, ...]  # ("photo", id), ("comment", photo, id), ("like", actor, photo), …


def broken(port: int, lines: list[Line]) -> list[str]:
    """What was promised and is not so, after everything has had time to settle."""
    return Promises(port).broken(lines)


class Promises:
    """The promises of one ledger. What was found right is looked at again when it was touched since, or by chance."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self._port = port
        self._chance = random.Random(seed)
        self._people: dict[str, Person] = {}
        self._said: dict[Thing, list[Line]] = {}  # all lines about a thing, in their order
        self._read = 0
        self._new: set[Thing] = set()
        self._right: set[Thing] = set()

    def broken(self, lines: list[Line], *, settled: bool = True, all_of_them: bool = True) -> list[str]:
        """What is not as promised. `settled`: photos are to be published by now, not only known.
        Not `all_of_them`: what is new in the ledger since the last time, and a few others."""
        self._take(lines)
        wanted = set(self._said) if all_of_them else self._new | self._some()
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                told = zip(wanted, pool.map(partial(self._wrong, settled=settled), wanted), strict=True)
                found = {thing: wrong for thing, wrong in told if wrong}
            self._right |= wanted - found.keys()
            self._new -= wanted - found.keys()
            if not found or time.monotonic() > deadline:
                return [*found.values(), *self._listed()]
            wanted = set(found)
            time.sleep(0.5)

    def _some(self) -> set[Thing]:
        return set(self._chance.sample(sorted(self._right), min(_AGAIN, len(self._right))))

    def _take(self, lines: list[Line]) -> None:
        for line in lines[self._read :]:
            if line["deed"] == "sign_up" and line["line"] == "done":
                self._people[line["person"]] = Person(
                    self._port, line["username"], line["person"], line["token"]
                )
            thing = _thing(line)
            if thing is not None:
                self._said.setdefault(thing, []).append(line)
                self._new.add(thing)
        self._read = len(lines)

    def _wrong(self, thing: Thing, settled: bool) -> str:
        kind, *ids = thing
        lines = self._said[thing]
        if kind == "person":
            answer = self._people[ids[0]].look("/users/self")
            known = answer.good and answer.data["id"] == ids[0]
            return "" if known else f"{ids[0]} is not known any more: {answer}"
        if kind in ("photo", "comment"):
            return self._wrong_thing(kind, ids, lines, settled)
        last = lines[-1]
        if last["line"] == "try" or self._tried_to_delete(ids[1]):
            return ""
        holds = _holds(self._people[ids[0]], kind, ids[1])
        return (
            "" if holds == last["on"] else f"{kind} of {ids[0]} for {ids[1]} should be {last['on']}: {holds}"
        )

    def _wrong_thing(self, kind: str, ids: list[str], lines: list[Line], settled: bool) -> str:
        deeds = {(line["line"], line["deed"]) for line in lines}
        ending = "delete" if kind == "photo" else "uncomment"
        gone, perhaps = ("done", ending) in deeds, ("try", ending) in deeds
        if (perhaps and not gone) or (kind == "comment" and self._tried_to_delete(ids[0])):
            return ""
        anybody = self._chance.choice(list(self._people.values()))
        viewer = self._people[lines[0]["actor"]] if not gone else anybody
        found = _state(viewer, ids[0]) if kind == "photo" else _comment(viewer, *ids)
        if gone:
            return "" if found == "absent" else f"{kind} {ids} was deleted, and is {found}"
        right = ("published", "there") if settled else ("published", "there", "processing")
        return "" if found in right else f"{kind} {ids} should be there, and is {found}"

    def _tried_to_delete(self, photo: str) -> bool:
        return any(line["deed"] == "delete" for line in self._said.get(("photo", photo), ()))

    def _listed(self) -> list[str]:
        """Deleted photos that a list still shows."""
        gone = {
            thing[1]
            for thing, lines in self._said.items()
            if thing[0] == "photo"
            and any((line["line"], line["deed"]) == ("done", "delete") for line in lines)
        }

        def look(asked: tuple[Person, str]) -> str:
            person, path = asked
            answer = person.look(path)
            shown = {photo["id"] for photo in answer.data} if answer.good else {str(answer)}
            wrong = not answer.good or shown & gone
            return f"{path} of {person.username} shows {sorted(shown & gone) or answer}" if wrong else ""

        paths = ("/users/self/feed", "/users/self/media/recent")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [*filter(None, pool.map(look, itertools.product(self._actors(), paths)))]

    def _actors(self) -> list[Person]:
        acted = {line["actor"] for lines in self._said.values() for line in lines[:1] if "actor" in line}
        return [self._people[id] for id in sorted(acted) if id in self._people]


def _thing(line: Line) -> Thing | None:
    """What a line is about; None for one that promises nothing of a thing that is known."""
    match line["deed"]:
        case "sign_up":
            return ("person", line["person"])
        case "post":
            return ("photo", line["photo"]) if line["line"] == "done" else None
        case "delete":
            return ("photo", line["photo"])
        case "comment" | "uncomment":
            return ("comment", line["photo"], line["comment"])
        case "like":
            return ("like", line["actor"], line["photo"])
        case "follow":
            return ("follow", line["actor"], line["owner"])
    return None


def _state(viewer: Person, photo: str) -> str:
    answer = viewer.look(f"/media/{photo}")
    if answer.good:
        return str(answer.data["state"])
    return "absent" if answer.status == 404 else str(answer)


def _comment(viewer: Person, photo: str, comment: str) -> str:
    """Asked for alone: the list shows the newest, and this may be an old one."""
    answer = viewer.look(f"/media/{photo}/comments?count=1&max_id={int(comment) + 1}")
    if not answer.good:
        return str(answer)
    return "there" if any(one["id"] == comment for one in answer.data) else "absent"


def _holds(actor: Person, deed: str, target: str) -> bool | str:
    if deed == "like":
        answer = actor.look(f"/media/{target}")
        return bool(answer.data["user_has_liked"]) if answer.good else str(answer)
    answer = actor.look(f"/users/{target}/relationship")
    return bool(answer.data["outgoing_status"] == "follows") if answer.good else str(answer)
