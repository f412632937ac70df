"""How passwords are kept."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher

from heliograph.core import environment

T = TypeVar("T")

#: A third of the weight of a thread that answers. What it leaves idle, hashing has whole.
_NICE = 5


class Argon2(Argon2PasswordHasher):
    """argon2id at 19 MiB and two passes: OWASP's smallest recommendation.

    Django's default of 100 MiB takes 8 threads to 800 MiB; this one leaves room for 23 sign-ups a second on
    one core (the rush of April 2012). Done in threads of its own, which step back for others: a crowd that signs in
    must not make everybody's feed slow.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return _aside(lambda: super(Argon2, self).encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return _aside(lambda: super(Argon2, self).verify(password, encoded))


def _aside(hashing: Callable[[], T]) -> T:
    return _threads().submit(hashing).result()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    count = environment.get().hashing_threads
    return ThreadPoolExecutor(count, thread_name_prefix="hashing", initializer=_step_back)


def _step_back() -> None:
    """Of this thread alone, which only Linux can. The others cannot be stepped back for hashing: there is no way
    forward again without privileges, which is why these threads do nothing else."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + _NICE)


os.register_at_fork(after_in_child=_threads.cache_clear)  # a child has none of its parent's threads
