"""Who lives in the demo and what they post: cast.toml, read and checked."""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_FRIENDS_LIKE, _OTHERS_LIKE = 72, 12  # per cent of the photos


@dataclass(frozen=True)
class Member:
    """One person. `face` is a file of photos/, "" for none; `follows` are names."""

    name: str
    full_name: str
    bio: str = ""
    website: str = ""
    face: str = ""
    private: bool = False
    follows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shot:
    """One photo, and what is said below it: (name, words), oldest first. `at`: latitude and longitude, told as
    exactly as `level` says."""

    file: str
    by: str
    caption: str
    alt: str
    filter: str = ""
    at: tuple[float, float] | None = None
    level: str = "city"
    taken: datetime | None = None
    comments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cast:
    """Everybody, and their photos in the order in which they are posted."""

    members: Mapping[str, Member]
    shots: tuple[Shot, ...] = field(default=())

    def lets_in(self, owner: Member) -> tuple[str, ...]:
        """Whose wish to follow a private person is granted: of those who are followed back. Others wait."""
        return tuple(
            m.name for m in self.members.values() if owner.name in m.follows and m.name in owner.follows
        )

    def likers(self, shot: Shot) -> tuple[str, ...]:
        """Who likes a photo: most of the owner's friends, few of the others. The same people each time."""
        owner = self.members[shot.by]
        return tuple(
            m.name for m in self.members.values() if m.name != shot.by and self._likes(m, owner, shot)
        )

    def _likes(self, member: Member, owner: Member, shot: Shot) -> bool:
        friend = owner.name in member.follows
        if owner.private and member.name not in self.lets_in(owner):
            return False
        luck = zlib.crc32(f"{shot.file} {member.name}".encode()) % 100
        return luck < (_FRIENDS_LIKE if friend else _OTHERS_LIKE)


def picture(file: str) -> Path:
    """Where a photograph lies."""
    return _HERE / "photos" / f"{file}.webp"


def load() -> Cast:
    """The cast of cast.toml."""
    return parse((_HERE / "cast.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Cast:
    """A cast from TOML; ValueError when somebody or something in it is not there."""
    told = tomllib.loads(text)
    members = {one["name"]: _member(one) for one in told["person"]}
    shots = tuple(_shot(one) for one in told["photo"])
    named = {name for member in members.values() for name in member.follows}
    named |= {shot.by for shot in shots} | {name for shot in shots for name, _ in shot.comments}
    files = {member.face for member in members.values() if member.face} | {shot.file for shot in shots}
    missing = sorted(named - members.keys()) + sorted(file for file in files if not picture(file).is_file())
    if missing:
        raise ValueError(f"not in the demo: {', '.join(missing)}")
    return Cast(members, shots)


def _member(told: dict[str, Any]) -> Member:
    return Member(**{**told, "follows": tuple(told.get("follows", ()))})


def _shot(told: dict[str, Any]) -> Shot:
    comments = tuple((name, words) for name, words in told.get("comments", ()))
    taken = datetime.fromisoformat(told["taken"]).replace(tzinfo=UTC) if "taken" in told else None
    at = tuple(told["at"]) if "at" in told else None
    return Shot(**{**told, "comments": comments, "taken": taken, "at": at})
