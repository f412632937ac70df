"""A person's row in their home shard: what every read must agree on, and what they have gathered.

The row is made by `ensure`, which every first write to a shard leads to: a store calls `require`, a missing row
raises HomeMissing, and flows/homes.py asks the directory, makes the row and runs the write again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from heliograph.accounts import store
from heliograph.core.errors import HeliographError


class HomeMissing(HeliographError):
    """Your account is still being made. Try again in a moment."""

    code = "home_missing"

    def __init__(self, person_ids: Iterable[int]) -> None:
        super().__init__(cause=sorted(person_ids))
        self.person_ids = sorted(person_ids)


@dataclass(frozen=True)
class Home:
    """A person as their home shard knows them. `state`: active, suspended, deleting (from `leaves_at` on the account
    is emptied; None: that has begun) or deleted (an empty row)."""

    id: int
    username: str
    full_name: str
    bio: str
    website: str
    avatar: str
    private: bool
    state: str
    face_version: int
    media_generation: int
    created_at: datetime
    leaves_at: datetime | None

    @property
    def active(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True)
class Counters:
    photos: int = 0
    followers: int = 0
    following: int = 0


def require(tx: store.Shard, *person_ids: int) -> None:
    """Raise HomeMissing unless all these people have their row in this shard."""
    missing = set(person_ids) - store.known(tx, person_ids)
    if missing:
        raise HomeMissing(missing)


def ensure(tx: store.Shard, person_id: int, username: str, full_name: str) -> None:
    """Make a person's rows if they are not there; never touches a row that is, also not a tombstone."""
    store.ensure(tx, person_id, username, full_name)


def load(reader: store.Shards, person_ids: Iterable[int]) -> dict[int, Home]:
    """The people who have a row, by id; one round trip a node."""
    return {row[0]: Home(*row) for row in store.load(reader, set(person_ids))}


def lock(tx: store.Shard, person_ids: Sequence[int]) -> dict[int, Home]:
    """The same inside a transaction, locked in ascending order; raises HomeMissing.

    Decisions about a person's followers are made under this lock, so that a switch to private cannot cross them.
    """
    found = {row[0]: Home(*row) for row in store.lock(tx, sorted(set(person_ids)))}
    missing = set(person_ids) - found.keys()
    if missing:
        raise HomeMissing(missing)
    return found


def keep(tx: store.Shard, changed: Home) -> None:
    """Write down a home that was locked and has changed. The username is a copy of the directory's."""
    store.keep(tx, asdict(changed))


def counters(reader: store.Shards, person_ids: Iterable[int]) -> dict[int, Counters]:
    """What people have gathered, by id."""
    return {row[0]: Counters(*row[1:]) for row in store.counters(reader, set(person_ids))}


def lock_counters(tx: store.Shard, person_ids: Iterable[int]) -> None:
    """Lock counted rows in ascending order: always before the member rows whose change is counted."""
    store.lock_counters(tx, sorted(set(person_ids)))


def move_counters(
    tx: store.Shard, person_id: int, *, photos: int = 0, followers: int = 0, following: int = 0
) -> None:
    """Add the change that was observed under the lock. Nothing happens when it is nothing."""
    if photos or followers or following:
        store.move_counters(tx, person_id, photos, followers, following)
