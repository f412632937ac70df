"""What a request is, as far as its method and its address tell: how important it is, and how much it may send.

`tests/parts/gate/test_kinds.py` compares the addresses here with what the doors take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Kind(IntEnum):
    """In the order in which they are served."""

    HEALTH = 0
    READ = 1
    SIGN_IN = 2  # hashes passwords: tens of milliseconds of a whole core each
    URGENT = 3  # takes something away: a session, a photo, a follower
    WRITE = 4  # can wait a little
    UPLOAD = 5  # can wait, and takes files


@dataclass(frozen=True, slots=True)
class Address:
    """What is known of one method and address."""

    kind: Kind
    takes_files: bool = False


_HASHING = re.compile(
    r"/(?:sign-in|sign-up|settings/password|settings/email|settings/delete|password/reset/[^/]+|v1/(?:sessions|accounts))"
)
_FILES = re.compile(
    r"/(?:post|post/uploads|post/uploads/parts/[^/]+|settings/avatar|v1/(?:media|uploads|users/self))"
)
_URGENT = re.compile(
    r"/(?:sign-out|account/keep|settings/(?:privacy|devices)|requests|people/\d+/(?:block|remove|answer)|@[^/]+/(?:block|report)"
    r"|p/[^/]+/(?:delete|report)|p/[^/]+/comments/\d+/(?:delete|report)|v1/users/[^/]+/relationship)"
)

_READ = Address(Kind.READ)
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def of(method: str, path: str) -> Address:
    """What a request with this method and path is."""
    if method in _LOOKING:
        return Address(Kind.HEALTH) if path in ("/livez", "/readyz") else _READ
    return _writing(method, path) if len(path) < 200 else Address(Kind.WRITE)


@lru_cache(maxsize=1024)
def _writing(method: str, path: str) -> Address:
    plain = path.rstrip("/")
    if plain.startswith("/v1/"):
        plain = plain.removesuffix(".json")
    if method == "DELETE":
        return Address(Kind.URGENT)
    if _FILES.fullmatch(plain):
        return Address(Kind.UPLOAD, takes_files=True)
    if _HASHING.fullmatch(plain):
        return Address(Kind.SIGN_IN)
    return Address(Kind.URGENT if _URGENT.fullmatch(plain) else Kind.WRITE)
