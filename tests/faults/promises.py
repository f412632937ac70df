"""Was every promise of the ledger kept? Asked through the API, by the people themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tests.faults.speaking import Person

SETTLE_SECONDS = 60.0  # for jobs whose worker died: found by a sweep, then done again


def broken(port: int, lines: list[dict[str, Any]]) -> list[str]:
    """What was promised and is not so, after everything has had time to settle."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        found = list(_broken(port, lines))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(1)


def _broken(port: int, lines: list[dict[str, Any]]) -> Iterator[str]:
    done = [line for line in lines if line["line"] == "done"]
    people = {
        line["person"]: Person(port, line["username"], line["person"], line["token"])
        for line in done
        if line["deed"] == "sign_up"
    }
    for person in people.values():
        answer = person.look("/users/self")
        if not answer.good or answer.data["id"] != person.id:
            yield f"{person.username} is not known any more: {answer}"
    yield from _photos(people, done)
    yield from _comments(people, done)
    yield from _last_words(people, lines)


def _photos(people: dict[str, Person], done: list[dict[str, Any]]) -> Iterator[str]:
    for line in done:
        if line["deed"] == "post":
            answer = people[line["actor"]].look(f"/media/{line['photo']}")
            state = answer.data["state"] if answer.good else answer
            if state != "published":
                yield f"photo {line['photo']} of {line['actor']} is {state}"


def _comments(people: dict[str, Person], done: list[dict[str, Any]]) -> Iterator[str]:
    anybody = next(iter(people.values()))
    wanted: dict[str, set[str]] = {}
    for line in done:
        if line["deed"] == "comment":
            wanted.setdefault(line["photo"], set()).add(line["comment"])
    for photo, comments in wanted.items():
        answer = anybody.look(f"/media/{photo}/comments")
        there = {comment["id"] for comment in answer.data} if answer.good else set()
        # The list shows the newest; an older one is asked for by nobody here.
        missing = comments - there if len(there) < 50 else set()
        if missing:
            yield f"comments {sorted(missing)} on photo {photo} are gone"


def _last_words(people: dict[str, Person], lines: list[dict[str, Any]]) -> Iterator[str]:
    """Likes and follows: what was promised last holds, unless something was tried after it."""
    last: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in lines:
        if line["deed"] in ("like", "follow"):
            last[line["deed"], line["actor"], str(line.get("photo") or line.get("owner"))] = line
    for (deed, actor, target), line in last.items():
        if line["line"] == "done" and _holds(people[actor], deed, target) != line["on"]:
            yield f"{deed} of {actor} for {target} should be {line['on']}"


def _holds(actor: Person, deed: str, target: str) -> bool | str:
    if deed == "like":
        answer = actor.look(f"/media/{target}")
        return bool(answer.data["user_has_liked"]) if answer.good else str(answer)
    answer = actor.look(f"/users/{target}/relationship")
    return bool(answer.data["outgoing_status"] == "follows") if answer.good else str(answer)
