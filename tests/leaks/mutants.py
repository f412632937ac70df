"""Mutants: each takes one check of visibility out of the application. The matrix must turn red for every one.

A mutant names where the check stands and its words; when the words are no longer there, the mutant fails loudly, and
whoever changed the check says here how to take the new one out. A new check in a page comes with its mutant.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """In `module`, the function or SQL text `name` without `old`. `why`: the check that is missing then."""

    why: str
    module: str
    name: str
    old: str
    new: str
    noticed_by: str  # who looks first; only to be quick

    @contextmanager
    def alive(self) -> Iterator[None]:
        module = import_module(f"heliograph.{self.module}")
        whole = getattr(module, self.name)
        if isinstance(whole, str):
            setattr(module, self.name, self._without(whole))
            try:
                yield
            finally:
                setattr(module, self.name, whole)
            return
        code = whole.__code__
        whole.__code__ = self._code(whole, module)
        try:
            yield
        finally:
            whole.__code__ = code

    def _without(self, text: str) -> str:
        if self.old not in text:
            raise LookupError(f"{self.module}.{self.name} no longer says {self.old!r} ({self.why})")
        return text.replace(self.old, self.new)

    def _code(self, whole: FunctionType, module: Any) -> Any:
        # Only the code is exchanged, so whoever holds the function, a route or an import, has the mutant.
        tree = ast.parse(self._without(textwrap.dedent(inspect.getsource(whole))))
        function = tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.decorator_list = []
        made: dict[str, Any] = {}
        exec(compile(tree, f"<mutant of {self.name}>", "exec"), vars(module), made)
        return made[self.name].__code__


_BLOCKING = 'b."on"'
_LET_IN = "not standing.private or standing.permitted or {} == viewer_id"
_SHUT_OUT = "standing.private and not standing.permitted and person_id != viewer_id"
_SHOWN = 'photo.state in ("published", "processing", "failed")'
_NOBODY = "None:\n        return owners"
_ASK = "_visible(viewer_id, photo_id, reader)"

#: By module, then by function or SQL text: (what leaks without the check, the check, what stands there instead,
#: who notices it when that is not the stranger)
_CHECKS: dict[str, dict[str, list[tuple[str, ...]]]] = {
    "pages.cards": {
        "_shows": [
            ("photos of suspended people", " or not owner.active", ""),
            ("one's own deleted photos", _SHOWN, "True", "olga"),
            ("unfinished photos of others", 'photo.state != "published" or ', ""),
            ("photos of blocked people", " or photo.owner_id in mine.blocked", "", "blocked"),
            ("strangers in the feed", "photo.owner_id in mine.follows if followed_only else True", "True"),
        ],
        "_permitted": [
            ("photos of private people", "| _permitting(reader, viewer_id, private)", "| private"),
            ("private photos for nobody", _NOBODY + " - private", _NOBODY, "anonymous"),
        ],
        "_visible": [
            ("blocked people on cards", " and id not in mine.blocked", "", "follower"),
            ("suspended people on cards", "face.active and ", ""),
        ],
        "_card": [("remarks and likes of all people on cards", "faces.get", "raw.people.get")],
        "look": [
            ("remarks of blocked people under a photo", "faces.get(id)", "raw.people.get(id)", "follower")
        ],
        "_seen": [
            ("faces of suspended people", "face.active and ", ""),
            ("faces of blocked people", " and face.id not in mine.blocked", "", "follower"),
        ],
    },
    "pages.own": {
        "_OWN": [
            ("whom one blocks", 'AND target_id = ANY($4::bigint[]) AND "on"', "AND false", "blocker"),
            ("who blocks one", 'AND actor_id = ANY($4::bigint[]) AND "on"', "AND false", "blocked"),
        ],
        "_OWN_AND_ASKED": [
            (
                "whom one blocks, in lists",
                'AND target_id = ANY($4::bigint[]) AND "on"',
                "AND false",
                "blocker",
            ),
            ("who blocks one, in lists", 'AND actor_id = ANY($4::bigint[]) AND "on"', "AND false", "blocked"),
        ],
    },
    "pages.photo": {
        "likers": [
            ("likers of hidden photos", _ASK, "None"),
            ("likes of blocked people", "cards.people(viewer_id,", "cards.people(None,", "follower"),
        ],
    },
    "pages.profile": {
        "_standing": [
            (
                "pages of private people",
                'not private or between.outgoing == "follows"',
                "True",
            ),
            ("pages of private people, to strangers", "None, not private", "None, True"),
            ("pages of people whom one blocks", 'between.incoming == "blocked_by_you"', "False"),
        ],
        "_let_in": [
            ("lists of private people", _SHUT_OUT, "False"),
            ("lists of blocked people", 'raise NotFound(cause=f"{person_id} for {viewer_id}")', "return"),
        ],
        "_batch": [("blocked people in lists", "walk.viewer_id,", "None,")],
    },
    "pages.theirs": {
        sql: [
            (f"suspended people, {with_what}", "h.state = 'active'", "true"),
            (f"people who block one, {with_what}", _BLOCKING, "false", "blocked"),
        ]
        for sql, with_what in (
            ("_ALONE", "alone"),
            ("_WITH_PHOTOS", "with their photos"),
            ("_WITH_FOLLOWERS", "with their followers"),
            ("_WITH_FOLLOWING", "with whom they follow"),
        )
    },
    "pages.who": {
        "_of_token": [("everything, to suspended people", "record.state != states.ACTIVE", "False")],
    },
    "pages.media": {
        "_permission": [
            (
                "pictures from before somebody went private",
                "person_generation=served.person_generation",
                "person_generation=1",
                "pictures",
            )
        ],
    },
    "api.endpoints.people": {"show": [("numbers of private people", "not page.visible", "False")]},
    "graph.visibility": {
        "standings": [("people whom one blocks", "viewer_id is not None and others", "False")],
        "may": [("private people's photos", _LET_IN.format("owner_id"), "True")],
    },
    "graph.store": {
        "_STANDINGS": [
            ("suspended people", "p.state = 'active'", "true"),
            ("people who block one", _BLOCKING, "false", "blocked"),
            ("people who did not let one in", "f.state = 'granted'", "true", "requester"),
        ],
        "_OTHER_SIDE": [
            ("what there is with suspended people", "p.state = 'active'", "true"),
            ("what there is with people who block one", _BLOCKING, "false", "blocked"),
        ],
        "_SEEN_FROM_THERE": [
            ("following people who block one", _BLOCKING, "false", "blocked"),
            ("following suspended people", "p.state = 'active'", "true"),
        ],
    },
    "engagement.store": {
        sql: [
            (f"{deed} unfinished photos", "p.state = 'published'", "true"),
            (f"{deed} photos of suspended people", "o.state = 'active'", "true"),
            (f"{deed} photos of people who block one", _BLOCKING, "false", "blocked"),
            (f"{deed} photos of private people", "NOT o.private", "true"),
        ]
        for deed, sql in (("liking", "_OWNER_SEEN_BY"), ("commenting on", "_COMMENT"))
    },
}

MUTANTS = [
    Mutant(why, module, name, old, new, noticed_by[0] if noticed_by else "stranger")
    for module, names in _CHECKS.items()
    for name, checks in names.items()
    for why, old, new, *noticed_by in checks
]
