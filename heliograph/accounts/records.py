"""Who is asking, kept in Valkey: one small record for each token and browser that was seen lately.

    tok:{sha256 hex}, ses:{sha256 hex}   a Record (JSON), or GONE, or somebody's lease

Only a positive record lets anybody in. No record: the directory is asked and the record made. GONE stands for a
credential that does not exist (any more); it is a short-lived answer to whoever tries it again.

Why a lease. Between reading "it is good" in the directory and writing that down here, the credential may be revoked
and GONE written: the old news would then overwrite the new ones, for an hour. So whoever misses first puts a lease
(a random word) under the key, then asks the directory, and writes only if exactly this lease is still there. A
revocation overwrites the lease; a restart of Valkey loses it; both mean that nothing is written.

Why a life. Valkey may restart with the data of a minute ago, in which a record is still good that was revoked since.
A record therefore names the life of the server it was written in (its run_id), and counts in no other; a restart
breaks our connections, and each new one learns the life once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import orjson

from heliograph.accounts import credentials
from heliograph.accounts.models import Token, WebSession
from heliograph.core import clock, environment, metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.sharding.ids import PersonId

GONE_SECONDS = 60  # how long an unknown credential is refused without asking the directory
LEASE_MS = 5000  # longer than the directory may take; later the answer is simply not kept

_GONE: Final = b"gone"
_LEASE: Final = b"lease:"

_REPLACE = valkey.Script(
    """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
)


@dataclass(frozen=True)
class Record:
    """What a credential stands for. `state` as in the person's home; `expires` in epoch seconds, 0: never."""

    person: PersonId
    username: str
    scopes: str
    state: str
    kind: Literal["token", "browser"]
    expires: int


def token_key(token: str) -> str:
    return "tok:" + credentials.sha256(token).hex()


def browser_key(key: str) -> str:
    return "ses:" + credentials.sha256(key).hex()


def keys_of_token(sha256: bytes | memoryview[int]) -> str:
    return "tok:" + bytes(sha256).hex()


def keys_of_browser(sha256: bytes | memoryview[int]) -> str:
    return "ses:" + bytes(sha256).hex()


def read(reply: bytes | None) -> tuple[Record | None, bool, bytes]:
    """(record, whether that is final, what was there) of a reply to GET, on the thread that got it.

    Not final: `through` asks the directory.
    """
    if reply is None or reply.startswith(_LEASE):
        return None, False, reply or b""
    if reply == _GONE:
        metrics.count("records_total", outcome="gone")
        return None, True, reply
    life, record = _said(reply)
    if life != valkey.life():
        return None, False, reply
    metrics.count("records_total", outcome="hit")
    if record.expires and record.expires <= clock.now().timestamp():
        return None, True, reply
    return record, True, reply


@lru_cache(2000)
def _said(reply: bytes) -> tuple[str, Record]:
    """The life of the server in which it was written, and the record. No secret stands in it."""
    life, *fields = orjson.loads(reply)
    return life, Record(*fields)


def through(key: str, seen: bytes, ask: Callable[[], Record | None]) -> Record | None:
    """The answer of `ask` (the directory), kept for the next time unless something happened in between."""
    metrics.count("records_total", outcome="miss")
    lease = _take(key, seen)
    found = ask()
    if lease is not None:
        _keep(key, lease, found)
    return found


@dataclass(frozen=True)
class _Lease:
    word: bytes
    life: str


def _take(key: str, seen: bytes) -> _Lease | None:
    if seen.startswith(_LEASE):
        return None  # somebody else is asking; one of us is enough to write it down
    try:
        # The life first: a lease that survives a restart in a snapshot then makes a record of the old life.
        lease = _Lease(_LEASE + secrets.token_hex(8).encode(), valkey.life())
        return lease if _REPLACE([key], [seen, lease.word, LEASE_MS]) else None
    except (Unavailable, valkey.ValkeyError):
        return None


def _keep(key: str, lease: _Lease, found: Record | None) -> None:
    value, seconds = _GONE, GONE_SECONDS
    if found is not None:
        value = _written(found, lease.life)
        seconds = environment.get().record_seconds
        if found.expires:
            seconds = min(seconds, max(1, int(found.expires - clock.now().timestamp())))
    try:
        _REPLACE([key], [lease.word, value, seconds * 1000])
    except (Unavailable, valkey.ValkeyError):
        pass  # a copy: the next one asks the directory again


def _written(record: Record, life: str) -> bytes:
    fields = [life, record.person, record.username, record.scopes, record.state, record.kind, record.expires]
    return orjson.dumps(fields)


def forget(keys: Iterable[str]) -> None:
    """These credentials exist no longer (their rows are gone, committed). Safe to repeat. Raises Unavailable."""
    _all([("SET", key, _GONE, "EX", GONE_SECONDS) for key in keys])


def drop(keys: Iterable[str]) -> None:
    """Ask the directory again about these. Safe to repeat. Raises Unavailable."""
    _all([("DEL", key) for key in keys])


def forget_person(person_id: PersonId) -> None:
    """Ask anew about everything that stands for this person: their state or name has changed, committed.

    Raises Unavailable; whoever changed it enqueues `forget_person.v1` as well, which makes sure.
    """
    tokens = Token.objects.filter(person_id=person_id).values_list("sha256", flat=True)
    browsers = WebSession.objects.filter(person_id=person_id).values_list("sha256", flat=True)
    drop([*map(keys_of_token, tokens), *map(keys_of_browser, browsers)])


def _all(commands: list[valkey.Command]) -> None:
    for start in range(0, len(commands), 500):
        for reply in valkey.pipeline(commands[start : start + 500]):
            if isinstance(reply, valkey.ValkeyError):
                raise valkey.ValkeyAway(cause=reply)
