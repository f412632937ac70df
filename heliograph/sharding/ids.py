"""Ids of 64 bits that say when and where.

     63  62                     23 22            10 9          0
    +---+------------------------+----------------+------------+
    | 0 | milliseconds since     | logical shard  | sequence   |
    |   | 2026-01-01 (40 bits)   | (13 bits)      | (10 bits)  |
    +---+------------------------+----------------+------------+

PostgreSQL makes them (`public.next_id`, sharding/sql/node), so an id exists only with its row. Ids order by
arrival here. Two things that the post of 2012 leaves open: milliseconds shifted left by 23 reach the sign
bit of a bigint after 34.8 years (2060 with our epoch), not 69; and ids are unique per kind of thing, not
across kinds, since each table has its own sequence.

More than 1,024 ids of one kind in one millisecond in one shard repeat; the primary key then refuses, and the
writer retries under a savepoint (`Tx.retry_clash`).

Source: "Sharding & IDs at Instagram", 2012.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

from heliograph.core.errors import NotFound

PersonId: TypeAlias = int
PhotoId: TypeAlias = int
CommentId: TypeAlias = int
UploadId: TypeAlias = int
ShardNumber: TypeAlias = int

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SHARD_BITS = 13
SEQUENCE_BITS = 10
MAX_SHARDS = 1 << SHARD_BITS
LARGEST = (1 << 63) - 1

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_LONGEST_CODE = 11  # digits of 6 bits


def make(milliseconds: int, shard: ShardNumber, sequence: int) -> int:
    """The id of this moment, shard and sequence; for tests and migrations, people's ids come from PostgreSQL."""
    return (milliseconds - EPOCH_MS) << 23 | shard << SEQUENCE_BITS | sequence % 1024


def shard_of(id: int) -> ShardNumber:
    """The logical shard in which the row with this id lives; NotFound when no row can have it."""
    if not 0 < id <= LARGEST:
        raise NotFound(cause=f"id {id}")
    return (id >> SEQUENCE_BITS) & (MAX_SHARDS - 1)


def time_of(id: int) -> datetime:
    """When the id was made, to the millisecond, UTC."""
    return datetime.fromtimestamp(((id >> 23) + EPOCH_MS) / 1000, UTC)


def first_of(moment: datetime) -> int:
    """The smallest id that can have been made at this moment: for asking by time."""
    return max(0, (int(moment.timestamp() * 1000) - EPOCH_MS) << 23)


def short_code(id: int) -> str:
    """The id in base 64 (url-safe alphabet, most significant digit first, no padding): 315 is `E7`."""
    digits = []
    while id:
        id, digit = divmod(id, 64)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)) or _DIGITS[0]


def from_short_code(code: str) -> int:
    """The id of a short code; NotFound for anything that is not one."""
    if not 0 < len(code) <= _LONGEST_CODE:
        raise NotFound(cause=f"code {code[:20]!r}")
    id = 0
    for digit in code:
        if digit not in _VALUE:
            raise NotFound(cause=f"code {code!r}")
        id = id * 64 + _VALUE[digit]
    if id > LARGEST or short_code(id) != code:
        raise NotFound(cause=f"code {code!r}")
    return id


def schema_of(shard: ShardNumber) -> str:
    """The PostgreSQL schema of a logical shard."""
    return f"shard_{shard:04d}"
